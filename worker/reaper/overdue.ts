// Owns the reaper's step for shells whose alarm was missed: their objects are told.
// Must not know what an object does then.

import { readCursor, writeCursor } from "../db/cursors.ts";
import type { ReaperStep } from "./plan.ts";
import { type Done, nothingDone, type ReaperWorld, sumOf, tellObjects } from "./world.ts";

const cursorName = "reaper-overdue";

/**
 * From where the last run stopped to the end, in the order of people's ids: shells that cannot be ended keep nobody after
 * them from their turn.
 */
export async function sweepOverdue(
  world: ReaperWorld,
  step: Extract<ReaperStep, { kind: "sweep-overdue" }>,
): Promise<Done> {
  const { db, shells, turn, nowMs } = world;
  let sum = nothingDone;
  let after = (await turn.mayTake(1)) ? ((await readCursor(db, cursorName)) ?? "") : "";
  while (await turn.mayTake(2)) {
    const overdue = await shells.listOverdue(step.beforeMs, after, step.batch);
    const told = await tellObjects(
      world,
      step.kind,
      overdue.map(({ userId }) => userId),
    );
    sum = sumOf(sum, told);
    // The next run begins with the ones that were left.
    if (told.left > 0) break;
    const last = overdue.length < step.batch ? null : (overdue.at(-1)?.userId ?? null);
    if (last !== null || after !== "") await writeCursor(db, cursorName, last, nowMs);
    if (last === null) break;
    after = last;
  }
  return sum;
}
