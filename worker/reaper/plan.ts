// Owns what one run of the clock is to do and how much of it.
// Must not know D1, objects or the cluster: rules in, steps out.

import type { TurnLimits } from "./turn.ts";

/** One bounded piece of work. */
export type ReaperStep =
  | {
      readonly kind: "close-revoked-sockets";
      /** Sessions that were revoked after this moment (unix milliseconds). */
      readonly afterMs: number;
      /** At most so many, the newest first. */
      readonly limit: number;
    }
  | {
      readonly kind: "sweep-overdue";
      /** Shells whose time was over before this moment (unix milliseconds). */
      readonly beforeMs: number;
      /** Records read at a time. */
      readonly batch: number;
    }
  | {
      readonly kind: "sweep-pods";
      /** Pods of one page of the cluster's list; a real one is about 10 KB, and an answer may have 4 MiB. */
      readonly page: number;
      /** Records read at a time. */
      readonly batch: number;
    }
  | {
      readonly kind: "delete-ended-sessions";
      /** Sessions that ended before this moment (unix milliseconds). */
      readonly beforeMs: number;
      /** Rows deleted at a time … */
      readonly batch: number;
      /** … and how many times at most in this run; the next minute goes on. */
      readonly maxBatches: number;
    }
  | {
      readonly kind: "delete-old-events";
      /** Events of before this moment (unix milliseconds) … */
      readonly beforeMs: number;
      /** … and those beyond the newest so many of a person. */
      readonly keep: number;
      /** People who are looked at in this run; the next minute goes on with those after them. */
      readonly people: number;
      /** Rows deleted at a time … */
      readonly batch: number;
      /** … and how many times at most in this run, of each of the two kinds. */
      readonly maxBatches: number;
    }
  | {
      readonly kind: "expire-snapshots";
      /** Unix milliseconds. */
      readonly nowMs: number;
      /** Snapshots let go, and objects looked at, at a time … */
      readonly batch: number;
      /** … and how many times at most in this run. */
      readonly maxBatches: number;
    }
  | {
      readonly kind: "reseal";
      /** Rows sealed anew at a time … */
      readonly batch: number;
      /** … and how many times at most in this run. */
      readonly maxBatches: number;
    };

/** The clock comes every minute; a run that failed is made up for by the next two. */
const revokedWithinMs = 3 * 60_000;
/** An alarm is on time within seconds; a shell that is longer past its end was missed. */
const alarmSlackMs = 60_000;

/** What happened longer ago is of no use to anybody. */
const eventsKeptMs = 90 * 86_400_000;

/** A run ends before the next one is due, and dies with room to spare: the platform's own bounds are 15 min and 10,000. */
export const turnLimits: TurnLimits = { leaseMs: 55_000, renewAfterMs: 10_000, calls: 8_000, runMs: 45_000 };

/** The steps of the run at `nowMs`, in the order of their worth. A step that fails does not stop the next. */
export function planReaper(nowMs: number): readonly ReaperStep[] {
  return [
    // An awake object looks by itself; one that hibernates with open sockets must be told.
    { kind: "close-revoked-sockets", afterMs: nowMs - revokedWithinMs, limit: 5_000 },
    { kind: "sweep-overdue", beforeMs: nowMs - alarmSlackMs, batch: 100 },
    { kind: "sweep-pods", page: 200, batch: 500 },
    { kind: "delete-ended-sessions", beforeMs: nowMs, batch: 200, maxBatches: 10 },
    { kind: "delete-old-events", beforeMs: nowMs - eventsKeptMs, keep: 1_000, people: 50, batch: 500, maxBatches: 10 },
    { kind: "expire-snapshots", nowMs, batch: 90, maxBatches: 10 },
    { kind: "reseal", batch: 100, maxBatches: 5 },
  ];
}
