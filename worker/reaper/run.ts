// Owns the run of the clock: carries out the plan under its lease, one step after the other.
// Must not know why a step is wanted or how it is done.

import { configOf } from "../config.ts";
import { openDatabase } from "../db/database.ts";
import { PodClient } from "../kubernetes/pods.ts";
import { ClusterClient } from "../kubernetes/request.ts";
import { describeError, log } from "../log.ts";
import { clusterSettings } from "../shells/settings.ts";
import { deleteEvents } from "./events.ts";
import { expire, reseal } from "./kept.ts";
import { noteReaperRun } from "./last-run.ts";
import { sweepOverdue } from "./overdue.ts";
import { planReaper, type ReaperStep, turnLimits } from "./plan.ts";
import { sweepPods } from "./pods.ts";
import { closeRevokedSockets, deleteSessions } from "./sessions.ts";
import { SweptShells } from "./swept-shell.ts";
import { Turn } from "./turn.ts";
import { type Done, ReaperAlert, type ReaperWorld } from "./world.ts";

const leaseName = "reaper";

/**
 * Called by the cron trigger, for the minute `nowMs`. Where another run is still under way it does nothing. Rejects after
 * all steps where one failed or there is an alert, so that the platform shows the run as failed.
 */
export async function runReaper(env: Env, nowMs: number): Promise<void> {
  const db = openDatabase(env);
  const turn = await Turn.begin(db, leaseName, turnLimits, Date.now);
  if (turn === null) {
    log("info", "reaper-busy");
    return;
  }
  const startedMs = Date.now();
  const failed: string[] = [];
  try {
    const world = makeWorld(env, nowMs, turn);
    for (const step of planReaper(nowMs)) {
      if (turn.lost) break;
      if (!(await carriedOut(world, step))) failed.push(step.kind);
    }
    if (turn.lost) log("warn", "reaper-lease-lost", { calls: turn.calls });
    log("info", "reaper-run", { calls: turn.calls, ms: Date.now() - startedMs, failed: failed.length });
    if (!turn.lost) await noteReaperRun(db, { atMs: Date.now(), failed });
  } finally {
    await turn.end();
  }
  if (failed.length > 0) throw new Error(`the reaper failed at ${failed.join(", ")}`);
}

function makeWorld(env: Env, nowMs: number, turn: Turn): ReaperWorld {
  const db = openDatabase(env);
  const config = configOf(env);
  return {
    env,
    db,
    shells: new SweptShells(db, env.DB.withSession("first-primary")),
    pods: new PodClient(new ClusterClient(clusterSettings(config), "limpet:reaper", Date.now)),
    config,
    objectOf: (userId) => env.USER_SHELL.get(env.USER_SHELL.idFromName(userId)),
    nowMs,
    turn,
  };
}

/** False where something of it is to be looked at; it is in the log. */
async function carriedOut(world: ReaperWorld, step: ReaperStep): Promise<boolean> {
  try {
    const { done, failed, left } = await runStep(world, step);
    if (done + failed + left > 0) log("info", "reaper", { step: step.kind, done, failed, left });
    return failed === 0;
  } catch (error) {
    if (error instanceof ReaperAlert) {
      log("error", "reaper-alert", { step: step.kind, alert: error.alert, message: error.message, ...error.fields });
    } else {
      log("error", "reaper", { step: step.kind, ...describeError(error) });
    }
    return false;
  }
}

function runStep(world: ReaperWorld, step: ReaperStep): Promise<Done> {
  switch (step.kind) {
    case "close-revoked-sockets":
      return closeRevokedSockets(world, step);
    case "sweep-overdue":
      return sweepOverdue(world, step);
    case "sweep-pods":
      return sweepPods(world, step);
    case "delete-ended-sessions":
      return deleteSessions(world, step);
    case "delete-old-events":
      return deleteEvents(world, step);
    case "expire-snapshots":
      return expire(world, step);
    case "reseal":
      return reseal(world, step);
  }
}
