// Owns the reaper's steps for sign-in sessions: sockets of revoked ones close, ended ones go.
// Must not know when they are due or how many at a time.

import { deleteEndedSessions, listRevokedSessions } from "../db/sessions.ts";
import { describeError, log } from "../log.ts";
import { doEach } from "./each.ts";
import type { ReaperStep } from "./plan.ts";
import { type Done, nothingDone, type ReaperWorld } from "./world.ts";

export async function closeRevokedSockets(
  { db, objectOf, turn }: ReaperWorld,
  step: Extract<ReaperStep, { kind: "close-revoked-sockets" }>,
): Promise<Done> {
  if (!(await turn.mayTake(1))) return nothingDone;
  const revoked = await listRevokedSessions(db, step.afterMs, step.limit);
  const { done, failed, left } = await doEach(
    revoked,
    () => turn.mayTake(1),
    async ({ id, userId }) => {
      await objectOf(userId).endSession(id);
      return true;
    },
  );
  for (const { item, error } of failed) {
    log("error", "reaper", { step: step.kind, user: item.userId, ...describeError(error) });
  }
  return { done, failed: failed.length, left };
}

export async function deleteSessions(
  { db, turn }: ReaperWorld,
  step: Extract<ReaperStep, { kind: "delete-ended-sessions" }>,
): Promise<Done> {
  let done = 0;
  for (let round = 0; round < step.maxBatches && (await turn.mayTake(1)); round += 1) {
    const count = await deleteEndedSessions(db, step.beforeMs, step.batch);
    done += count;
    if (count < step.batch) break;
  }
  return { ...nothingDone, done };
}
