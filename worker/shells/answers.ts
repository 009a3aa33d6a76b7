// Owns what a cluster's answer does to a shell's life: the next record, the next call, and what is told of it.
// Must not know what was wished for beyond the record, the database, the network or a clock.

import type { ClusterFailure } from "../kubernetes/failure.ts";
import { clusterError, isInDoubt, isPassing, isQuota } from "../kubernetes/failure.ts";
import { noConditions } from "../kubernetes/pod-state.ts";
import {
  type ClusterCall,
  type ClusterHeard,
  doubtMs,
  type FoundPod,
  type Life,
  type Living,
  lags,
  lookAt,
  type Moment,
  renew,
  type Step,
} from "./life.ts";
import { mostFailures, mostQuotaFailures, nextLookMs, retryMs } from "./pace.ts";
import type { ShellRecord } from "./shell-record.ts";

/** A shell that cannot be deleted, or whose state cannot be read, is tried again this often. */
const slowRetryMs = 60_000;

const podGone = {
  phase: "failed",
  reason: "PodGone",
  detail: "The shell's pod is gone: its node was lost, or somebody deleted it. Start it again to get a new one.",
} as const;

const podBefore = { reason: "Terminating", detail: "The pod before this one is ending." } as const;

function nameTaken(podName: string) {
  return {
    phase: "failed",
    reason: "NameTaken",
    detail: `A pod ${podName} that is not Limpet's is in the way. Tell whoever runs the cluster.`,
  } as const;
}

/** What `call` brought. */
export function heard(life: Life, call: ClusterCall, what: ClusterHeard, moment: Moment): Step {
  const { record } = life;
  const { nowMs } = moment;
  // The shell was given up while this was under way: only a create may have left something behind.
  if (record === null) return { life: { ...life, next: null }, events: [] };
  switch (what.type) {
    case "failed":
      return heardFailure({ ...life, record }, call, what.failure, moment);
    case "taken":
    case "other":
      return { life: { ...life, next: lookLater(life, nowMs) }, events: [] };
    case "ending":
      return { life: { ...life, failures: 0, next: lookLater(life, nowMs) }, events: [] };
    case "missing":
      return heardMissing({ ...life, record, failures: 0 }, moment);
    case "pod":
      return heardPod({ ...life, record, failures: 0, labelled: what.pod.expiresAt }, call, what.pod, moment);
  }
}

function heardMissing(life: Living, moment: Moment): Step {
  const { record } = life;
  const { nowMs } = moment;
  if (record.desired !== "present") {
    if (nowMs < life.doubtUntilMs) return { life: { ...life, next: lookLater(life, nowMs) }, events: [] };
    return {
      life: { ...life, record: null, next: null },
      events: [{ type: "SHELL_DELETED", shellId: record.id, message: "The shell was ended and its pod is gone." }],
    };
  }
  const gone: Living = { ...life, record: { ...record, podUid: null, conditions: noConditions } };
  const create = { call: { type: "create" }, atMs: nowMs } as const;
  if (record.phase === "creating") return { life: { ...gone, next: create }, events: [] };
  if (life.recreate) return renew(gone, create, moment);
  if (record.phase === "failed") return { life: { ...gone, next: null }, events: [] };
  return fail(gone, podGone, null);
}

function heardPod(life: Living, call: ClusterCall, pod: FoundPod, moment: Moment): Step {
  const { record } = life;
  const { nowMs } = moment;
  if (!pod.ours) {
    if (record.desired !== "present") return heardMissing(life, moment);
    return fail({ ...life, record: { ...record, podUid: null } }, nameTaken(record.podName), null);
  }
  const { state } = pod;
  const known: Living = { ...life, record: { ...record, podUid: pod.uid, conditions: state.conditions } };
  const atItsEnd = state.phase === "failed" || state.phase === "stopping";
  const end: ClusterCall = { type: "delete", uid: pod.uid };
  const next = state.phase === "stopping" ? lookLater(life, nowMs) : { call: end, atMs: nowMs };
  if (record.desired !== "present") {
    return { life: { ...known, record: { ...known.record, phase: "stopping" }, next }, events: [] };
  }
  if (record.phase === "creating" && atItsEnd && call.type !== "create") {
    return { life: { ...known, record: { ...known.record, ...podBefore }, next }, events: [] };
  }
  if (life.recreate && atItsEnd) return renew(known, next, moment);
  return follow(known, call, pod, nowMs);
}

/** The pod is wanted and there: the record says of it what the cluster says. */
function follow(life: Living, call: ClusterCall, pod: FoundPod, nowMs: number): Step {
  const { state } = pod;
  const before = life.record;
  const record: ShellRecord = { ...before, phase: state.phase, reason: state.reason, detail: state.detail };
  const movingSinceMs = before.phase === "ready" && state.phase !== "ready" ? nowMs : life.movingSinceMs;
  const moved: Living = { ...life, record, recreate: false, movingSinceMs };
  if (state.phase === "ready") {
    // A label that was just written and is not there will not be there the next time either.
    const label = call.type !== "label" && lags(pod.expiresAt, record.expiresAt);
    const next = label ? { call: { type: "label", uid: pod.uid } as const, atMs: nowMs } : null;
    const first = before.phase !== "ready";
    return {
      life: { ...moved, next },
      events: first ? [{ type: "SHELL_READY", shellId: record.id, message: "The shell is ready." }] : [],
    };
  }
  if (state.phase === "failed") {
    const why = { phase: "failed", reason: state.reason, detail: state.detail } as const;
    // What the kubelet still tries may come right by itself; what has ended has ended.
    const next = state.ended ? null : lookAt(nowMs + slowRetryMs);
    return fail({ ...moved, record: { ...record, phase: before.phase } }, why, next);
  }
  return { life: { ...moved, next: lookLater(moved, nowMs) }, events: [] };
}

function heardFailure(life: Living, call: ClusterCall, why: ClusterFailure, moment: Moment): Step {
  const { record } = life;
  const { nowMs, random } = moment;
  const failures = life.failures + 1;
  const error = clusterError(why);
  const told: ShellRecord = { ...record, reason: why.reason ?? error.code, detail: error.message };
  const most = isQuota(why) ? mostQuotaFailures : isPassing(why) ? mostFailures : 1;
  const doubtUntilMs = call.type === "create" && isInDoubt(why) ? nowMs + doubtMs : life.doubtUntilMs;
  const later = { ...life, failures, doubtUntilMs };
  // The wish may have changed while the call was under way: nothing is created that nobody wants, nor the reverse.
  const stale = call.type === (record.desired !== "present" ? "create" : "delete");
  const again: ClusterCall = stale ? { type: "look" } : call;
  const retry = { call: again, atMs: nowMs + Math.max(why.retryAfterMs ?? 0, retryMs(failures, random)) };

  // A label is a convenience for the reaper: the next look tries again.
  if (call.type === "label") return { life: { ...later, failures: 0, next: null }, events: [] };
  // What cannot be seen has not changed: the phase stays, the person is told.
  if (call.type === "look" && record.desired === "present" && record.phase !== "creating") {
    const next = failures < most ? retry : lookAt(nowMs + slowRetryMs);
    return { life: { ...later, record: told, next }, events: [] };
  }
  if (failures < most) return { life: { ...later, record: told, next: retry }, events: [] };
  // Given up, but for what must not be left behind: a pod that nobody wants is asked to end until it is gone.
  const next = record.desired !== "present" ? { call: again, atMs: nowMs + slowRetryMs } : null;
  return fail(later, { phase: "failed", reason: told.reason, detail: told.detail }, next);
}

function fail(life: Living, why: Pick<ShellRecord, "phase" | "reason" | "detail">, next: Life["next"]): Step {
  const { record } = life;
  const known = record.phase === "failed" && record.reason === why.reason;
  return {
    life: { ...life, record: { ...record, ...why }, next, recreate: false },
    events: known ? [] : [{ type: "SHELL_FAILED", shellId: record.id, message: why.detail ?? "The shell failed." }],
  };
}

function lookLater(life: Life, nowMs: number): Life["next"] {
  return lookAt(nowMs + nextLookMs(nowMs - life.movingSinceMs));
}
