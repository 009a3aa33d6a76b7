// Owns the proof that everybody's shells are shown to administrators, page by page, and to nobody else.
// Must not know how the groups of a person are had.

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../../worker/db/database.ts";
import { makeShellId, makeUserId } from "../../../worker/db/ids.ts";
import { secrets, shells, users } from "../../../worker/db/schema.ts";
import { type Browser, environment } from "../browser.ts";
import { type Account, ada, signedIn } from "../people.ts";
import { ask, get } from "./ask.ts";

interface Page {
  readonly edges: readonly {
    readonly cursor: string;
    readonly node: { readonly id: string; readonly owner: { readonly name: string | null } };
  }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const query =
  "query ($first: Int! = 20, $after: String) { shells(first: $first, after: $after) { edges { cursor node { id owner { id name email } } } pageInfo { hasNextPage endCursor } } }";
const rule = { ADMIN_EMAILS: "Root@example.org", ADMIN_GROUPS: "platform" };
const root: Account = { sub: "root", name: "Root", email: "ROOT@example.org", email_verified: true };
const others = 7;
const ids: string[] = [];
let administrator: Browser;

/** Shells that nobody runs: what is tested is who reads of them. */
beforeAll(async () => {
  const db = openDatabase(env);
  for (let i = 0; i < others; i += 1) {
    const [id, userId, moment] = [makeShellId(), makeUserId(), new Date()];
    ids.push(id);
    await db.insert(users).values({ id: userId, issuer: "https://issuer.test", subject: userId, name: `Other ${i}` });
    await db.insert(shells).values({
      id,
      userId,
      podName: `limpet-${userId}`,
      desired: "stopped",
      phase: "absent",
      expiresAt: moment,
      startedAt: moment,
      gitUrl: "git@forge.example:x.git",
      provider: "aws",
    });
    await db.insert(secrets).values({ userId, name: "aws", sealed: "x", kid: "y" });
  }
  administrator = await signedIn(root, rule);
});

async function isAdministrator(browser: Browser): Promise<boolean> {
  const answer = await get<{ viewer: { administrator: boolean } }>(browser, "{ viewer { administrator } }");
  const { codes } = await ask(browser, query);
  expect(codes).toEqual(answer.viewer.administrator ? [] : ["FORBIDDEN"]);
  return answer.viewer.administrator;
}

describe("an administrator", () => {
  it.each<[string, Account]>([
    ["has an address of the list, whatever its letters' case", root],
    ["has it by the text that some issuers write", { ...root, sub: "root-text", email_verified: "true" }],
    ["is in a group of the list", { ...ada, sub: "ops", groups: ["x", "platform"] }],
  ])("%s", async (_what, account) => {
    expect(await isAdministrator(await signedIn(account, rule))).toBe(true);
  });

  it.each<[string, Account]>([
    ["somebody else", { ...ada, sub: "else" }],
    [
      "whose address nobody verified",
      { ...ada, ...root, sub: "unverified", email_verified: false, groups: ["shell-users"] },
    ],
    ["in a group of another spelling", { ...ada, sub: "spelling", groups: ["Platform"] }],
    ["with the address as their name", { ...ada, sub: "name", name: "root@example.org" }],
  ])("is nobody %s", async (_what, account) => {
    expect(await isAdministrator(await signedIn(account, rule))).toBe(false);
  });

  it("is nobody where nobody is named", async () => {
    expect(await isAdministrator(await signedIn({ ...root, groups: [""] }))).toBe(false);
  });

  it("is none any more once nobody is named", async () => {
    const browser = await signedIn(root, rule);
    expect(await isAdministrator(browser)).toBe(true);
    browser.env = environment();
    expect(await isAdministrator(browser)).toBe(false);
  });

  it("becomes one at the next sign-in, not before", async () => {
    const browser = await signedIn(root);
    browser.env = administrator.env;
    expect(await isAdministrator(browser)).toBe(false);
  });
});

describe("shells", () => {
  it.each([1, 3, 100])("are listed, each once, %i a page", async (first) => {
    const seen: string[] = [];
    let after: string | null = null;
    for (;;) {
      const { shells: page }: { shells: Page } = await get(administrator, query, { first, after });
      expect(page.edges.length).toBeLessThanOrEqual(first);
      expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor ?? null);
      seen.push(...page.edges.map(({ node }) => node.id));
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(ids.filter((id) => !seen.includes(id))).toEqual([]);
  });

  it("go on where a page ended though the shell there has gone", async () => {
    const sorted = ids.toSorted();
    const { shells: page } = await get<{ shells: Page }>(administrator, query, { first: 1, after: sorted[0] });
    await env.DB.prepare("delete from shells where id = ?").bind(page.edges[0]?.node.id).run();
    const next = await get<{ shells: Page }>(administrator, query, { first: 1, after: page.pageInfo.endCursor });
    expect(next.shells.edges[0]?.node.id).toBeDefined();
    expect((next.shells.edges[0]?.node.id ?? "") > (page.pageInfo.endCursor ?? "")).toBe(true);
  });

  it("say whose they are and what is missing, and nothing of what is kept for their people", async () => {
    const whole =
      "{ shells(first: 100) { edges { node { id owner { name email } gitUrl provider missing { code } secrets { kind } snapshots { id } } } } }";
    const { shells: page } = await get<{ shells: { edges: { node: Record<string, unknown> }[] } }>(
      administrator,
      whole,
    );
    const others = page.edges.map(({ node }) => node).filter(({ id }) => ids.includes(String(id)));
    expect(others.length).toBeGreaterThan(3);
    for (const node of others) {
      expect(node).toMatchObject({
        owner: { name: expect.stringMatching(/^Other \d$/), email: null },
        gitUrl: "git@forge.example:x.git",
        provider: "AWS",
        missing: [{ code: "GIT_SIGN_IN" }],
        secrets: null,
        snapshots: null,
      });
    }
  });

  it.each([
    { first: 0 },
    { first: 101 },
    { first: -1 },
    { after: "" },
    { after: "x" },
    { after: "%" },
    { after: "0".repeat(21) },
  ])("asked for with %j are a bad request", async (variables) => {
    expect((await ask(administrator, query, variables)).codes).toEqual(["BAD_REQUEST"]);
  });

  it("are refused before their arguments are looked at", async () => {
    expect((await ask(await signedIn(), query, { first: 0 })).codes).toEqual(["FORBIDDEN"]);
  });
});
