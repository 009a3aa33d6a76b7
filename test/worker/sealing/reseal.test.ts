// Owns the proof that a change of keys reaches every row, however often it is cut off, and loses nothing.
// Must not know who changes keys.

import { env } from "cloudflare:workers";
import { and, eq } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { writeCursor } from "../../../worker/db/cursors.ts";
import { makeUserId } from "../../../worker/db/ids.ts";
import { secrets, snapshots, users } from "../../../worker/db/schema.ts";
import { listSecretNames, putSecret, readSecrets, removeSecret, removeSecrets } from "../../../worker/db/secrets.ts";
import { findSnapshot, newestSnapshot } from "../../../worker/db/snapshots.ts";
import { type Resealed, resealBatch } from "../../../worker/sealing/reseal.ts";
import type { SealKey, SealKeys } from "../../../worker/sealing/seal-keys.ts";
import { openSecret, openSecrets, sealSecret } from "../../../worker/sealing/secrets.ts";
import { openSnapshot } from "../../../worker/snapshots/open.ts";
import { environment } from "../browser.ts";
import { db, PodCaller, sealKeys, sha256, someBytes } from "../pod-api/pod-caller.ts";

/** Every test has D1 as the one before left it: it begins without secrets and snapshots. */
beforeEach(async () => {
  await db.batch([db.delete(secrets), db.delete(snapshots)]);
  await writeCursor(db, "reseal", null, Date.now());
});

function makeKey(kid: string): SealKey {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  const k = btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
  return { kty: "oct", kid, k };
}

const withKeys = (keys: SealKeys): Env => environment({ SEAL_KEYS: JSON.stringify({ keys }) });

async function person(): Promise<string> {
  const id = makeUserId();
  await db.insert(users).values({ id, issuer: "https://issuer.test", subject: id });
  return id;
}

async function put(keys: SealKeys, userId: string, name: "git-key" | "aws" | "save-key", text: string): Promise<void> {
  await putSecret(db, await sealSecret(keys, userId, name, text), Date.now());
}

async function resealAll(env: Env, limit: number): Promise<Resealed[]> {
  const batches: Resealed[] = [];
  do batches.push(await resealBatch(env, limit));
  while (!batches.at(-1)?.done && batches.length < 100);
  return batches;
}

const count = (batches: readonly Resealed[]) => batches.reduce((sum, { resealed }) => sum + resealed, 0);

describe("a person's secrets", () => {
  it("are put, replaced, listed by name, read and removed; another person's are not touched", async () => {
    const [ada, eve] = [await person(), await person()];
    await put(sealKeys, ada, "git-key", "first");
    await put(sealKeys, ada, "git-key", "second");
    await put(sealKeys, ada, "aws", "{}");
    await put(sealKeys, eve, "aws", "theirs");
    expect([...(await listSecretNames(db, ada))].sort()).toEqual(["aws", "git-key"]);
    const { opened } = await openSecrets(sealKeys, await readSecrets(db, ada));
    expect(Object.fromEntries(opened)).toEqual({ "git-key": "second", aws: "{}" });
    await db.batch([removeSecret(db, ada, "git-key"), removeSecret(db, ada, "git-key")]);
    expect([...(await listSecretNames(db, ada))]).toEqual(["aws"]);
    await removeSecrets(db, ada);
    expect(await readSecrets(db, ada)).toEqual([]);
    expect([...(await listSecretNames(db, eve))]).toEqual(["aws"]);
  });

  it("do not open from another person's row, or another name's", async () => {
    const [ada, eve] = [await person(), await person()];
    await put(sealKeys, ada, "aws", "ada's");
    await db.update(secrets).set({ userId: eve });
    const [moved] = await readSecrets(db, eve);
    await expect(moved === undefined ? null : openSecret(sealKeys, moved)).rejects.toThrow("not sealed for this place");
    await db.update(secrets).set({ userId: ada, name: "google" });
    const [renamed] = await readSecrets(db, ada);
    await expect(renamed === undefined ? null : openSecret(sealKeys, renamed)).rejects.toThrow(
      "not sealed for this place",
    );
  });
});

describe("after a new key was put first", () => {
  const [old, fresh] = [makeKey("old"), makeKey("fresh")];

  it("secrets and snapshots' keys are sealed under it, in bounded batches, and open with it alone", async () => {
    const people = await Promise.all(Array.from({ length: 5 }, person));
    for (const id of people) await put([old], id, "git-key", `key of ${id}`);
    const pod = await PodCaller.runs({ SEAL_KEYS: JSON.stringify({ keys: [old, ...sealKeys] }) });
    const bytes = someBytes(5_000);
    const [first, second] = [await pod.saves(bytes), await pod.saves(bytes)];
    const batches = await resealAll(withKeys([fresh, old]), 3);
    expect(batches.map(({ resealed }) => resealed)).toEqual([3, 3, 1]);
    expect(batches.flatMap(({ unreadable }) => unreadable)).toEqual([]);
    for (const id of people) {
      const { opened } = await openSecrets([fresh], await readSecrets(db, id));
      expect(opened.get("git-key")).toBe(`key of ${id}`);
    }
    for (const id of [first, second]) {
      const row = await findSnapshot(db, id);
      if (row === null) throw new Error("the snapshot is gone");
      const back = await new Response(await openSnapshot(env, [fresh], row)).arrayBuffer();
      expect(await sha256(new Uint8Array(back))).toBe(await sha256(bytes));
    }
    expect(await resealBatch(withKeys([fresh, old]), 3)).toEqual({ resealed: 0, unreadable: [], done: true });
  });

  it("two that do it at a time, each cut off and begun again, come to the same", async () => {
    const people = await Promise.all(Array.from({ length: 12 }, person));
    for (const id of people) await put([old], id, "save-key", id);
    const both = await Promise.all([
      resealAll(withKeys([fresh, old]), 2),
      resealAll(withKeys([fresh, old]), 5),
      resealBatch(withKeys([fresh, old]), 3).then((batch) => [batch]),
    ]);
    const rest = await resealAll(withKeys([fresh, old]), 4);
    expect([...both, rest].reduce((sum, batches) => sum + count(batches), 0)).toBe(12);
    for (const id of people) {
      const { opened } = await openSecrets([fresh], await readSecrets(db, id));
      expect(opened.get("save-key")).toBe(id);
    }
  });

  it("a secret that is given anew meanwhile is the one that stays", async () => {
    const ada = await person();
    await put([old], ada, "aws", "before");
    const [read] = await readSecrets(db, ada);
    if (read === undefined) throw new Error("it was not put");
    const resealing = resealBatch(withKeys([fresh, old]), 10);
    await put([old], ada, "aws", "given meanwhile");
    await resealing;
    const { opened } = await openSecrets([fresh, old], await readSecrets(db, ada));
    expect(opened.get("aws")).toBe("given meanwhile");
  });

  it("rows that do not open are named and stay; the others are sealed anew all the same", async () => {
    const [lost, damaged, moved, good] = await Promise.all([person(), person(), person(), person()]);
    await put([makeKey("lost-key")], lost, "aws", "x");
    await put([makeKey("old")], damaged, "git-key", "x");
    await put([old], good, "git-key", "moved");
    await db.update(secrets).set({ userId: moved }).where(eq(secrets.userId, good));
    await put([old], good, "aws", "fine");
    const before = await db.select().from(secrets);
    for (const limit of [1, 2, 10]) {
      await put([old], good, "aws", "fine");
      const batches = await resealAll(withKeys([fresh, old]), limit);
      expect(count(batches)).toBe(1);
      const messages = batches.flatMap(({ unreadable }) => unreadable).sort();
      expect(messages).toHaveLength(3);
      expect(messages.join()).toContain('"aws" is sealed under the key "lost-key", which SEAL_KEYS does not have');
      expect(messages.join()).toContain('"git-key" does not open with the key "old"');
      expect(messages.join()).toContain("not sealed for this place");
    }
    for (const row of before) {
      if (row.userId === good) continue;
      const now = await db
        .select()
        .from(secrets)
        .where(and(eq(secrets.userId, row.userId), eq(secrets.name, row.name)));
      expect(now).toEqual([row]);
    }
  });

  it("with a new key alone nothing is changed, and every row is named with its key", async () => {
    const ada = await person();
    await put([old], ada, "aws", "x");
    const pod = await PodCaller.runs({ SEAL_KEYS: JSON.stringify({ keys: [old, ...sealKeys] }) });
    const id = await pod.saves(someBytes(10));
    const before = [await readSecrets(db, ada), await newestSnapshot(db, pod.shellId)];
    const { resealed, unreadable } = await resealBatch(withKeys([fresh]), 10);
    expect(resealed).toBe(0);
    expect(unreadable.map((message) => message.slice(0, 80)).join()).toMatch(
      new RegExp(`"aws" is sealed under the key "old".*"snapshot ${id}"`),
    );
    expect([await readSecrets(db, ada), await newestSnapshot(db, pod.shellId)]).toEqual(before);
  });
});
