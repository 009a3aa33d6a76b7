// Owns the tokens that Limpet signs for the cluster: one for each request, good for that request only.
// Must not know what is asked of the cluster, nor how.

import { importJWK, SignJWT } from "jose";
import type { ClusterSettings } from "./settings.ts";

/** How far the clocks of the edge and of the cluster may differ, in seconds: a token is dated back by as much. */
const clockSkewSeconds = 30;
/** How long a token is good from now on, in seconds. It is looked at when a request begins; an exec outlives it. */
const lifeSeconds = 60;

/** What one token is good for. */
export interface TokenPurpose {
  /** Who asks: `limpet:<user id>`, or `limpet:reaper`. */
  readonly subject: string;
  /** Upper case; an upgrade is a GET. */
  readonly method: string;
  /** Path and query exactly as on the wire. */
  readonly pathAndQuery: string;
  /** The pod that the path names, where it names one. */
  readonly pod: string | null;
}

/** Signs a token: ES256, header `kid`; claims iss, aud, sub, iat, nbf, exp, jti, method, path_sha256 and pod. */
export type MintToken = (purpose: TokenPurpose, nowMs: number) => Promise<string>;

/** The key is imported once, on first use. Rejects where it cannot be: a broken setting, not a passing failure. */
export function createTokenMint(settings: Pick<ClusterSettings, "issuer" | "audience" | "signingKey">): MintToken {
  const { signingKey } = settings;
  let imported: Promise<Awaited<ReturnType<typeof importJWK>>> | null = null;

  return async (purpose, nowMs) => {
    imported ??= importJWK({ ...signingKey, alg: "ES256" }, "ES256");
    const key = await imported;
    const nowSeconds = Math.floor(nowMs / 1000);
    const issuedAt = nowSeconds - clockSkewSeconds;
    const claims = {
      method: purpose.method,
      path_sha256: await sha256Hex(purpose.pathAndQuery),
      ...(purpose.pod === null ? {} : { pod: purpose.pod }),
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "ES256", kid: signingKey.kid, typ: "JWT" })
      .setIssuer(settings.issuer)
      .setAudience(settings.audience)
      .setSubject(purpose.subject)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(nowSeconds + lifeSeconds)
      .setJti(crypto.randomUUID())
      .sign(key);
  };
}

/** SHA-256 of the text's UTF-8 bytes in lower-case hex, as HAProxy's `sha2(256),hex,lower` gives it. */
export async function sha256Hex(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
