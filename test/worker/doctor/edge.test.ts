// Owns the proof that what is wrong at the edge is found, each fault as itself: settings, D1, R2, objects, keys, issuer.
// Must not know the cluster.

import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { exportJWK, generateKeyPair } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { writeCursor } from "../../../worker/db/cursors.ts";
import { openDatabase } from "../../../worker/db/database.ts";
import { makeUserId } from "../../../worker/db/ids.ts";
import { secrets, users } from "../../../worker/db/schema.ts";
import { knownMigrations } from "../../../worker/doctor/known-migrations.ts";
import { noteReaperRun } from "../../../worker/reaper/last-run.ts";
import { runReaper } from "../../../worker/reaper/run.ts";
import { parseSealKeys } from "../../../worker/sealing/seal-keys.ts";
import { sealSecret } from "../../../worker/sealing/secrets.ts";
import { examine, those } from "./examination.ts";

const db = openDatabase(env);
const nowhere = "http://127.0.0.1:1";
/** Nothing of the cluster is looked at: these tests are about what stands before it. */
const noCluster = { CLUSTER_URL: nowhere };
const afterCluster = ["strangers", "cluster-clock", "token", "rights", "admission", "quota", "pod-security", "policy"];
const ofPod = [
  ...["node", "image", "start", "setup", "programs", "network", "pod-to-edge", "git"],
  ...["policy-changes", "policy-endings", "policy-reach", "ending"],
];

beforeEach(async () => {
  await noteReaperRun(db, { atMs: Date.now(), failed: [] });
});

/** The platform's binding as it is where what it stands for is not: whatever is asked of it is refused. */
function rejecting<T extends object>(like: T, why: string): T {
  const steps: readonly unknown[] = ["prepare", "bind", "withSession"];
  return new Proxy(like, {
    get: (_like, name, self) => () => (steps.includes(name) ? self : Promise.reject(new Error(why))),
  });
}

async function keep(kid: string, sealed: string): Promise<string> {
  const userId = makeUserId();
  await db.insert(users).values({ id: userId, issuer: "https://issuer.test", subject: userId });
  await db.insert(secrets).values({ userId, name: "aws", sealed, kid });
  return userId;
}

describe("the edge", () => {
  afterEach(async () => {
    await db.delete(secrets);
  });

  it("is right as the tests have it, and the cluster's fault is told as the cluster's", async () => {
    const found = await examine({ variables: noCluster });
    expect(those(found, "failed")).toEqual(["cluster-address"]);
    expect(those(found, "warning")).toEqual([]);
    expect(those(found, "skipped")).toEqual([...afterCluster, ...ofPod]);
    expect(found["cluster-address"].text).toContain(`${nowhere} cannot be reached`);
    expect(found.token.text).toContain("Cluster address");
    expect(found.migrations.text).toContain(knownMigrations.at(-1));
  });

  it("names each variable that is wrong, never its value, and looks at what needs none", async () => {
    const found = await examine({ variables: { SHELL_IMAGE: "", SIGNING_KEYS: "a secret" } });
    expect(found.configuration.text).toMatch(/SIGNING_KEYS must be.*SHELL_IMAGE is not set/);
    expect(JSON.stringify(found)).not.toContain("a secret");
    expect(those(found, "ok")).toEqual(["database", "migrations", "storage", "object", "reaper"]);
    expect(those(found, "failed")).toEqual(["configuration"]);
  });

  it("knows the examples of wrangler.toml", async () => {
    const found = await examine({
      variables: { ...noCluster, SHELL_IMAGE: "registry.example.com/limpet-shell:0.1.0" },
    });
    expect(found.configuration).toMatchObject({ state: "failed", text: expect.stringMatching(/SHELL_IMAGE\./) });
  });

  it("tells a D1 that does not answer", async () => {
    const found = await examine({ variables: noCluster, bindings: { DB: rejecting(env.DB, "D1_ERROR: no such db") } });
    expect(found.database).toMatchObject({ state: "failed", text: expect.stringContaining("no such db") });
    expect(those(found, "skipped")).toEqual(expect.arrayContaining(["migrations", "seal-keys", "reaper"]));
    expect(found.issuer.state).toBe("ok");
  });

  it("tells migrations that are missing, and a D1 that is newer", async () => {
    const newest = knownMigrations.at(-1) ?? "";
    await db.run(sql`delete from d1_migrations where name = ${newest}`);
    const older = await examine({ variables: noCluster });
    expect(older.migrations).toMatchObject({ state: "failed", text: `Not applied: ${newest}.` });
    await db.run(sql`insert into d1_migrations (name) values (${newest}), ('9999_later.sql')`);
    const newer = await examine({ variables: noCluster });
    await db.run(sql`delete from d1_migrations where name = '9999_later.sql'`);
    expect(newer.migrations).toMatchObject({ state: "warning", text: expect.stringContaining("9999_later.sql") });
  });

  it("tells a bucket that is not there, and leaves nothing in one that is", async () => {
    const broken = { SNAPSHOTS: rejecting(env.SNAPSHOTS, "put: the bucket does not exist") };
    const found = await examine({ variables: noCluster, bindings: broken });
    expect(found.storage).toMatchObject({ state: "failed", text: expect.stringMatching(/write.*does not exist/) });
    await examine({ variables: noCluster });
    expect((await env.SNAPSHOTS.list({ prefix: "doctor/" })).objects).toEqual([]);
  });

  it("tells objects that do not answer", async () => {
    const found = await examine({
      variables: noCluster,
      bindings: { USER_SHELL: new Proxy(env.USER_SHELL, { get: () => () => rejecting({}, "overloaded") }) },
    });
    expect(found.object).toMatchObject({ state: "failed", text: "None answers (overloaded)." });
  });

  it("opens a row of each key, and names the one that is gone", async () => {
    const keys = parseSealKeys(env.SEAL_KEYS);
    if (keys === null) throw new Error("the tests have seal keys");
    const [first, old] = [keys[0], keys[1] ?? keys[0]];
    const good = await sealSecret([old], "x".repeat(20), "aws", "{}");
    const [row] = [await keep(old.kid, good.sealed)];
    // It belongs to somebody else: moved, it does not open.
    const moved = await examine({ variables: noCluster });
    expect(moved["seal-keys"]).toMatchObject({
      state: "failed",
      text: expect.stringContaining(`1 under “${old.kid}”`),
    });
    const own = await sealSecret([old], row, "aws", "{}");
    await db.update(secrets).set({ sealed: own.sealed });
    const opened = await examine({ variables: noCluster });
    expect(opened["seal-keys"]).toMatchObject({
      state: "ok",
      text: expect.stringContaining(`anew under “${first.kid}”`),
    });
    const without = await examine({ variables: { ...noCluster, SEAL_KEYS: JSON.stringify({ keys: [first] }) } });
    expect(without["seal-keys"]).toMatchObject({
      state: "failed",
      text: expect.stringContaining(`1 under “${old.kid}” (The secret "aws" is sealed under the key`),
    });
  });

  it("knows whether the clock comes, and what it failed at", async () => {
    await db.run(sql`delete from cursors`);
    expect((await examine({ variables: noCluster })).reaper.state).toBe("warning");
    await runReaper(env, Date.now());
    expect((await examine({ variables: noCluster })).reaper).toMatchObject({ state: "ok" });
    await noteReaperRun(db, { atMs: Date.now(), failed: ["sweep-pods"] });
    expect((await examine({ variables: noCluster })).reaper.text).toContain("sweep-pods");
    await noteReaperRun(db, { atMs: Date.now() - 600_000, failed: [] });
    expect((await examine({ variables: noCluster })).reaper.text).toContain("10 minutes ago");
    await writeCursor(db, "reaper-last-run", "nonsense", Date.now());
    expect((await examine({ variables: noCluster })).reaper.state).toBe("warning");
  });
});

describe("the issuer and the keys", () => {
  it("tells an issuer that is not there, and one that is another", async () => {
    const away = await examine({ variables: { ...noCluster, OIDC_ISSUER: nowhere } });
    expect(away.issuer).toMatchObject({ state: "failed", text: expect.stringContaining("does not answer") });
    expect(away.redirect.state).toBe("skipped");
    const other = await examine({ variables: { ...noCluster, OIDC_ISSUER: `${env.OIDC_ISSUER}/tenant` } });
    expect(other.issuer).toMatchObject({ state: "failed", text: expect.stringContaining("not as the issuer") });
  });

  it("tells a client that the issuer does not know", async () => {
    const found = await examine({ variables: { ...noCluster, OIDC_CLIENT_ID: "nobody" } });
    expect(found.issuer.state).toBe("ok");
    expect(found.redirect).toMatchObject({ state: "failed", text: expect.stringMatching(/“nobody”.*HTTP 400/) });
  });

  it("tells a redirect URI that is not registered", async () => {
    const found = await examine({ variables: { ...noCluster, PUBLIC_URL: "http://localhost:1" } });
    expect(found.redirect).toMatchObject({
      state: "failed",
      todo: expect.stringContaining("Register exactly http://localhost:1/auth/callback"),
    });
    expect(found["public-url"]).toMatchObject({ state: "warning", text: expect.stringContaining("its own address") });
  });

  it("tells keys that nobody published, and halves that do not fit", async () => {
    const key = async () => {
      const { privateKey } = await generateKeyPair("ES256", { extractable: true });
      return { ...(await exportJWK(privateKey)), alg: "ES256", kid: "unheard-of" };
    };
    const [one, two] = [await key(), await key()];
    const unknown = await examine({ variables: { ...noCluster, SIGNING_KEYS: JSON.stringify({ keys: [one] }) } });
    expect(unknown["signing-key"].state).toBe("ok");
    expect(unknown["public-url"]).toMatchObject({ state: "failed", text: expect.stringContaining("lacks unheard-of") });
    const mixed = { ...one, x: two.x, y: two.y };
    const broken = await examine({ variables: { ...noCluster, SIGNING_KEYS: JSON.stringify({ keys: [mixed] }) } });
    expect(broken["signing-key"]).toMatchObject({
      state: "failed",
      todo: expect.stringContaining("npm run signing-keys"),
    });
    expect(broken["cluster-address"].state).toBe("skipped");
  });

  it("tells a PUBLIC_URL at which something else is", async () => {
    const found = await examine({
      variables: { ...noCluster, PUBLIC_URL: new URL(env.OIDC_ISSUER).origin.replace("127.0.0.1", "localhost") },
    });
    expect(["warning", "failed"]).toContain(found["public-url"].state);
    expect(found["public-url"].todo).toContain("PUBLIC_URL");
  });
});
