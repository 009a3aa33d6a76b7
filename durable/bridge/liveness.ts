// Owns when tmux is asked for a sign of life, and when its silence means that the exec is half dead.
// Must not know what the question is.

import type { BridgeLimits } from "./limits.ts";

/** Answers that come behind a flood are late, not missing; but one that never comes means that stdin hangs. */
const stuckMs = 30_000;

export type LivenessStep = { readonly ask: number } | "dead" | null;

/** For one exec. Asking counts as data against the idle limits of whatever lies between. */
export class Liveness {
  readonly #limits: BridgeLimits;
  #heardMs: number;
  #askedMs: number;
  #asked: number | null = null;
  #next = 1;

  constructor(limits: BridgeLimits, nowMs: number) {
    this.#limits = limits;
    this.#heardMs = nowMs;
    this.#askedMs = nowMs;
  }

  /** Something came from tmux. */
  heard(nowMs: number): void {
    this.#heardMs = nowMs;
  }

  answered(probe: number): void {
    if (this.#asked === probe) this.#asked = null;
  }

  /** `looked`: somebody looks. */
  tick(looked: boolean, nowMs: number): LivenessStep {
    if (nowMs < this.deadline(looked)) return null;
    if (this.#asked !== null) return "dead";
    this.#askedMs = nowMs;
    this.#asked = this.#next++;
    return { ask: this.#asked };
  }

  deadline(looked: boolean): number {
    const { probeAnswerMs, probeVisibleMs, probeHiddenMs } = this.#limits;
    if (this.#asked === null) return this.#askedMs + (looked ? probeVisibleMs : probeHiddenMs);
    return Math.min(Math.max(this.#askedMs, this.#heardMs) + probeAnswerMs, this.#askedMs + stuckMs);
  }
}
