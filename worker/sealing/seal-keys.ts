// Owns the shape of the keys that seal secrets at rest.
// Must not know what they seal, nor how.

import { type KeySet, parseJwkSet } from "../jwk-set.ts";

/** A symmetric key of 256 bits (RFC 7518, section 6.4), as it stands in `SEAL_KEYS`. */
export interface SealKey {
  readonly kty: "oct";
  readonly kid: string;
  /** 32 bytes, base64url. */
  readonly k: string;
}

/** At least one. The first one seals; all of them open. */
export type SealKeys = KeySet<SealKey>;

/** 32 bytes are 43 digits; the last carries four bits. */
const keyText = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Reads a JWK Set (RFC 7517) as JSON; `null` where it is none, or a key is no symmetric key of 256 bits with a `kid` of its own. */
export function parseSealKeys(text: string): SealKeys | null {
  return parseJwkSet(text, parseSealKey);
}

function parseSealKey(value: unknown): SealKey | null {
  if (typeof value !== "object" || value === null) return null;
  const { kty, kid, k }: { kty?: unknown; kid?: unknown; k?: unknown } = value;
  if (kty !== "oct" || typeof kid !== "string" || kid === "" || typeof k !== "string" || !keyText.test(k)) return null;
  return { kty, kid, k };
}
