// Owns what one run of the clock is to do and how much of it.
// Must not know D1, objects or the cluster: rules in, steps out.

/** One bounded piece of work. */
export type ReaperStep =
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
      readonly kind: "close-revoked-sockets";
      /** Sessions that were revoked after this moment (unix milliseconds). */
      readonly afterMs: number;
      /** At most so many, the newest first. */
      readonly limit: number;
    };

/** The clock comes every minute; a run that failed is made up for by the next two. */
const revokedWithinMs = 3 * 60_000;

/** The steps of the run at `nowMs`, in order. A step that fails does not stop the next. */
export function planReaper(nowMs: number): readonly ReaperStep[] {
  return [
    // An awake object looks by itself; one that hibernates with open sockets must be told.
    { kind: "close-revoked-sockets", afterMs: nowMs - revokedWithinMs, limit: 5_000 },
    { kind: "delete-ended-sessions", beforeMs: nowMs, batch: 200, maxBatches: 10 },
  ];
}
