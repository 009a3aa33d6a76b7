// Owns the proof of who may come in, over the whole sign-in.
// Must not know how the rule is written.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { Browser } from "../browser.ts";
import { type Account, ada, signedIn, signIn } from "../people.ts";

const allowed: readonly [string, Account][] = [
  ["an address on the list", ada],
  ["an address on the list, in capitals", { email: "ADA@Example.COM", email_verified: true }],
  ["a domain on the list", { email: "grace@example.org", email_verified: true }],
  ["an issuer that writes email_verified as text", { email: "grace@example.org", email_verified: "true" }],
  ["a group on the list", { groups: ["others", "shell-users"] }],
];

const refused: readonly [string, Account][] = [
  ["another address", { email: "eve@example.com", email_verified: true }],
  ["an address on the list that nobody verified", { email: "ada@example.com", email_verified: false }],
  ["an address without a word on whether it was verified", { email: "ada@example.com" }],
  ["a domain that ends like one on the list", { email: "eve@notexample.org", email_verified: true }],
  ["a domain below one on the list", { email: "eve@sub.example.org", email_verified: true }],
  ["an address that hides another domain", { email: "eve@example.org@evil.example", email_verified: true }],
  ["another group", { groups: ["shell-users-too"] }],
  ["nothing known but a subject", { sub: "someone" }],
];

describe("access", () => {
  it.each(allowed)("is given to %s", async (_who, account) => {
    expect((await signIn(new Browser(), account)).status).toBe(302);
  });

  it.each(refused)("is refused to %s", async (_who, account) => {
    const browser = new Browser();
    const before = await env.DB.prepare("select count(*) as n from users").first("n");
    const response = await signIn(browser, account);
    expect(response.status).toBe(403);
    const page = await response.text();
    expect(page).toContain("Ask the test team");
    expect(page).toContain("/auth/sign-in?prompt=login");
    expect(browser.cookie("limpet")).toBeUndefined();
    expect(await env.DB.prepare("select count(*) as n from users").first("n")).toBe(before);
  });

  it("is everybody's in the local environment where the rule says so", async () => {
    const changes = { ALLOWED_DOMAINS: "*", ALLOWED_EMAILS: "", ALLOWED_GROUPS: "" };
    expect((await signIn(new Browser(changes), { name: "Anybody" })).status).toBe(302);
  });

  it("never writes a person's name as HTML", async () => {
    const response = await signIn(new Browser(), { name: "<script>alert(1)</script>", sub: "html" });
    expect(await response.text()).not.toContain("<script");
  });

  it("makes one person of two first sign-ins at once", async () => {
    const query = { query: "{ viewer { id } }" };
    const both = await Promise.all([1, 2].map(() => signedIn({ ...ada, sub: "at once" })));
    const [one, two] = await Promise.all(both.map(async (browser) => (await browser.post("/graphql", query)).text()));
    expect(one).toBe(two);
  });

  it("tells people apart by issuer and subject, not by address", async () => {
    const query = { query: "{ viewer { id } }" };
    const answers = await Promise.all(
      ["one", "two"].map(async (sub) => (await (await signedIn({ ...ada, sub })).post("/graphql", query)).text()),
    );
    expect(answers[0]).not.toBe(answers[1]);
  });
});
