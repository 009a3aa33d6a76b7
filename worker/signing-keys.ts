// Owns the shape of the edge's private keys.
// Must not know what they sign.

import { type KeySet, parseJwkSet } from "./jwk-set.ts";

/** A private ES256 key of the edge, as it stands in `SIGNING_KEYS`. */
export interface SigningKey {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly alg: "ES256";
  readonly kid: string;
  readonly x: string;
  readonly y: string;
  readonly d: string;
}

/** At least one. The first one signs; all are published. */
export type SigningKeys = KeySet<SigningKey>;

/** Reads a JWK Set (RFC 7517) as JSON; `null` where it is none, or a key is not private, ES256 and named by its own `kid`. */
export function parseSigningKeys(text: string): SigningKeys | null {
  return parseJwkSet(text, parseSigningKey);
}

function parseSigningKey(value: unknown): SigningKey | null {
  if (typeof value !== "object" || value === null) return null;
  const text = (name: string): string | null => {
    const field: unknown = Reflect.get(value, name);
    return typeof field === "string" && field !== "" ? field : null;
  };
  const [kid, x, y, d] = [text("kid"), text("x"), text("y"), text("d")];
  if (text("kty") !== "EC" || text("crv") !== "P-256" || (text("alg") ?? "ES256") !== "ES256") return null;
  if (kid === null || x === null || y === null || d === null) return null;
  return { kty: "EC", crv: "P-256", alg: "ES256", kid, x, y, d };
}
