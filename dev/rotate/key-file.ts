// Owns the file in which whoever runs a deployed Limpet keeps the keys that seal secrets: a JWK Set, for its owner's eyes.
// Must not know what is sealed. Cloudflare never gives a secret back, so this file is the one copy that can be read.

import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { parseSealKeys, type SealKey } from "../../worker/sealing/seal-keys.ts";
import type { KeptKey } from "./plan.ts";

/** A new key. Its name says the day on which it was made. */
export function makeSealKey(at: Date): SealKey {
  const day = at.toISOString().slice(0, 10).replaceAll("-", "");
  return { kty: "oct", kid: `${day}-${randomBytes(4).toString("hex")}`, k: randomBytes(32).toString("base64url") };
}

/** Whole days since this key was made; null where its name does not say. */
export function daysOld(key: SealKey, at: Date): number | null {
  const match = /^(\d{4})(\d\d)(\d\d)-[0-9a-f]{8}$/.exec(key.kid);
  if (match === null) return null;
  const made = Date.parse(`${match[1]}-${match[2]}-${match[3]}T00:00:00Z`);
  return Number.isNaN(made) ? null : Math.floor((at.getTime() - made) / 86_400_000);
}

/** Empty where there is no such file. @throws Error where it is none of ours */
export async function readKeyFile(path: string): Promise<readonly KeptKey[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? [] : parseKeptKeys(text, path);
}

/** @param where named in the error */
export function parseKeptKeys(text: string, where: string): readonly KeptKey[] {
  const keys = parseSealKeys(text);
  if (keys === null) {
    throw new Error(
      `${where} is no JWK Set with symmetric keys of 256 bits, each with its own kid: put it right first.`,
    );
  }
  const marks = nextMarks(text);
  return keys.map((key) => (marks.has(key.kid) ? { ...key, next: true } : key));
}

function nextMarks(text: string): ReadonlySet<string> {
  const set: unknown = JSON.parse(text);
  const keys: unknown = typeof set === "object" && set !== null && "keys" in set ? set.keys : [];
  const marked = Array.isArray(keys) ? keys.filter((key: unknown) => Reflect.get(Object(key), "next") === true) : [];
  return new Set(marked.map((key: unknown) => String(Reflect.get(Object(key), "kid"))));
}

/** Whole or not at all. */
export async function writeKeyFile(path: string, keys: readonly KeptKey[]): Promise<void> {
  await writeFile(`${path}.new`, `${JSON.stringify({ keys }, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
