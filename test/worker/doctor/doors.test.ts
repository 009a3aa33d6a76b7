// Owns the proof of who may have a run: whoever wrote a ticket into D1, once; an administrator, over GraphQL; nobody else; one
// run at a time.
// Must not know the checks but for a few names.

import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { afterEach, describe, expect, it } from "vitest";
import { hashSecret, makeSecret } from "../../../worker/auth/secret.ts";
import { openDatabase } from "../../../worker/db/database.ts";
import { releaseLease, takeLease } from "../../../worker/db/leases.ts";
import { doctorTickets } from "../../../worker/db/schema.ts";
import { checks } from "../../../worker/doctor/checks.ts";
import { parseLine } from "../../../worker/doctor/lines.ts";
import { Browser } from "../browser.ts";
import { ask } from "../graphql/ask.ts";
import { type Account, ada, signedIn } from "../people.ts";

const db = openDatabase(env);
const rule = { ADMIN_EMAILS: "root@example.org" };
const root: Account = { sub: "root", name: "Root", email: "root@example.org", email_verified: true };
/** No run gets as far as a pod: it is not what these tests are about. */
const noCluster = { SHELL_IMAGE: "limpet-shell:test", CLUSTER_URL: "http://127.0.0.1:1" };

async function ticket(lifeMs = 60_000): Promise<string> {
  const secret = makeSecret();
  await db.insert(doctorTickets).values({ id: await hashSecret(secret), expiresAt: new Date(Date.now() + lifeMs) });
  return secret;
}

function knock(secret: string | null, body: string, variables: Readonly<Record<string, string>> = noCluster) {
  return new Browser(variables).fetch("/api/doctor", {
    method: "POST",
    headers: {
      "content-type": "application/json",
      ...(secret === null ? {} : { authorization: `Bearer ${secret}` }),
    },
    body,
  });
}

/** As `npm run doctor` reads it. */
async function toldBy(response: Response) {
  const lines = new TextDecoder()
    .decode(await response.arrayBuffer())
    .split("\n")
    .map(parseLine);
  const [first] = lines;
  return {
    edge: first?.type === "edge" ? first.edge : undefined,
    checks: lines.flatMap((line) => (line?.type === "check" ? [line.check] : [])),
  };
}

const nothing = '{"repository":null}';

describe("a ticket", () => {
  it("opens one run, told line by line, and nothing after that", async () => {
    const secret = await ticket();
    const response = await knock(secret, nothing);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    expect(response.headers.get("cache-control")).toBe("no-store");
    const { edge, checks } = await toldBy(response);
    expect(edge).toMatchObject({ publicUrl: env.PUBLIC_URL, kids: [expect.any(String), expect.any(String)] });
    expect(checks[0]).toMatchObject({ id: "configuration", state: "running" });
    expect(checks[1]).toMatchObject({ id: "configuration", state: "ok" });
    expect(checks.at(-1)).toMatchObject({ id: "ending", state: "skipped" });
    expect((await knock(secret, nothing)).status).toBe(401);
  });

  it("opens nothing where it is over, and what is over goes", async () => {
    const [old, good] = [await ticket(-1), await ticket()];
    expect((await knock(old, nothing)).status).toBe(401);
    expect((await knock(good, nothing)).status).toBe(200);
    expect(await db.select().from(doctorTickets)).toEqual([]);
  });

  it.each([null, "", "x", "a".repeat(43)])("is not %j", async (secret) => {
    const response = await knock(secret, nothing);
    expect(response.status).toBe(401);
    expect(await response.text()).toContain("UNAUTHENTICATED");
  });

  it.each(["", "[]", "x", '{"repository":7}'])("with %j is a bad request", async (body) => {
    expect((await knock(await ticket(), body)).status).toBe(400);
  });

  it("with an address that is none is told so, before anything is looked at", async () => {
    const response = await knock(await ticket(), '{"repository":"ftp://forge/a"}');
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("INVALID_GIT_URL");
  });

  it("opens a run also where nothing else of the Worker answers, since its settings are wrong", async () => {
    const wrong = { ...noCluster, SEAL_KEYS: "" };
    expect((await new Browser(wrong).fetch("/healthz")).status).toBe(500);
    const { edge, checks } = await toldBy(await knock(await ticket(), nothing, wrong));
    expect(edge).toBeNull();
    expect(checks[1]).toMatchObject({
      state: "failed",
      text: expect.stringContaining("SEAL_KEYS is not set"),
    });
  });

  it("is asked for of a D1 that has no such table: the migrations are named", async () => {
    const bare = new Browser(noCluster);
    await db.run(sql`alter table doctor_tickets rename to elsewhere`);
    const response = await bare.fetch("/api/doctor", {
      method: "POST",
      headers: { authorization: `Bearer ${makeSecret()}` },
      body: nothing,
    });
    await db.run(sql`alter table elsewhere rename to doctor_tickets`);
    expect(response.status).toBe(500);
    expect(await response.text()).toContain("apply the migrations");
  });
});

describe("over GraphQL", () => {
  const document = "subscription ($repository: String) { doctor(repository: $repository) { id state text todo ms } }";

  async function listen(browser: Browser, variables: object = {}): Promise<readonly string[]> {
    const response = await browser.fetch("/graphql", {
      method: "POST",
      headers: {
        origin: browser.origin,
        "content-type": "application/json",
        accept: "text/event-stream",
      },
      body: JSON.stringify({ query: document, variables }),
    });
    const text = await response.text();
    return [...text.matchAll(/^data: (\{.*)$/gm)].map(([, data = ""]) => data);
  }

  it("tells an administrator each check, as it begins and as it is over", async () => {
    const told = await listen(await signedIn(root, { ...rule, ...noCluster }));
    expect(told[0]).toContain('"id":"configuration","state":"RUNNING"');
    expect(told[1]).toContain('"id":"configuration","state":"OK"');
    expect(told.at(-1)).toContain('"id":"ending","state":"SKIPPED"');
    expect(told.filter((data) => !data.includes('"RUNNING"'))).toHaveLength(checks.length);
  });

  it("tells nobody else anything", async () => {
    const [said] = await listen(await signedIn({ ...ada, sub: "nobody" }, rule));
    expect(said).toContain("FORBIDDEN");
    expect(said).not.toContain("configuration");
  });

  it("refuses an address that is none", async () => {
    const [said] = await listen(await signedIn(root, { ...rule, ...noCluster }), { repository: "ftp://forge/a" });
    expect(said).toContain("INVALID_GIT_URL");
  });

  it("is a subscription: it is told as it comes, or not at all", async () => {
    const { codes } = await ask(await signedIn(root, { ...rule, ...noCluster }), document);
    expect(codes).toEqual(["BAD_REQUEST"]);
    expect(await takeLease(db, "doctor", "another", 1)).toBe(true);
  });
});

describe("one run at a time", () => {
  afterEach(() => releaseLease(db, "doctor", "another"));

  it("while another is under way it is refused, by both doors, and free after it", async () => {
    await takeLease(db, "doctor", "another", 60_000);
    const response = await knock(await ticket(), nothing);
    expect(response.status).toBe(429);
    await releaseLease(db, "doctor", "another");
    expect((await knock(await ticket(), nothing)).status).toBe(200);
    expect((await knock(await ticket(), nothing)).status).toBe(200);
  });
});
