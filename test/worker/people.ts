// Owns how a test signs somebody in: the whole way, over the real issuer.
// Must not know what the person does then.

import { Browser } from "./browser.ts";

export interface Account {
  readonly sub?: string;
  readonly name?: string;
  readonly email?: string;
  readonly email_verified?: boolean | string;
  readonly groups?: readonly string[];
}

export const ada: Account = { name: "Ada", email: "ada@example.com", email_verified: true };

/** Goes to the issuer, signs in as `account` there (`null`: refuses) and stops before our callback. */
export async function authorize(browser: Browser, account: Account | null, start = "/auth/sign-in"): Promise<URL> {
  const callback = `${browser.origin}/auth/callback`;
  const leave = await browser.fetch(start);
  const away = leave.headers.get("location");
  if (away === null) throw new Error(`sign-in did not lead to the issuer: ${leave.status} ${await leave.text()}`);
  const issuer = new URL(away).origin;
  const asked = new URL((await browser.fetch(away)).headers.get("location") ?? "", issuer);
  // Who is signed in at the issuer is not asked again.
  if (asked.href.startsWith(callback)) return asked;
  if (account !== null) asked.searchParams.set("account", encodeAccount(account));
  return (await browser.follow(asked.href, callback)).url;
}

/** The whole way; gives the answer to our callback. */
export async function signIn(browser: Browser, account: Account, start?: string): Promise<Response> {
  const callback = await authorize(browser, account, start);
  return browser.fetch(callback.href, { headers: { accept: "text/html" } });
}

export async function signedIn(
  account: Account = ada,
  changes: Readonly<Record<string, string>> = {},
): Promise<Browser> {
  const browser = new Browser(changes);
  const response = await signIn(browser, account);
  if (response.status !== 302) throw new Error(`sign-in failed: ${response.status} ${await response.text()}`);
  return browser;
}

function encodeAccount(account: Account): string {
  const bytes = new TextEncoder().encode(JSON.stringify(account));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
