// Owns the proof that the edge's signing key can be changed under people who are just signing in.
// Must not know how a sign-in is sealed or a token signed.

import { env } from "cloudflare:workers";
import { decodeProtectedHeader } from "jose";
import { describe, expect, it } from "vitest";
import { configOf, parseConfig } from "../../../worker/config.ts";
import { createTokenMint } from "../../../worker/kubernetes/token.ts";
import { clusterSettings } from "../../../worker/shells/settings.ts";
import type { SigningKey } from "../../../worker/signing-keys.ts";
import { errorCodeOf } from "../answers.ts";
import { Browser } from "../browser.ts";
import { ada, authorize } from "../people.ts";

const [newer, older] = configOf(env).signingKeys;
if (older === undefined) throw new Error("the tests' environment has two keys");

const holding = (...keys: SigningKey[]) => ({ SIGNING_KEYS: JSON.stringify({ keys }) });

/** The same browser, before a Worker that was deployed anew. */
function redeployed(before: Browser, changes: Readonly<Record<string, string>>): Browser {
  const after = new Browser(changes);
  for (const name of before.cookieNames()) after.setCookie(name, before.cookie(name) ?? "");
  return after;
}

async function kidOfToken(changes: Readonly<Record<string, string>>): Promise<string | undefined> {
  const mint = createTokenMint(clusterSettings(parseConfig(new Browser(changes).env)));
  const token = await mint({ subject: "limpet:x", method: "GET", pathAndQuery: "/", pod: null }, Date.now());
  return decodeProtectedHeader(token).kid;
}

async function publishedKids(changes: Readonly<Record<string, string>>): Promise<unknown[]> {
  const { keys } = await (await new Browser(changes).fetch("/.well-known/jwks.json")).json<{
    keys: { kid: string }[];
  }>();
  return keys.map(({ kid }) => kid);
}

describe("a new signing key, put first", () => {
  it("signs at once, with both published, so that tokens of the old one still hold", async () => {
    expect(await kidOfToken(holding(older))).toBe(older.kid);
    expect(await kidOfToken(holding(newer, older))).toBe(newer.kid);
    expect(await publishedKids(holding(newer, older))).toEqual([newer.kid, older.kid]);
    expect(await publishedKids(holding(newer))).toEqual([newer.kid]);
  });

  it("keeps nobody out who left for the issuer under the old one", async () => {
    const before = new Browser(holding(older));
    const callback = await authorize(before, ada);
    const after = redeployed(before, holding(newer, older));
    expect((await after.fetch(callback.href)).status).toBe(302);
    expect((await after.post("/graphql", { query: "{ viewer { id } }" })).status).toBe(200);
  });

  it("asks them to begin again once the old one is taken out", async () => {
    const before = new Browser(holding(older));
    const callback = await authorize(before, ada);
    const answer = await redeployed(before, holding(newer)).fetch(callback.href);
    expect(answer.status).toBe(400);
    expect(await errorCodeOf(answer)).toBe("SIGN_IN_FAILED");
  });

  it("ends no session", async () => {
    const before = new Browser(holding(older));
    await before.fetch((await authorize(before, ada)).href);
    const answer = await redeployed(before, holding(newer)).post("/graphql", { query: "{ viewer { id } }" });
    expect(answer.status).toBe(200);
  });
});
