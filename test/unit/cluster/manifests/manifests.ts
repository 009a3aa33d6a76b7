// Owns the reading of the manifests under cluster/ for tests: each object of a folder's files, as plain values.
// Must not know what they say, nor kustomize: what a file says is what the server gets, but for an overlay's patches.

import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, parseAllDocuments } from "yaml";

const cluster = fileURLToPath(new URL("../../../../cluster", import.meta.url));

export interface Manifest {
  readonly kind: string;
  readonly name: string;
  /** The value at a path of names and indexes; undefined where there is none. */
  readonly at: (...path: readonly (string | number)[]) => unknown;
}

/** Every object of the YAML files below `cluster/FOLDER`, kustomizations apart. @throws Error where a file is no YAML */
export function readManifests(folder: string): readonly Manifest[] {
  return globSync("**/*.yaml", { cwd: join(cluster, folder) })
    .filter((path) => !path.endsWith("kustomization.yaml"))
    .flatMap((path) => parseAllDocuments(readFileSync(join(cluster, folder, path), "utf8")))
    .map((document) => {
      const [fault] = document.errors;
      if (fault !== undefined) throw fault;
      return manifest(document.toJS());
    });
}

/** @throws Error where there is none, or more than one */
export function theManifest(folder: string, kind: string, name: string): Manifest {
  const found = readManifests(folder).filter((one) => one.kind === kind && one.name === name);
  const [only] = found;
  if (only === undefined || found.length > 1)
    throw new Error(`${found.length} of ${kind} ${name} in cluster/${folder}`);
  return only;
}

/** A field of `cluster/FOLDER/kustomization.yaml`. */
export function theKustomization(folder: string, field: string): unknown {
  return at(parse(readFileSync(join(cluster, folder, "kustomization.yaml"), "utf8")), field);
}

/** @throws Error where it is no list of texts */
export function texts(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${JSON.stringify(value)}`);
  return value.map((one) => {
    if (typeof one !== "string") throw new Error(`no text: ${JSON.stringify(one)}`);
    return one;
  });
}

/** @throws Error where it is no list */
export function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${JSON.stringify(value)}`);
  return value;
}

export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, key) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, key) : undefined),
    value,
  );
}

function manifest(value: unknown): Manifest {
  const kind = at(value, "kind");
  const name = at(value, "metadata", "name");
  if (typeof kind !== "string") throw new Error("an object without a kind");
  return { kind, name: typeof name === "string" ? name : "", at: (...path) => at(value, ...path) };
}
