// Owns what package-lock.json must be for everybody: no registry's address, and every platform's packages.
// Must not know the network.

import { readFile } from "node:fs/promises";

/** A package that a locked one has for some platform, and that the lock leaves out. */
export interface MissingPackage {
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
}

interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly dev?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Lock {
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

export async function readLock(file: string): Promise<Lock> {
  const lock: unknown = JSON.parse(await readFile(file, "utf8"));
  if (!isLock(lock)) throw new Error(`${file} is no lock file of npm's third version.`);
  return lock;
}

/** Addresses that stand in the lock: an install would go there and nowhere else. */
export function registriesIn(lock: Lock): readonly string[] {
  const hosts = Object.values(lock.packages).flatMap(({ resolved }) => URL.parse(resolved ?? "")?.host || []);
  return [...new Set(hosts)];
}

/**
 * npm leaves a platform's package out of the lock where the registry that it was made from has not got it (yet). `npm ci`
 * then refuses the lock wherever it is complete, so each must stand there.
 */
export function missingPackages(lock: Lock): readonly MissingPackage[] {
  const missing = new Map<string, MissingPackage>();
  for (const [path, { optionalDependencies, dev }] of Object.entries(lock.packages)) {
    for (const [name, version] of Object.entries(optionalDependencies ?? {})) {
      if (path !== "" && !isLocked(lock, path, name)) missing.set(name, { name, version, dev: dev === true });
    }
  }
  return [...missing.values()];
}

/** As Node finds a package: beside the one that needs it, or in a folder further up. */
function isLocked({ packages }: Lock, from: string, name: string): boolean {
  for (let folder = from; ; ) {
    if (packages[`${folder === "" ? "" : `${folder}/`}node_modules/${name}`] !== undefined) return true;
    if (folder === "") return false;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/node_modules/")));
  }
}

function isLock(value: unknown): value is Lock {
  if (typeof value !== "object" || value === null || !("packages" in value) || !("lockfileVersion" in value))
    return false;
  return value.lockfileVersion === 3 && typeof value.packages === "object" && value.packages !== null;
}
