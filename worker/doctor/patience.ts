// Owns how long the doctor waits for its probe pod, and how long that pod may live.
// Must not know who waits.

/** How long each part of the probe pod's life is waited for, in milliseconds. */
export interface Patience {
  /** Until a node has taken it, where nobody adds one … */
  readonly nodeMs: number;
  /** … and where an autoscaler does. */
  readonly machineMs: number;
  readonly imageMs: number;
  /** From the first word that the image cannot be fetched: the node tries again by itself. */
  readonly pullMs: number;
  readonly startMs: number;
  readonly setupMs: number;
  /** With a repository: `setup` itself gives its host a minute (LIMPET_GIT_SECONDS). */
  readonly gitMs: number;
  readonly endMs: number;
  readonly lookEveryMs: number;
}

/** All of it together ends before the pod does (`probeLifeMs`). */
export const usualPatience: Patience = {
  nodeMs: 30_000,
  machineMs: 130_000,
  imageMs: 150_000,
  pullMs: 15_000,
  startMs: 20_000,
  setupMs: 60_000,
  gitMs: 90_000,
  endMs: 20_000,
  lookEveryMs: 500,
};

/**
 * What the probe pod may live at most: the cluster ends it by itself then, should nobody be left to. Shorter than what the
 * reaper leaves a pod without a record (`orphanAgeMs`): it never takes this one for an orphan.
 */
export const probeLifeMs = 8 * 60_000;
