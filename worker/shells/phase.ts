// Owns the rules of a shell's life: from a wish, an answer of the cluster or the time to the next record and call.
// Must not know the database, the network or a clock: all of it is passed in.

import type { ClusterFailure } from "../kubernetes/failure.ts";
import { clusterError, isInDoubt, isPassing, isQuota } from "../kubernetes/failure.ts";
import { noConditions, type PodState } from "../kubernetes/pod-state.ts";
import { mostFailures, mostQuotaFailures, nextLookMs, retryMs } from "./pace.ts";
import { podNameOf, type ShellRecord } from "./shell-record.ts";

/** The one call to the cluster that comes next. At most one is under way at a time. */
export type ClusterCall =
  | { readonly type: "look" }
  | { readonly type: "create" }
  /** Only ever this very pod. */
  | { readonly type: "delete"; readonly uid: string }
  /** Writes the record's expiry on the pod, so that whoever finds it without a record knows when it may go. */
  | { readonly type: "label"; readonly uid: string };

/** A pod as a call found it. */
export interface FoundPod {
  readonly uid: string;
  /** It carries this installation's and this person's labels. */
  readonly ours: boolean;
  /** What its label `expires-at` says, in unix milliseconds; null where it says nothing. */
  readonly expiresAt: number | null;
  readonly state: PodState;
}

export type ClusterHeard =
  | { readonly type: "pod"; readonly pod: FoundPod }
  /** There is no pod of that name. */
  | { readonly type: "missing" }
  /** The create found the name taken (409): look at who has it. */
  | { readonly type: "taken" }
  /** The delete was taken: it ends. */
  | { readonly type: "ending" }
  /** The delete or label found another pod in its place (409, 422). */
  | { readonly type: "other" }
  | { readonly type: "failed"; readonly failure: ClusterFailure };

export interface Rules {
  /** A shell that nobody uses ends after this long. */
  readonly idleMs: number;
  /** Every pod ends after this long. */
  readonly lifeMs: number;
}

/** A line for the person's own list of events. */
export interface ShellEvent {
  readonly type:
    | "SHELL_CREATED"
    | "SHELL_REBOOTED"
    | "SHELL_READY"
    | "SHELL_FAILED"
    | "SHELL_EXPIRED"
    | "SHELL_DELETED";
  readonly shellId: string;
  readonly message: string;
}

/** The record and what is not worth keeping: lost with the object, found again by looking. */
export interface Life {
  /** Null: there is no shell. */
  readonly record: ShellRecord | null;
  /** What to ask of the cluster next, and when (unix milliseconds); null: nothing. */
  readonly next: { readonly call: ClusterCall; readonly atMs: number } | null;
  /** Failed calls in a row. */
  readonly failures: number;
  /** Since when the shell has been on its way to where it is wanted: the pace of looking follows it. */
  readonly movingSinceMs: number;
  /** Until then "no such pod" is not the last word: a create whose answer was lost may still be carried out. */
  readonly doubtUntilMs: number;
  /** A person asked for a running shell: if the pod is found to be gone or at its end, it is created again. */
  readonly recreate: boolean;
  /** The pod's label `expires-at` as last seen, in unix milliseconds. */
  readonly labelled: number | null;
}

/** What a step may lean on beside the life itself. */
export interface Moment {
  readonly rules: Rules;
  readonly nowMs: number;
  /** In [0, 1): spreads retries. */
  readonly random: number;
}

export interface Step {
  readonly life: Life;
  readonly events: readonly ShellEvent[];
}

/** The API server carries out a request for at most a minute; in practice a lost answer means seconds. */
const doubtMs = 5_000;
/** A shell that cannot be deleted, or whose state cannot be read, is tried again this often. */
const slowRetryMs = 60_000;
/** An expiry that moved by less is not written: it would cost a row each time. */
export const expiryStepMs = 60_000;
/** The pod's label may lag behind the record by this much. */
const labelLagMs = 15 * 60_000;

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

/** A life as it is taken up: from the record that was kept, with nothing under way. */
export function resumed(record: ShellRecord | null, nowMs: number): Life {
  return {
    record,
    next: record === null ? null : { call: { type: "look" }, atMs: nowMs },
    failures: 0,
    movingSinceMs: nowMs,
    // The object may have been lost between a create and its answer.
    doubtUntilMs: record?.podUid === null ? nowMs + doubtMs : nowMs,
    recreate: false,
    labelled: null,
  };
}

/** Somebody wants a shell. Where there is one, it stays; where its pod is gone or broken, it gets a new one. */
export function wishPresent(life: Life, userId: string, newId: string, moment: Moment): Step {
  const { record } = life;
  const { nowMs } = moment;
  if (record === null || record.desired === "absent") {
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
  if (record.desired === "absent" && record.phase !== "failed") return { life, events: [] };
  const call: ClusterCall = record.podUid === null ? { type: "look" } : { type: "delete", uid: record.podUid };
  const expired = why === "expired" || (record.desired === "absent" && record.reason === "Expired");
  const stopping: ShellRecord = {
    ...record,
    desired: "absent",
    phase: "stopping",
    reason: expired ? "Expired" : null,
    detail: expired ? "The shell's time is over: it is saved and ended." : "The shell is being ended.",
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
  if (record === null || record.desired === "absent") return life;
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

type Living = Life & { readonly record: ShellRecord };

function heardMissing(life: Living, moment: Moment): Step {
  const { record } = life;
  const { nowMs } = moment;
  if (record.desired === "absent") {
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
    if (record.desired === "absent") return heardMissing(life, moment);
    return fail({ ...life, record: { ...record, podUid: null } }, nameTaken(record.podName), null);
  }
  const { state } = pod;
  const known: Living = { ...life, record: { ...record, podUid: pod.uid, conditions: state.conditions } };
  const atItsEnd = state.phase === "failed" || state.phase === "stopping";
  const end: ClusterCall = { type: "delete", uid: pod.uid };
  const next = state.phase === "stopping" ? lookLater(life, nowMs) : { call: end, atMs: nowMs };
  if (record.desired === "absent") {
    return { life: { ...known, record: { ...known.record, phase: "stopping" }, next }, events: [] };
  }
  if (record.phase === "creating" && atItsEnd && call.type !== "create") {
    return { life: { ...known, record: { ...known.record, ...podBefore }, next }, events: [] };
  }
  if (life.recreate && atItsEnd) return renew(known, next, moment);
  return follow(known, call, pod, nowMs);
}

/** The shell begins anew with a new pod, in the time of a new one. */
function renew(life: Living, next: Life["next"], moment: Moment): Step {
  const { record } = life;
  return {
    life: {
      ...life,
      record: {
        ...record,
        phase: "creating",
        reason: null,
        detail: null,
        conditions: noConditions,
        ...newTimes(moment),
      },
      next,
      movingSinceMs: moment.nowMs,
      recreate: false,
    },
    events: [{ type: "SHELL_REBOOTED", shellId: record.id, message: "The shell was started again, with a new pod." }],
  };
}

function newTimes({ rules, nowMs }: Moment): Pick<ShellRecord, "startedAt" | "expiresAt"> {
  return { startedAt: nowMs, expiresAt: nowMs + Math.min(rules.idleMs, rules.lifeMs) };
}

function lags(labelled: number | null, expiresAt: number): boolean {
  return labelled === null || Math.abs(expiresAt - labelled) > labelLagMs;
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
  const stale = call.type === (record.desired === "absent" ? "create" : "delete");
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
  const next = record.desired === "absent" ? { call: again, atMs: nowMs + slowRetryMs } : null;
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

function lookAt(atMs: number): Life["next"] {
  return { call: { type: "look" }, atMs };
}

function lookLater(life: Life, nowMs: number): Life["next"] {
  return lookAt(nowMs + nextLookMs(nowMs - life.movingSinceMs));
}

/** The next call now; a look where there is none. */
function soonest(life: Life, nowMs: number): Life["next"] {
  return life.next === null ? lookAt(nowMs) : { call: life.next.call, atMs: Math.min(nowMs, life.next.atMs) };
}
