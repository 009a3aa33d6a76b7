// Owns what a sign-in must remember between leaving for the issuer and coming back, sealed so that the browser can carry it.
// Must not know cookies or the issuer.

import { EncryptJWT, errors, jwtDecrypt } from "jose";
import type { SigningKey } from "../signing-keys.ts";

export interface SignInState {
  readonly state: string;
  readonly nonce: string;
  /** PKCE's secret half. */
  readonly verifier: string;
  readonly returnTo: string;
}

/** How long a person may take at the issuer. */
export const signInSeconds = 600;

const audience = "limpet:sign-in";

/** Seals with a key derived from the newest signing key (JWE, `dir`, A256GCM; `kid` says which). */
export async function sealSignIn(state: SignInState, key: SigningKey, nowMs: number): Promise<string> {
  return new EncryptJWT({ ...state })
    .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: key.kid })
    .setAudience(audience)
    .setExpirationTime(Math.floor(nowMs / 1000) + signInSeconds)
    .encrypt(await sealingKey(key));
}

/** @returns `null` for anything that we did not seal, or sealed too long ago. */
export async function openSignIn(
  sealed: string,
  keys: readonly SigningKey[],
  nowMs: number,
): Promise<SignInState | null> {
  try {
    const { payload } = await jwtDecrypt(
      sealed,
      async (header) => {
        const key = keys.find((candidate) => candidate.kid === header.kid);
        if (key === undefined) throw new errors.JWEDecryptionFailed();
        return sealingKey(key);
      },
      {
        audience,
        requiredClaims: ["exp"],
        currentDate: new Date(nowMs),
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
      },
    );
    return parseState(payload);
  } catch (error) {
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

function parseState(payload: object): SignInState | null {
  const text = (name: string): string | null => {
    const value: unknown = Reflect.get(payload, name);
    return typeof value === "string" ? value : null;
  };
  const [state, nonce, verifier, returnTo] = [text("state"), text("nonce"), text("verifier"), text("returnTo")];
  if (state === null || nonce === null || verifier === null || returnTo === null) return null;
  return { state, nonce, verifier, returnTo };
}

/** HKDF from the private half, under a label of its own: what is sealed here says nothing about the key that signs. */
async function sealingKey(key: SigningKey): Promise<Uint8Array> {
  const secret = new TextEncoder().encode(key.d);
  const material = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode("limpet sign-in state 1");
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(0), info },
    material,
    256,
  );
  return new Uint8Array(bits);
}
