// Owns how a random secret is written and what is kept of it.
// Must not know what the secret opens.

import { base64url } from "jose";

/** 256 random bits in base64url: 43 characters. */
export function makeSecret(): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(32)));
}

/** True for the shape of one of ours; oauth4webapi's `state` has the same. */
export function isSecret(value: string): boolean {
  return /^[A-Za-z0-9_-]{43}$/.test(value);
}

/** SHA-256 of the secret's text in lower-case hex: what is stored opens nothing. No salt is needed at 256 random bits. */
export async function hashSecret(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(secret));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
