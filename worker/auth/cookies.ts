// Owns the names and flags of our two cookies: the session's, and the one of a sign-in under way.
// Must not know what is in them.

import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import type { CookieOptions } from "hono/utils/cookie";

/** On https a name with `__Host-` cannot be set by another host or path. On http (local only) browsers refuse it. */
function cookieName(publicUrl: string, name: string): string {
  return publicUrl.startsWith("https:") ? `__Host-${name}` : name;
}

function flags(publicUrl: string): CookieOptions {
  return { path: "/", httpOnly: true, sameSite: "Lax", secure: publicUrl.startsWith("https:") };
}

const sessionName = "limpet";

/** One cookie for each sign-in under way, so that two tabs that sign in at once do not spoil each other's. */
function signInName(state: string): string {
  return `limpet-sign-in-${state.slice(0, 12)}`;
}

export function readSessionCookie(c: Context, publicUrl: string): string | undefined {
  return getCookie(c, cookieName(publicUrl, sessionName));
}

export function writeSessionCookie(c: Context, publicUrl: string, secret: string, expires: Date): void {
  setCookie(c, cookieName(publicUrl, sessionName), secret, { ...flags(publicUrl), expires });
}

export function clearSessionCookie(c: Context, publicUrl: string): void {
  deleteCookie(c, cookieName(publicUrl, sessionName), flags(publicUrl));
}

export function readSignInCookie(c: Context, publicUrl: string, state: string): string | undefined {
  return getCookie(c, cookieName(publicUrl, signInName(state)));
}

export function writeSignInCookie(
  c: Context,
  publicUrl: string,
  signIn: { readonly state: string; readonly sealed: string; readonly maxAgeSeconds: number },
): void {
  const options = { ...flags(publicUrl), maxAge: signIn.maxAgeSeconds };
  setCookie(c, cookieName(publicUrl, signInName(signIn.state)), signIn.sealed, options);
}

export function clearSignInCookie(c: Context, publicUrl: string, state: string): void {
  deleteCookie(c, cookieName(publicUrl, signInName(state)), flags(publicUrl));
}
