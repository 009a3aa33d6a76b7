// Owns the reaper's step for events: those that are old go, and those beyond what one person may have.
// Must not know how long or how many are kept.

import { readCursor, writeCursor } from "../db/cursors.ts";
import { deleteEventsBeyond, deleteOldEvents } from "../db/events.ts";
import { listUserIds } from "../db/users.ts";
import type { ReaperStep } from "./plan.ts";
import { type Done, nothingDone, type ReaperWorld } from "./world.ts";

type Step = Extract<ReaperStep, { kind: "delete-old-events" }>;

/** The id of the last person who was looked at. */
const cursorName = "reaper-events";

export async function deleteEvents(world: ReaperWorld, step: Step): Promise<Done> {
  const { db } = world;
  const old = await inBatches(world, step, () => deleteOldEvents(db, step.beforeMs, step.batch));
  return { ...nothingDone, done: old.deleted + (await deleteSurplus(world, step)) };
}

/** Some people in each run, in the order of their ids: to count all events each minute would read every row of them. */
async function deleteSurplus(world: ReaperWorld, step: Step): Promise<number> {
  const { db, turn, nowMs } = world;
  if (!(await turn.mayTake(3))) return 0;
  const before = await readCursor(db, cursorName);
  const after = before ?? "";
  const people = await listUserIds(db, after, step.people);
  const last = people.at(-1);
  const { deleted, whole } =
    last === undefined
      ? { deleted: 0, whole: true }
      : await inBatches(world, step, () => deleteEventsBeyond(db, { after, last }, step.keep, step.batch));
  // The next run goes on with the same people where there is more of theirs.
  const next = people.length < step.people ? null : (last ?? null);
  if (whole && next !== before) await writeCursor(db, cursorName, next, nowMs);
  return deleted;
}

/** `whole`: nothing is left of what was to be deleted. */
async function inBatches(
  { turn }: ReaperWorld,
  { batch, maxBatches }: Step,
  deleteBatch: () => Promise<number>,
): Promise<{ readonly deleted: number; readonly whole: boolean }> {
  let deleted = 0;
  for (let round = 0; round < maxBatches && (await turn.mayTake(1)); round += 1) {
    const count = await deleteBatch();
    deleted += count;
    if (count < batch) return { deleted, whole: true };
  }
  return { deleted, whole: false };
}
