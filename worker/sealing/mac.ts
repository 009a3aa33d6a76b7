// Owns authentication codes under keys that are derived from the seal keys, one for each purpose.
// Must not know what is authenticated.

import { base64url } from "jose";
import type { SealKey, SealKeys } from "./seal-keys.ts";

/** Each purpose has a key of its own (the `info` of HKDF, RFC 5869): a code made for one is none for another. */
export type MacPurpose = "capability" | "ticket";

/** HMAC-SHA-256 under the first key, base64url: 43 digits. */
export async function makeMac(keys: SealKeys, purpose: MacPurpose, text: string): Promise<string> {
  const code = await crypto.subtle.sign("HMAC", await macKey(keys[0], purpose), new TextEncoder().encode(text));
  return base64url.encode(new Uint8Array(code));
}

/** True where any of the keys made it. Takes the same time whatever is wrong with `mac`; the platform compares. */
export async function isMac(keys: SealKeys, purpose: MacPurpose, text: string, mac: string): Promise<boolean> {
  // 32 bytes are 43 digits of which the last carries four bits: another last digit would be a second way to write one code.
  if (!/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(mac)) return false;
  const bytes = new TextEncoder().encode(text);
  const code = new Uint8Array(base64url.decode(mac));
  let found = false;
  for (const key of keys) {
    const good = await crypto.subtle.verify("HMAC", await macKey(key, purpose), code, bytes);
    found ||= good;
  }
  return found;
}

/** Not kept: a promise of one request must not be awaited in another, and it takes a tenth of a millisecond. */
async function macKey(key: SealKey, purpose: MacPurpose): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", new Uint8Array(base64url.decode(key.k)), "HKDF", false, [
    "deriveKey",
  ]);
  const info = new TextEncoder().encode(`limpet/1/${purpose}`);
  const derivation = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(32), info };
  return crypto.subtle.deriveKey(derivation, material, { name: "HMAC", hash: "SHA-256", length: 256 }, false, [
    "sign",
    "verify",
  ]);
}
