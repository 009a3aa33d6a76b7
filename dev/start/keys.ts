// Owns the local environment's own keys: made once, kept in the state folder, readable by its owner only.
// Must not know who signs with them.

import { randomBytes } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { makeSealKey } from "../rotate/key-file.ts";

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
  const file = keysFileOf(stateDir);
  const text = await readFile(file, "utf8").catch(() => null);
  if (text !== null) {
    const found: unknown = JSON.parse(text);
    // A state of before there was anything to seal.
    const keys: unknown =
      isObject(found) && !("seal" in found) ? { ...found, seal: { keys: [makeSealKey(new Date())] } } : found;
    if (!isKeys(keys)) throw new Error(`${file} is damaged: put it right, or delete the state folder to begin anew.`);
    if (keys !== found) await writeKeys(file, keys);
    return keys;
  }
  const keys: Keys = {
    signing: { keys: [await privateKey("ES256")] },
    issuer: { keys: [await privateKey("RS256")] },
    cookie: randomBytes(32).toString("base64url"),
    seal: { keys: [makeSealKey(new Date())] },
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

/** For `npm run rotate`: an edge that runs takes them by itself. */
export async function replaceSealKeys(stateDir: string, seal: Keys["seal"]): Promise<void> {
  await writeKeys(keysFileOf(stateDir), { ...(await loadKeys(stateDir)), seal });
}

export function keysFileOf(stateDir: string): string {
  return join(stateDir, "keys.json");
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
