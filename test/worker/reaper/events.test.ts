// Owns the proof of which events go and which stay, in rounds that are bounded and go on where the last one stopped.
// Must not know how often that is done, or how many an installation keeps.

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCursor } from "../../../worker/db/cursors.ts";
import { listEvents, recordEvent } from "../../../worker/db/events.ts";
import { deleteEvents } from "../../../worker/reaper/events.ts";
import { db } from "../object/person.ts";
import { Stage } from "./stage.ts";

const beforeMs = 1_700_000_000_000;
const step = { kind: "delete-old-events", beforeMs, keep: 3, people: 2, batch: 4, maxBatches: 2 } as const;

let stage: Stage;

/** The tables are these tests' alone while one of them runs. */
beforeEach(async () => {
  stage = new Stage();
  await env.DB.batch([env.DB.prepare("delete from users"), env.DB.prepare("delete from cursors")]);
});

afterEach(() => stage.close());

/** Someone to whom something happened at these moments (milliseconds after `beforeMs`). */
async function person(userId: string, ...moments: readonly number[]): Promise<void> {
  await env.DB.prepare("insert into users (id, issuer, subject) values (?, 'https://issuer.test', ?)")
    .bind(userId, userId)
    .run();
  for (const ms of moments) {
    await recordEvent(db, { userId, shellId: null, type: "WORK_SAVED", message: `${ms}` }, beforeMs + ms);
  }
}

/** What is left, newest first. */
async function left(userId: string): Promise<number[]> {
  const events = await listEvents(db, { userId, limit: 100, olderThan: null });
  return events.map(({ message }) => Number(message));
}

async function run(calls = 100): Promise<number> {
  const world = await stage.world({ calls });
  try {
    const { done } = await deleteEvents(world, step);
    return done;
  } finally {
    await world.turn.end();
  }
}

describe("an event", () => {
  it("goes when it is old, to the millisecond", async () => {
    await person("a", -90_000_000, -1, 0, 1);
    await person("b", 5);
    expect(await run()).toBe(2);
    expect([await left("a"), await left("b")]).toEqual([[1, 0], [5]]);
  });

  it("goes when its person has enough newer ones; nobody else's count", async () => {
    await person("a", 1, 2, 3, 4, 4);
    await person("b", 1, 2, 3);
    expect(await run()).toBe(2);
    expect([await left("a"), await left("b")]).toEqual([
      [4, 4, 3],
      [3, 2, 1],
    ]);
  });
});

describe("a run", () => {
  it("deletes no more than it may, the oldest first; the next one goes on", async () => {
    await person("a", ...Array.from({ length: 19 }, (_, at) => at - 19));
    expect(await run()).toBe(8 + 8);
    expect(await left("a")).toEqual([-1, -2, -3]);
    expect(await run()).toBe(3);
    expect(await left("a")).toEqual([]);
  });

  it("looks at some people, and the next one at those after them, until all had their turn", async () => {
    const people = ["a", "b", "c", "d"];
    for (const id of people) await person(id, 1, 2, 3, 4, 5);
    expect([await run(), await readCursor(db, "reaper-events")]).toEqual([4, "b"]);
    expect([await run(), await readCursor(db, "reaper-events")]).toEqual([4, "d"]);
    expect([await run(), await readCursor(db, "reaper-events")]).toEqual([0, null]);
    for (const id of people) expect(await left(id)).toEqual([5, 4, 3]);
  });

  it("stays with people of whom there is more to delete, and with those whom it was cut off at", async () => {
    await person("a", ...Array.from({ length: 15 }, (_, at) => at));
    await person("b", 1, 2, 3, 4);
    await person("c", 1, 2, 3, 4);
    expect([await run(), await readCursor(db, "reaper-events")]).toEqual([8, null]);
    // The old ones are looked for with one call, the three others leave none for a batch.
    expect([await run(4), await readCursor(db, "reaper-events")]).toEqual([0, null]);
    expect([await run(), await readCursor(db, "reaper-events")]).toEqual([5, "b"]);
    expect([await run(), await readCursor(db, "reaper-events")]).toEqual([1, null]);
    for (const id of ["a", "b", "c"]) expect(await left(id)).toHaveLength(3);
  });
});
