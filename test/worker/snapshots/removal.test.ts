// Owns the proof of which snapshots go and which stay: by age, with their shell, and objects that belong to nobody.
// Must not know who calls.

import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { beforeEach, describe, expect, it } from "vitest";
import { writeCursor } from "../../../worker/db/cursors.ts";
import { makeEventId, makeShellId } from "../../../worker/db/ids.ts";
import { shells, snapshots } from "../../../worker/db/schema.ts";
import { findSnapshot, newestSnapshot } from "../../../worker/db/snapshots.ts";
import { type Expired, expireSnapshots, removeSnapshotsOf } from "../../../worker/snapshots/remove.ts";
import { db, PodCaller, someBytes } from "../pod-api/pod-caller.ts";

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** The bucket is every test's: each looks at its own shells only, from the start of the bucket. */
beforeEach(async () => {
  await writeCursor(db, "snapshot-objects", null, Date.now());
});

async function made(id: string, atMs: number): Promise<void> {
  await db
    .update(snapshots)
    .set({ createdAt: new Date(atMs) })
    .where(eq(snapshots.id, id));
}

/** Rounds until there is nothing to do and the whole bucket was looked at. */
async function expireAll(nowMs: number, limit = 90): Promise<Expired[]> {
  const rounds: Expired[] = [];
  do rounds.push(await expireSnapshots(env, nowMs, limit));
  while ((!rounds.at(-1)?.done || rounds.length < 20) && rounds.length < 200);
  return rounds;
}

describe("after thirty days", () => {
  it("a snapshot goes, object and row; a younger one stays", async () => {
    const pod = await PodCaller.runs();
    const [old, young] = [await pod.saves(someBytes(10)), await pod.saves(someBytes(10))];
    const now = Date.now();
    await made(old, now - 31 * dayMs);
    await made(young, now - 29 * dayMs);
    await expireAll(now);
    expect(await pod.objects()).toEqual([young]);
    expect(await findSnapshot(db, old)).toBeNull();
  });

  it("the newest one of a shell in use stays; of one that ended so long ago it goes", async () => {
    const pod = await PodCaller.runs();
    const [before, newest] = [await pod.saves(someBytes(10)), await pod.saves(someBytes(10))];
    const now = Date.now();
    await made(before, now - 41 * dayMs);
    await made(newest, now - 40 * dayMs);
    await expireAll(now);
    expect(await pod.objects()).toEqual([newest]);
    await pod.changeRecord({ expiresAt: new Date(now - 29 * dayMs), desired: "stopped" });
    await expireAll(now);
    expect(await pod.objects()).toEqual([newest]);
    await pod.changeRecord({ expiresAt: new Date(now - 31 * dayMs) });
    await expireAll(now);
    expect(await pod.objects()).toEqual([]);
    expect(await newestSnapshot(db, pod.shellId)).toBeNull();
  });

  it("all go in bounded rounds, each of no more than it was asked", async () => {
    const pods = await Promise.all(Array.from({ length: 4 }, () => PodCaller.runs()));
    const now = Date.now();
    for (const pod of pods) {
      for (let at = 0; at < 2; at += 1) await made(await pod.saves(someBytes(10, at)), now - 50 * dayMs);
      await pod.changeRecord({ expiresAt: new Date(now - 50 * dayMs) });
    }
    const rounds = await expireAll(now, 3);
    expect(Math.max(...rounds.map(({ expired }) => expired))).toBe(3);
    for (const pod of pods) expect(await pod.objects()).toEqual([]);
  });
});

describe("of a pod that did not get its home back", () => {
  it("the saves push out everything but the last one of the pod before; that one goes in its own time", async () => {
    const pod = await PodCaller.runs();
    const before: string[] = [];
    for (let at = 0; at < 3; at += 1) before.push(await pod.saves(someBytes(10, at)));
    const [oldest = "", , last = ""] = before;
    const now = Date.now();
    for (const id of before) await made(id, now - (id === oldest ? 2 : 1) * hourMs);
    await pod.changeRecord({ startedAt: new Date(now - hourMs / 2) });
    const own: string[] = [];
    for (let at = 0; at < 5; at += 1) own.push(await pod.saves(someBytes(20, at)));
    expect(await pod.objects()).toEqual([last, ...own.slice(2)]);
    await made(last, now - 31 * dayMs);
    await expireAll(now);
    expect(await pod.objects()).toEqual(own.slice(2));
  });

  it("that another takes the place of, the last one is kept too; no more than four ever are", async () => {
    const pod = await PodCaller.runs();
    const ids: string[] = [];
    for (let start = 0; start < 3; start += 1) {
      await pod.changeRecord({ startedAt: new Date(Date.now() + 1) });
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (let at = 0; at < 4; at += 1) ids.push(await pod.saves(someBytes(10, at)));
    }
    expect(await pod.objects()).toEqual([ids[7], ...ids.slice(9)]);
  });
});

describe("an object", () => {
  const later = () => Date.now() + 2 * hourMs;

  it("that no row knows goes after an hour, not before: it may be just arriving", async () => {
    const pod = await PodCaller.runs();
    const [kept, lost] = [await pod.saves(someBytes(10)), makeEventId(Date.now())];
    await env.SNAPSHOTS.put(`${pod.shellId}/${lost}`, "left over");
    await expireAll(Date.now());
    expect(await pod.objects()).toEqual([kept, lost]);
    await expireAll(later());
    expect(await pod.objects()).toEqual([kept]);
    expect((await newestSnapshot(db, pod.shellId))?.id).toBe(kept);
  });

  it("of a shell that is gone goes with its row", async () => {
    const pod = await PodCaller.runs();
    const id = await pod.saves(someBytes(10));
    await db.delete(shells).where(eq(shells.id, pod.shellId));
    await expireAll(later());
    expect(await pod.objects()).toEqual([]);
    expect(await findSnapshot(db, id)).toBeNull();
  });

  it("that is none of ours by its name stays", async () => {
    for (const name of ["report.pdf", `${makeShellId()}/notes.txt`, "a/b/c"]) {
      await env.SNAPSHOTS.put(name, "somebody's");
      await expireAll(later());
      expect(await env.SNAPSHOTS.head(name)).not.toBeNull();
      await env.SNAPSHOTS.delete(name);
    }
  });

  it("is found wherever it lies, a page at a time, however often the round is cut off", async () => {
    const pods = await Promise.all(Array.from({ length: 5 }, () => PodCaller.runs()));
    for (const pod of pods) {
      await pod.saves(someBytes(10));
      await env.SNAPSHOTS.put(`${pod.shellId}/${makeEventId(Date.now())}`, "left over");
    }
    await writeCursor(db, "snapshot-objects", null, Date.now());
    let orphans = 0;
    for (let round = 0; round < 100 && orphans < 5; round += 1) {
      orphans += (await expireSnapshots(env, later(), 2)).orphans;
    }
    for (const pod of pods) expect(await pod.objects()).toHaveLength(1);
  });
});

describe("a deleted shell's snapshots", () => {
  it("go, rows and objects, uploads that failed too, and again is no harm", async () => {
    const [pod, other] = [await PodCaller.runs(), await PodCaller.runs()];
    const ids = [await pod.saves(someBytes(10)), await pod.saves(someBytes(20))];
    const theirs = await other.saves(someBytes(10));
    await env.SNAPSHOTS.put(`${pod.shellId}/${makeEventId(Date.now())}`, "left over");
    for (let times = 0; times < 2; times += 1) {
      await removeSnapshotsOf(env, pod.shellId);
      expect(await pod.objects()).toEqual([]);
      for (const id of ids) expect(await findSnapshot(db, id)).toBeNull();
    }
    expect(await other.objects()).toEqual([theirs]);
  });

  it("go where it had none", async () => {
    await removeSnapshotsOf(env, makeShellId());
  });
});
