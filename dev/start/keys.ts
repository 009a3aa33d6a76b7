// Owns the local environment's own keys: made once, kept in the state folder, readable by its owner only.
// Must not know who signs with them.

import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";

export interface Keys {
  /** The edge's key for the cluster: a JWK Set with one private ES256 key. */
  readonly signing: { readonly keys: readonly object[] };
  /** The issuer's key: a JWK Set with one private RS256 key. */
  readonly issuer: { readonly keys: readonly object[] };
  readonly cookie: string;
  /** What seals secrets at rest: a JWK Set with symmetric keys of 256 bits; the first seals. */
  readonly seal: { readonly keys: readonly object[] };
  /** Names this installation on its pods. */
  readonly installId: string;
}

/** @throws Error where the file is there but is not ours: keys that sealed something are never replaced unasked */
export async function loadKeys(stateDir: string): Promise<Keys> {
  const file = join(stateDir, "keys.json");
  const text = await readFile(file, "utf8").catch(() => null);
  if (text !== null) {
    const found: unknown = JSON.parse(text);
    // A state of before there was anything to seal.
    const keys: unknown = isObject(found) && !("seal" in found) ? { ...found, seal: { keys: [makeSealKey()] } } : found;
    if (!isKeys(keys)) throw new Error(`${file} is damaged: put it right, or delete the state folder to begin anew.`);
    if (keys !== found) await writeKeys(file, keys);
    return keys;
  }
  const keys: Keys = {
    signing: { keys: [await privateKey("ES256")] },
    issuer: { keys: [await privateKey("RS256")] },
    cookie: randomBytes(32).toString("base64url"),
    seal: { keys: [makeSealKey()] },
    installId: `local-${randomBytes(4).toString("hex")}`,
  };
  await writeKeys(file, keys);
  return keys;
}

/** Whole or not at all. */
async function writeKeys(file: string, keys: Keys): Promise<void> {
  await writeFile(`${file}.new`, JSON.stringify(keys, null, 2), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** As `SEAL_KEYS` has them. */
export function makeSealKey(): object {
  return { kty: "oct", kid: randomBytes(8).toString("hex"), k: randomBytes(32).toString("base64url") };
}

async function privateKey(algorithm: "ES256" | "RS256"): Promise<object> {
  const { privateKey: key } = await generateKeyPair(algorithm, { extractable: true });
  const jwk = await exportJWK(key);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: algorithm, use: "sig" };
}

function isKeys(value: unknown): value is Keys {
  if (!isObject(value)) return false;
  const hasKeys = (name: string): boolean => {
    const set: unknown = Reflect.get(value, name);
    return typeof set === "object" && set !== null && "keys" in set && Array.isArray(set.keys) && set.keys.length > 0;
  };
  const isText = (name: string): boolean => typeof Reflect.get(value, name) === "string";
  return hasKeys("signing") && hasKeys("issuer") && hasKeys("seal") && isText("cookie") && isText("installId");
}
