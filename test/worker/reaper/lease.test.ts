// Owns the proof that one run at a time has the lease, and what a run's bounds do to it.
// Must not know what a run does.

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { readCursor, writeCursor } from "../../../worker/db/cursors.ts";
import { releaseLease, renewLease, takeLease } from "../../../worker/db/leases.ts";
import { Turn, type TurnLimits } from "../../../worker/reaper/turn.ts";
import { db } from "../object/person.ts";

const limits: TurnLimits = { leaseMs: 60_000, renewAfterMs: 10_000, calls: 10, runMs: 45_000 };
const hourMs = 3_600_000;

afterEach(async () => {
  await env.DB.prepare("delete from leases").run();
});

describe("a lease", () => {
  it("is one holder's, however many ask at once", async () => {
    const asked = Array.from({ length: 20 }, (_, holder) => takeLease(db, "one", `holder ${holder}`, hourMs));
    const taken = await Promise.all(asked);
    expect(taken.filter(Boolean)).toHaveLength(1);
    expect(await takeLease(db, "another", "holder", hourMs)).toBe(true);
  });

  it("is not even its own holder's a second time", async () => {
    expect(await takeLease(db, "one", "a", hourMs)).toBe(true);
    expect(await takeLease(db, "one", "a", hourMs)).toBe(false);
  });

  it("is free when its time is over, and cannot be renewed then", async () => {
    expect(await takeLease(db, "one", "a", 0)).toBe(true);
    expect(await renewLease(db, "one", "a", hourMs)).toBe(false);
    expect(await takeLease(db, "one", "b", hourMs)).toBe(true);
    expect(await renewLease(db, "one", "a", hourMs)).toBe(false);
    expect(await renewLease(db, "one", "b", hourMs)).toBe(true);
  });

  it("is given back by its holder only", async () => {
    await takeLease(db, "one", "a", hourMs);
    await releaseLease(db, "one", "b");
    expect(await takeLease(db, "one", "b", hourMs)).toBe(false);
    await releaseLease(db, "one", "a");
    expect(await takeLease(db, "one", "b", hourMs)).toBe(true);
  });
});

describe("a turn", () => {
  it("is not begun while another goes on, and leaves the place free at its end", async () => {
    const turn = await Turn.begin(db, "one", limits, Date.now);
    expect(await Turn.begin(db, "one", limits, Date.now)).toBeNull();
    await turn?.end();
    expect(await Turn.begin(db, "one", limits, Date.now)).not.toBeNull();
  });

  it("stops at its calls", async () => {
    const turn = await Turn.begin(db, "one", limits, Date.now);
    expect(await turn?.mayTake(7)).toBe(true);
    expect(await turn?.mayTake(4)).toBe(false);
    expect(await turn?.mayTake(3)).toBe(true);
    expect(await turn?.mayTake(1)).toBe(false);
    expect(turn?.calls).toBe(10);
  });

  it("stops at its time", async () => {
    let nowMs = 0;
    const turn = await Turn.begin(db, "one", limits, () => nowMs);
    nowMs = limits.runMs - 1;
    expect(await turn?.mayTake(1)).toBe(true);
    nowMs = limits.runMs;
    expect(await turn?.mayTake(1)).toBe(false);
    expect(turn?.lost).toBe(false);
  });

  it("keeps its lease while it goes on, with one renewal for all who ask", async () => {
    let nowMs = 0;
    const turn = await Turn.begin(db, "one", limits, () => nowMs);
    await env.DB.prepare("update leases set until = until - 50000").run();
    nowMs = limits.renewAfterMs + 1;
    expect(await Promise.all([turn?.mayTake(1), turn?.mayTake(1), turn?.mayTake(1)])).toEqual([true, true, true]);
    // Three of its own and the renewal.
    expect(turn?.calls).toBe(4);
    expect(await takeLease(db, "one", "b", hourMs)).toBe(false);
    const until = await env.DB.prepare("select until from leases").first<number>("until");
    expect(until).toBeGreaterThan(Date.now() + limits.leaseMs - 10_000);
  });

  it.each([
    ["another has it", "update leases set holder = 'b'"],
    ["its time was over", "update leases set until = 1"],
    ["its row is gone", "delete from leases"],
  ])("is lost where %s", async (_why, statement) => {
    let nowMs = 0;
    const turn = await Turn.begin(db, "one", limits, () => nowMs);
    await env.DB.prepare(statement).run();
    nowMs = limits.renewAfterMs + 1;
    expect(await turn?.mayTake(1)).toBe(false);
    expect(turn?.lost).toBe(true);
  });

  it("is lost where D1 does not say", async () => {
    let nowMs = 0;
    const turn = await Turn.begin(db, "one", limits, () => nowMs);
    await env.DB.prepare("alter table leases rename to leases_away").run();
    nowMs = limits.renewAfterMs + 1;
    const may = await turn?.mayTake(1);
    await env.DB.prepare("alter table leases_away rename to leases").run();
    expect(may).toBe(false);
    expect(turn?.lost).toBe(true);
  });
});

describe("a cursor", () => {
  it("is what was written last, until it is taken away", async () => {
    expect(await readCursor(db, "one")).toBeNull();
    await writeCursor(db, "one", "here", 1);
    await writeCursor(db, "one", "there", 2);
    await writeCursor(db, "two", "elsewhere", 2);
    expect(await readCursor(db, "one")).toBe("there");
    await writeCursor(db, "one", null, 3);
    expect(await readCursor(db, "one")).toBeNull();
    expect(await readCursor(db, "two")).toBe("elsewhere");
  });
});
