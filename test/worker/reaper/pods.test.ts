// Owns the proof of a sweep through a real cluster: pages, cursor, whom it ends and whom it lets be.
// Must not know how a pod is judged, case by case (test/unit/reaper).

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readCursor, writeCursor } from "../../../worker/db/cursors.ts";
import { sweepOverdue } from "../../../worker/reaper/overdue.ts";
import { encodeSweep, type PodSweep, parseSweep } from "../../../worker/reaper/pod-sweep.ts";
import { sweepPods } from "../../../worker/reaper/pods.ts";
import { clearFaults, fault, pods } from "../object/cluster.ts";
import { eventually } from "../object/eventually.ts";
import { db } from "../object/person.ts";
import { minuteMs, type Shell, Stage } from "./stage.ts";

/** Small pages, so that a sweep has many of them. */
const step = { kind: "sweep-pods", page: 2, batch: 2 } as const;
const cursor = "reaper-pods";

let stage: Stage;

beforeEach(() => {
  stage = new Stage();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await clearFaults();
  await stage.close();
});

/** A sweep that has seen everything and suspects these. */
function listed(suspects: readonly Shell[]): PodSweep {
  return {
    startedAt: Date.now(),
    next: null,
    after: "",
    listed: true,
    pods: 100,
    orphans: suspects.length,
    suspects: suspects.map(({ podName, uid }) => ({ name: podName, uid })),
  };
}

async function sweep(changes: Parameters<Stage["world"]>[0] = {}, aheadMs?: number) {
  const world = await stage.world(changes, aheadMs);
  try {
    return await sweepPods(world, step);
  } finally {
    await world.turn.end();
  }
}

describe("pods that nobody has", () => {
  it("go once all pods were seen, in good order, and nobody else's do", async () => {
    const shells = await stage.shells(6);
    const [orphan] = await stage.orphans(1);
    const other = await stage.pod({ "limpet.dev/install": "another" });
    const database = await stage.pod({ "app.kubernetes.io/name": "database" });
    const ends = vi.spyOn(pods, "delete");
    expect(await sweep()).toEqual({ done: 1, failed: 0, left: 0 });
    expect(ends.mock.calls).toEqual([[orphan?.podName, orphan?.uid, 5]]);
    expect(await stage.standing([...shells, other, database])).toEqual(Array.from({ length: 8 }, () => true));
    expect(await readCursor(db, cursor)).toBeNull();
  });

  it("stay while they are young", async () => {
    await stage.shells(5);
    const orphans = await stage.orphans(1);
    expect(await sweep({}, 9 * minuteMs)).toEqual({ done: 0, failed: 0, left: 0 });
    expect(await stage.standing(orphans)).toEqual([true]);
  });

  it("stay, all of them, where they are more than a fifth: that is told, and the run fails", async () => {
    await stage.shells(5);
    const orphans = await stage.orphans(2);
    await expect(sweep()).rejects.toMatchObject({ alert: "ORPHANS", fields: { pods: 7, orphans: 2 } });
    expect(await stage.standing(orphans)).toEqual([true, true]);
    expect(await readCursor(db, cursor)).toBeNull();
  });

  it("stay where their record came meanwhile, or another pod has the name", async () => {
    const [late, replaced, gone] = await stage.orphans(3);
    if (late === undefined || replaced === undefined || gone === undefined) throw new Error("no pods");
    await stage.record(late);
    await pods.delete(gone.podName, gone.uid, 0);
    const before = { ...replaced, uid: "0f1e2d3c-0000-4000-8000-000000000001" };
    await writeCursor(db, cursor, encodeSweep(listed([late, before, gone])), Date.now());
    expect(await sweep()).toEqual({ done: 0, failed: 0, left: 0 });
    expect(await stage.standing([late, replaced])).toEqual([true, true]);
  });

  it("go although one of them cannot, which the next sweep finds again", async () => {
    const orphans = await stage.orphans(3);
    const [stuck] = orphans;
    await writeCursor(db, cursor, encodeSweep(listed(orphans)), Date.now());
    await fault({ type: "answer", status: 500, method: "DELETE", path: stuck?.podName, times: 1 });
    expect(await sweep()).toEqual({ done: 2, failed: 0, left: 0 });
    expect(await stage.standing(orphans)).toEqual([true, false, false]);
    await writeCursor(db, cursor, encodeSweep(listed(orphans)), Date.now());
    expect(await sweep()).toEqual({ done: 1, failed: 0, left: 0 });
    expect(await stage.standing(orphans)).toEqual([false, false, false]);
  });

  it("are not ended by a run that lost its lease, even between the look and the end", async () => {
    const orphans = await stage.orphans(1);
    await writeCursor(db, cursor, encodeSweep(listed(orphans)), Date.now());
    // Asked at each step whether it still has it.
    const world = await stage.world({ renewAfterMs: -1 });
    const look = vi.spyOn(pods, "get").mockImplementationOnce(async (name) => {
      await env.DB.prepare("update leases set holder = 'another run'").run();
      look.mockRestore();
      return pods.get(name);
    });
    expect(await sweepPods(world, step)).toEqual({ done: 0, failed: 0, left: 0 });
    expect(world.turn.lost).toBe(true);
    expect(await stage.standing(orphans)).toEqual([true]);
    expect(await readCursor(db, cursor)).not.toBeNull();
    await world.turn.end();
    expect(await env.DB.prepare("select holder from leases").first("holder")).toBe("another run");
  });
});

describe("a sweep over several runs", () => {
  it("goes on where the last one stopped, and decides when it has seen all", async () => {
    await stage.shells(7);
    const [orphan] = await stage.orphans(1);
    if (orphan === undefined) throw new Error("no pod");
    const seen: number[] = [];
    // A page costs a list and a read or two: this is room for one, or for the end.
    for (let run = 0; run < 12; run += 1) {
      await sweep({ calls: 5 });
      const kept = parseSweep((await readCursor(db, cursor)) ?? "");
      if (kept === null) break;
      seen.push(kept.pods);
    }
    expect(seen.length).toBeGreaterThan(2);
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(8);
    expect(await stage.stands(orphan)).toBe(false);
  });

  it("begins again where the cluster has forgotten the list (410)", async () => {
    await stage.shells(5);
    const [orphan] = await stage.orphans(1);
    if (orphan === undefined) throw new Error("no pod");
    await fault({ type: "answer", status: 410, path: "continue=", times: 1 });
    expect(await sweep()).toEqual({ done: 1, failed: 0, left: 0 });
    expect(await stage.stands(orphan)).toBe(false);
  });

  it("begins again where its cursor is damaged", async () => {
    await stage.shells(5);
    const [orphan] = await stage.orphans(1);
    if (orphan === undefined) throw new Error("no pod");
    await writeCursor(db, cursor, '{"next":7', Date.now());
    expect(await sweep()).toEqual({ done: 1, failed: 0, left: 0 });
    expect(await stage.stands(orphan)).toBe(false);
  });

  it("asks for a page again that fails, and stays there where it goes on failing", async () => {
    await stage.shells(3);
    await fault({ type: "cut-body", method: "GET", path: "continue=", times: 2 });
    expect(await sweep()).toEqual({ done: 0, failed: 0, left: 0 });
    await fault({ type: "answer", status: 503, method: "GET", path: "continue=", times: 4 });
    await expect(sweep()).rejects.toThrow("could not be listed");
    const kept = parseSweep((await readCursor(db, cursor)) ?? "");
    expect(kept).toMatchObject({ pods: 2, listed: false });
    expect(await sweep()).toEqual({ done: 0, failed: 0, left: 0 });
    expect(await readCursor(db, cursor)).toBeNull();
  });
});

describe("records and pods that do not fit", () => {
  it("are told to their objects, though one of them cannot take it", async () => {
    const [broken, well] = await stage.shells(2);
    const gone = await stage.shell();
    if (broken === undefined || well === undefined) throw new Error("no pods");
    await env.DB.prepare("update shells set phase = 'no phase' where user_id = ?").bind(broken.userId).run();
    await pods.delete(gone.podName, gone.uid, 0);
    await eventually(
      () => pods.get(gone.podName),
      (answer) => !answer.ok,
    );
    const done = await sweep();
    expect(done).toMatchObject({ failed: 0 });
    await env.DB.prepare("update shells set desired = 'no wish', updated_at = 1 where user_id = ?")
      .bind(broken.userId)
      .run();
    expect(await sweep()).toMatchObject({ failed: 1 });
    const phase = () =>
      env.DB.prepare("select phase from shells where user_id = ?").bind(gone.userId).first<string>("phase");
    expect(await eventually(phase, (word) => word === "failed")).toBe("failed");
    expect(await stage.stands(well)).toBe(true);
  });
});

describe("shells whose alarm was missed", () => {
  const overdue = { kind: "sweep-overdue", beforeMs: 0, batch: 2 } as const;

  it("are told to their objects, all of them, though the run is cut short and one cannot take it", async () => {
    const told: string[] = [];
    const people: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      const userId = `overdue-${number}`;
      people.push(userId);
      const shell = { userId, podName: `limpet-${userId}`, uid: "none" };
      await stage.record(shell, { expires_at: Date.now() - 5 * minuteMs });
    }
    await stage.record({ userId: "living", podName: "limpet-living", uid: "none" });
    const run = async (calls: number) => {
      const world = await stage.world({ calls });
      const objectOf = (userId: string) => ({
        sweep: async () => {
          told.push(userId);
          if (userId === "overdue-1") throw new Error("a bad row");
        },
        endSession: async () => {},
      });
      const done = await sweepOverdue({ ...world, objectOf }, { ...overdue, beforeMs: Date.now() - minuteMs });
      await world.turn.end();
      return done;
    };
    // A whole run of several batches leaves no cursor behind.
    expect(await run(100)).toMatchObject({ done: 4, failed: 1, left: 0 });
    expect(told).toEqual(people);
    expect(await readCursor(db, "reaper-overdue")).toBeNull();
    told.length = 0;
    expect(await run(8)).toMatchObject({ done: 2, failed: 1 });
    expect(await run(100)).toMatchObject({ left: 0 });
    expect(new Set(told)).toEqual(new Set(people));
    expect(await readCursor(db, "reaper-overdue")).toBeNull();
  });
});
