// Owns the reaper's steps for what is kept at the edge: old snapshots go, secrets under an older key are sealed anew.
// Must not know how either is done.

import { log } from "../log.ts";
import { resealBatch } from "../sealing/reseal.ts";
import { expireSnapshots } from "../snapshots/remove.ts";
import type { ReaperStep } from "./plan.ts";
import { type Done, nothingDone, type ReaperWorld } from "./world.ts";

/** Calls of one round beside those of its rows: lists, cursors, deletes. */
const callsOfRound = 8;

/** Snapshots whose time is over, and objects in the bucket that nobody has. */
export async function expire(
  { env, turn }: ReaperWorld,
  step: Extract<ReaperStep, { kind: "expire-snapshots" }>,
): Promise<Done> {
  let done = 0;
  for (let round = 0; round < step.maxBatches && (await turn.mayTake(callsOfRound)); round += 1) {
    const gone = await expireSnapshots(env, step.nowMs, step.batch);
    done += gone.expired + gone.orphans;
    if (gone.done) break;
  }
  return { ...nothingDone, done };
}

/** A row that cannot be opened is told of at each round of all rows: its key is missing, and without it what it seals is lost. */
export async function reseal({ env, turn }: ReaperWorld, step: Extract<ReaperStep, { kind: "reseal" }>): Promise<Done> {
  let done = 0;
  let failed = 0;
  for (let round = 0; round < step.maxBatches && (await turn.mayTake(callsOfRound + step.batch)); round += 1) {
    const batch = await resealBatch(env, step.batch);
    done += batch.resealed;
    failed += batch.unreadable.length;
    for (const message of batch.unreadable) log("error", "reaper", { step: step.kind, error: message });
    if (batch.done) break;
  }
  return { done, failed, left: 0 };
}
