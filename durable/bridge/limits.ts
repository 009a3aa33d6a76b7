// Owns the numbers of the bridge alone: what a viewer on the other end need not know.
// Must not know what is done with them.

export interface BridgeLimits {
  /** Output kept of each pane, for whoever comes back with an offset. */
  readonly ringBytes: number;
  /** The same where there is no history: the ring is all that remembers, and has to outlast a burst. */
  readonly plainRingBytes: number;
  /** A viewer this far behind a pane's newest byte counts as too far behind; without history only the ring's end does. */
  readonly behindBytes: number;
  /** Bounds of what may be under way to one viewer … */
  readonly windowLeastBytes: number;
  readonly windowMostBytes: number;
  /** … and how long it may take at the rate at which that viewer acknowledges. */
  readonly windowMs: number;
  /** Largest data frame sent, and the smallest worth sending while more waits. */
  readonly frameBytes: number;
  readonly frameLeastBytes: number;
  /** A pane hidden in a flood is shown again no sooner than this after, unless somebody types. */
  readonly floodPauseMs: number;
  /** A picture is shared with one more viewer while no more than this was written since. */
  readonly pictureReuseBytes: number;
  /** A pane that nobody looks at is followed on for this long, so that a short cut costs only what was missed. */
  readonly unwatchedMs: number;
  /** The size of a viewer that led and left stays in force for this long. */
  readonly leaderGraceMs: number;
  readonly execOpenMs: number;
  /** From the exec's 101 until the multiplexer follows. */
  readonly execStartMs: number;
  readonly backoffLeastMs: number;
  readonly backoffMostMs: number;
  /** The longest wait while somebody looks, for so many failures in a row: a cluster whose parts are restarted is back by then. */
  readonly backoffLookedMs: number;
  readonly lookedAttempts: number;
  /** After following for this long the next loss begins the back-off anew. */
  readonly steadyMs: number;
  /** How often tmux is asked for a sign of life while somebody looks, and while nobody does. */
  readonly probeVisibleMs: number;
  readonly probeHiddenMs: number;
  /** Nothing heard for this long after an unanswered question: the exec is half dead. */
  readonly probeAnswerMs: number;
  readonly parkEmptyMs: number;
  readonly parkQuietMs: number;
  readonly parkAnywayMs: number;
  readonly activityEveryMs: number;
  /** An `ack` of input waits for more input for this long … */
  readonly ackWaitMs: number;
  /** … unless so much was taken at once. */
  readonly ackBytes: number;
  /** Viewers whose input counts are remembered for each pane. */
  readonly linesPerPane: number;
}

export const bridgeLimits: BridgeLimits = {
  ringBytes: 1024 * 1024,
  plainRingBytes: 8 * 1024 * 1024,
  behindBytes: 512 * 1024,
  windowLeastBytes: 16 * 1024,
  windowMostBytes: 256 * 1024,
  windowMs: 250,
  frameBytes: 32 * 1024,
  frameLeastBytes: 4 * 1024,
  floodPauseMs: 250,
  pictureReuseBytes: 64 * 1024,
  unwatchedMs: 60_000,
  leaderGraceMs: 10_000,
  execOpenMs: 10_000,
  execStartMs: 10_000,
  backoffLeastMs: 250,
  backoffMostMs: 15_000,
  backoffLookedMs: 3_000,
  lookedAttempts: 30,
  steadyMs: 10_000,
  probeVisibleMs: 2_000,
  probeHiddenMs: 30_000,
  probeAnswerMs: 3_500,
  parkEmptyMs: 60_000,
  parkQuietMs: 5 * 60_000,
  parkAnywayMs: 2 * 60 * 60_000,
  activityEveryMs: 60_000,
  ackWaitMs: 25,
  ackBytes: 1024,
  linesPerPane: 256,
};
