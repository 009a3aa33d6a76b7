// Owns what a wish does to a shell's life: to have one, to have none, to use it, to look at it.
// Must not know what a cluster answers, the database, the network or a clock.

import { noConditions } from "../kubernetes/pod-state.ts";
import {
  type ClusterCall,
  type Life,
  lags,
  lookAt,
  type Moment,
  newTimes,
  type Rules,
  renew,
  type Step,
} from "./life.ts";
import { nothingSetUp, podNameOf, type ShellRecord } from "./shell-record.ts";

/** An expiry that moved by less is not written: it would cost a row each time. */
export const expiryStepMs = 60_000;

/** Somebody wants a shell. Where there is one, it stays; where its pod is gone or broken, it gets a new one. */
export function wishPresent(life: Life, userId: string, newId: string, moment: Moment): Step {
  const { record } = life;
  const { nowMs } = moment;
  if (record === null || record.desired !== "present") {
    const created: ShellRecord = {
      id: newId,
      userId,
      podName: podNameOf(userId),
      podUid: record?.podUid ?? null,
      desired: "present",
      phase: "creating",
      reason: null,
      detail: null,
      conditions: noConditions,
      ...newTimes(moment),
      ...nothingSetUp,
      createdAt: nowMs,
    };
    // Where one is still ending, only a look says when its name is free.
    const call: ClusterCall = record === null ? { type: "create" } : { type: "look" };
    return {
      life: {
        ...life,
        record: created,
        next: { call, atMs: nowMs },
        failures: 0,
        movingSinceMs: nowMs,
        recreate: false,
      },
      events: [{ type: "SHELL_CREATED", shellId: newId, message: "A shell was asked for." }],
    };
  }
  if (record.phase === "failed") {
    return renew({ ...life, record, failures: 0 }, lookAt(nowMs), moment);
  }
  // As far as is known all is well; a look finds out whether it is.
  return { life: { ...life, next: soonest(life, nowMs), recreate: true }, events: [] };
}

/** Nobody wants the shell any more. */
export function wishAbsent(life: Life, why: "asked" | "expired", nowMs: number): Step {
  const { record } = life;
  if (record === null) return { life, events: [] };
  if (record.desired !== "present" && record.phase !== "failed") return { life, events: [] };
  const call: ClusterCall = record.podUid === null ? { type: "look" } : { type: "delete", uid: record.podUid };
  const expired = why === "expired" || (record.desired !== "present" && record.reason === "Expired");
  const stopping: ShellRecord = {
    ...record,
    desired: "deleted",
    phase: "stopping",
    reason: expired ? "Expired" : null,
    detail: expired ? "The shell's time is over: it is being ended." : "The shell is being ended.",
  };
  return {
    life: {
      ...life,
      record: stopping,
      next: { call, atMs: nowMs },
      failures: 0,
      movingSinceMs: nowMs,
      recreate: false,
    },
    events:
      why === "expired" && record.desired === "present"
        ? [{ type: "SHELL_EXPIRED", shellId: record.id, message: "The shell's time was over." }]
        : [],
  };
}

/** The shell is used: its end moves away, as far as the longest life lets it. */
export function used(life: Life, rules: Rules, nowMs: number): Life {
  const { record } = life;
  if (record === null || record.desired !== "present") return life;
  const expiresAt = Math.min(nowMs + rules.idleMs, record.startedAt + rules.lifeMs);
  if (expiresAt - record.expiresAt < expiryStepMs) return life;
  const { podUid: uid } = record;
  const label = record.phase === "ready" && uid !== null && life.next === null && lags(life.labelled, expiresAt);
  const next = label ? { call: { type: "label", uid } as const, atMs: nowMs } : life.next;
  return { ...life, record: { ...record, expiresAt }, next };
}

/** Look at the pod now (something happened to it, perhaps), unless a call is due by then anyway. */
export function lookNow(life: Life, nowMs: number): Life {
  return life.record === null ? life : { ...life, next: soonest(life, nowMs) };
}

/** The next call now; a look where there is none. */
function soonest(life: Life, nowMs: number): Life["next"] {
  return life.next === null ? lookAt(nowMs) : { call: life.next.call, atMs: Math.min(nowMs, life.next.atMs) };
}
