// Owns what a shell's life is between two steps: its record, the next call, and what both kinds of step share.
// Must not know the database, the network or a clock: all of it is passed in.

import type { ClusterFailure } from "../kubernetes/failure.ts";
import { noConditions, type PodState } from "../kubernetes/pod-state.ts";
import type { PodMarks } from "./marks.ts";
import { idleLane, type SetUpLane } from "./setup-lane.ts";
import type { ShellRecord } from "./shell-record.ts";

/** The one call that comes next. At most one is under way at a time. All but `forget` are asked of the cluster. */
export type ShellCall =
  | { readonly type: "look" }
  | { readonly type: "create" }
  /** Only ever this very pod. `force`: its node does not end it, so it is not waited for. */
  | { readonly type: "delete"; readonly uid: string; readonly force?: true }
  /** Writes on the pod what others go by: the record's expiry, and whether a job is at work in it. */
  | { readonly type: "mark"; readonly uid: string; readonly busy: boolean }
  /** The pod of a deleted shell is gone: what is saved of it outside D1 is removed. The record goes after it. */
  | { readonly type: "forget" };

/** A pod as a call found it. */
export interface FoundPod {
  readonly uid: string;
  /** It carries this installation's and this person's labels. */
  readonly ours: boolean;
  readonly marks: PodMarks;
  readonly state: PodState;
}

export type ShellHeard =
  | { readonly type: "pod"; readonly pod: FoundPod }
  /** There is no pod of that name. `told`: what the cluster's events say of the one that was there. */
  | { readonly type: "missing"; readonly told?: string }
  /** The create found the name taken (409): look at who has it. */
  | { readonly type: "taken" }
  /** The delete was taken: it ends. */
  | { readonly type: "ending" }
  /** The delete or mark found another pod in its place (409, 422). */
  | { readonly type: "other" }
  /** Nothing of a deleted shell is left outside D1, or something may be. */
  | { readonly type: "forgotten" }
  | { readonly type: "remembered" }
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
    | "SHELL_STARTED"
    | "SHELL_REBOOTED"
    | "SHELL_RESTARTED"
    /** Its container ended by itself, and was started again in the same pod. */
    | "SHELL_CRASHED"
    /** Its pod was lost, and it got a new one by itself. */
    | "SHELL_RECREATED"
    | "SHELL_READY"
    | "SHELL_FAILED"
    | "SHELL_EXPIRED"
    | "SHELL_EXTENDED"
    | "SHELL_STOPPED"
    | "SHELL_DELETED"
    | "SETUP_CHANGED"
    | "WORK_SAVED"
    | "SAVE_FAILED";
  readonly shellId: string;
  readonly message: string;
  /** Also said to everybody who looks at it now. */
  readonly notice?: true;
}

/** The record and what is not worth keeping: lost with the object, found again by looking. */
export interface Life {
  /** Null: there is no shell. */
  readonly record: ShellRecord | null;
  /** What to ask next, and when (unix milliseconds); null: nothing. */
  readonly next: { readonly call: ShellCall; readonly atMs: number } | null;
  /** Failed calls in a row. */
  readonly failures: number;
  /** Since when the shell has been on its way to where it is wanted: the pace of looking follows it. */
  readonly movingSinceMs: number;
  /** Until then "no such pod" is not the last word: a create whose answer was lost may still be carried out. */
  readonly doubtUntilMs: number;
  /** A person asked for a running shell: if the pod is found to be gone or at its end, it is created again. */
  readonly recreate: boolean;
  /** What the pod carries for others, as last seen; null: nobody has looked yet. */
  readonly marks: PodMarks | null;
  /** How often the container was started again, as last seen; null: nobody has looked yet. */
  readonly restarts: number | null;
  /** Since when the pod has been ready; null: it is not. */
  readonly readySinceMs: number | null;
  /** What is going on now, in place of the record's detail; not worth a row. */
  readonly said: string | null;
  readonly setUp: SetUpLane;
}

export type Living = Life & { readonly record: ShellRecord };

/** What a step may lean on beside the life itself. */
export interface Moment {
  readonly rules: Rules;
  readonly nowMs: number;
  /** In [0, 1): spreads retries. */
  readonly random: number;
  /** Somebody looks at the shell now: a pod that is lost is made anew for them at once. */
  readonly attended: boolean;
}

export interface Step {
  readonly life: Life;
  readonly events: readonly ShellEvent[];
}

/** The API server carries out a request for at most a minute; in practice a lost answer means seconds. */
export const doubtMs = 5_000;

/** What is known of a pod before it was looked at. */
export const unseen = { marks: null, restarts: null, readySinceMs: null, said: null, setUp: idleLane } as const;

/** A life as it is taken up: from the record that was kept, with nothing under way. */
export function resumed(record: ShellRecord | null, nowMs: number): Life {
  const settled = record === null || record.phase === "absent";
  // Since when it has been on its way is not kept; the pod was asked for no later than this.
  const starting = record !== null && ["creating", "scheduling", "starting"].includes(record.phase);
  return {
    record,
    next: settled ? null : { call: { type: "look" }, atMs: nowMs },
    failures: 0,
    movingSinceMs: starting ? record.startedAt : nowMs,
    // The object may have been lost between a create and its answer.
    doubtUntilMs: settled || record.phase === "ready" ? nowMs : nowMs + doubtMs,
    recreate: false,
    ...unseen,
    readySinceMs: record?.phase === "ready" ? record.startedAt : null,
  };
}

/** The shell begins anew with a new pod, in the time of a new one. */
export function renew(life: Living, next: Life["next"], moment: Moment, events: readonly ShellEvent[]): Step {
  const { record } = life;
  return {
    life: {
      ...life,
      ...unseen,
      record: { ...record, ...newPod(record), ...newTimes(moment) },
      next,
      movingSinceMs: moment.nowMs,
      recreate: false,
    },
    events,
  };
}

/**
 * The pod ends first, in good order: until it is gone it is the shell's pod, whose last save is taken. Then `renew`. The
 * times are new at once, so that the end of the old ones does not come in between.
 */
export function replacing(
  life: Living,
  uid: string,
  why: Pick<ShellRecord, "reason" | "detail">,
  moment: Moment,
): Living {
  const record: ShellRecord = {
    ...life.record,
    ...why,
    ...newTimes(moment),
    desired: "present",
    phase: "stopping",
    replacing: uid,
  };
  return { ...life, record, recreate: false, said: null };
}

/** What a record says of a pod that is asked for and not there yet. What the pod before it was given opens nothing now. */
export function newPod(record: ShellRecord) {
  return {
    desired: "present",
    podUid: null,
    phase: "creating",
    reason: null,
    detail: null,
    conditions: noConditions,
    setUpFor: null,
    busyUntil: null,
    capabilityGeneration: record.capabilityGeneration + 1,
  } as const;
}

export function newTimes({
  rules,
  nowMs,
}: Pick<Moment, "rules" | "nowMs">): Pick<ShellRecord, "startedAt" | "expiresAt"> {
  return { startedAt: nowMs, expiresAt: nowMs + Math.min(rules.idleMs, rules.lifeMs) };
}

/** Told once: a failure that is known already is no event. */
export function fail(life: Living, why: Pick<ShellRecord, "phase" | "reason" | "detail">, next: Life["next"]): Step {
  const { record } = life;
  const known = record.phase === "failed" && record.reason === why.reason;
  return {
    life: { ...life, record: { ...record, ...why }, next, recreate: false, said: null },
    events: known ? [] : [{ type: "SHELL_FAILED", shellId: record.id, message: why.detail ?? "The shell failed." }],
  };
}

export function lookAt(atMs: number): Life["next"] {
  return { call: { type: "look" }, atMs };
}
