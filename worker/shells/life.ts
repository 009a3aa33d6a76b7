// Owns what a shell's life is between two steps: its record, the next call, and what both kinds of step share.
// Must not know the database, the network or a clock: all of it is passed in.

import type { ClusterFailure } from "../kubernetes/failure.ts";
import { noConditions, type PodState } from "../kubernetes/pod-state.ts";
import type { ShellRecord } from "./shell-record.ts";

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

export type Living = Life & { readonly record: ShellRecord };

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
export const doubtMs = 5_000;
/** The pod's label may lag behind the record by this much. */
const labelLagMs = 15 * 60_000;

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

/** The shell begins anew with a new pod, in the time of a new one. */
export function renew(life: Living, next: Life["next"], moment: Moment): Step {
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

export function newTimes({ rules, nowMs }: Moment): Pick<ShellRecord, "startedAt" | "expiresAt"> {
  return { startedAt: nowMs, expiresAt: nowMs + Math.min(rules.idleMs, rules.lifeMs) };
}

export function lags(labelled: number | null, expiresAt: number): boolean {
  return labelled === null || Math.abs(expiresAt - labelled) > labelLagMs;
}

export function lookAt(atMs: number): Life["next"] {
  return { call: { type: "look" }, atMs };
}
