// Owns the run of the clock: carries out the plan, one step after the other.
// Must not know why a step is wanted or how much of it.

import { openDatabase } from "../db/database.ts";
import { deleteEndedSessions, listRevokedSessions } from "../db/sessions.ts";
import { describeError, log } from "../log.ts";
import { planReaper, type ReaperStep } from "./plan.ts";

type ReaperEnv = Pick<Env, "DB" | "USER_SHELL">;

/** Called by the cron trigger. Rejects after all steps where one failed, so that the platform shows the run as failed. */
export async function runReaper(env: ReaperEnv, nowMs: number): Promise<void> {
  const failed: string[] = [];
  for (const step of planReaper(nowMs)) {
    try {
      const done = await runStep(env, step);
      if (done > 0) log("info", "reaper", { step: step.kind, done });
    } catch (error) {
      failed.push(step.kind);
      log("error", "reaper", { step: step.kind, ...describeError(error) });
    }
  }
  if (failed.length > 0) throw new Error(`the reaper failed at ${failed.join(", ")}`);
}

/** @returns how many things it did. */
function runStep(env: ReaperEnv, step: ReaperStep): Promise<number> {
  switch (step.kind) {
    case "close-revoked-sockets":
      return closeRevokedSockets(env, step);
    case "delete-ended-sessions":
      return deleteSessions(env, step);
  }
}

async function closeRevokedSockets(
  env: ReaperEnv,
  step: Extract<ReaperStep, { kind: "close-revoked-sockets" }>,
): Promise<number> {
  const revoked = await listRevokedSessions(openDatabase(env), step.afterMs, step.limit);
  let failed = 0;
  for (const { id, userId } of revoked) {
    try {
      await env.USER_SHELL.get(env.USER_SHELL.idFromName(userId)).endSession(id);
    } catch (error) {
      failed += 1;
      log("error", "reaper", { step: step.kind, user: userId, ...describeError(error) });
    }
  }
  if (failed > 0) throw new Error(`${failed} of ${revoked.length} objects did not take the end of a session`);
  return revoked.length;
}

async function deleteSessions(
  env: ReaperEnv,
  step: Extract<ReaperStep, { kind: "delete-ended-sessions" }>,
): Promise<number> {
  const db = openDatabase(env);
  let deleted = 0;
  for (let round = 0; round < step.maxBatches; round += 1) {
    const count = await deleteEndedSessions(db, step.beforeMs, step.batch);
    deleted += count;
    if (count < step.batch) break;
  }
  return deleted;
}
