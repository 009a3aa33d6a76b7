// Owns what one run of the clock is to do and how much of it.
// Must not know D1 or the cluster: rules in, steps out.

/** One bounded piece of work. */
export type ReaperStep = {
  readonly kind: "delete-ended-sessions";
  /** Sessions that ended before this moment (unix milliseconds). */
  readonly beforeMs: number;
  /** Rows deleted at a time … */
  readonly batch: number;
  /** … and how many times at most in this run; the next minute goes on. */
  readonly maxBatches: number;
};

/** The steps of the run at `nowMs`, in order. A step that fails does not stop the next. */
export function planReaper(nowMs: number): readonly ReaperStep[] {
  return [{ kind: "delete-ended-sessions", beforeMs: nowMs, batch: 200, maxBatches: 10 }];
}
