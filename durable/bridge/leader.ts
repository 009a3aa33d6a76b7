// Owns whose size counts: who typed last.
// Must not know panes, or how a size is asked for.

import type { ViewerId } from "../protocol/messages.ts";
import type { BridgeLimits } from "./limits.ts";
import type { Viewer } from "./viewer.ts";

/** What is known of a viewer that comes. */
export interface Arrival {
  /** No other viewer is attached. */
  readonly alone: boolean;
  /** It shows panes already: it was here before. */
  readonly returns: boolean;
  /** It says that it led when it was last told. */
  readonly led: boolean;
}

/** What is kept of a viewer while the object sleeps. `typed`: the higher, the later it typed; 0: never. */
export interface Say {
  readonly leads: boolean;
  readonly typed: number;
}

/**
 * Connecting or a mere look never changes a size that somebody else sees. A leader that leaves keeps its say for a
 * while, so that a blip of its connection reflows nothing; then whoever of the rest typed last follows. After a restart
 * of the object nobody here knows who led: those who come back say so, and others wait as long for them.
 */
export class Leader {
  readonly #limits: BridgeLimits;
  readonly #typed = new Map<ViewerId, number>();
  #turn = 0;
  #leader: ViewerId | null = null;
  /** Since when the leader, known or not, is waited for. */
  #awaySinceMs: number | null = null;
  /** Until then whoever says that it led takes the lead from one that has it for no more than having come first. */
  #contestedUntilMs = Number.NEGATIVE_INFINITY;
  /** Whether anybody ever led or was waited for. */
  #begun = false;

  constructor(limits: BridgeLimits) {
    this.#limits = limits;
  }

  get viewer(): ViewerId | null {
    return this.#leader;
  }

  deadline(): number | null {
    return this.#awaySinceMs === null ? null : this.#awaySinceMs + this.#limits.leaderGraceMs;
  }

  arrived(viewer: Viewer, arrival: Arrival, nowMs: number): void {
    if (!viewer.drives) return;
    if (this.#leader === viewer.id) this.#awaySinceMs = null;
    else if (arrival.led && (this.#leader === null || nowMs < this.#contestedUntilMs)) this.#lead(viewer.id);
    else if (this.#isFree(arrival, nowMs)) {
      this.#lead(viewer.id);
      this.#contestedUntilMs = nowMs + this.#limits.leaderGraceMs;
    } else if (this.#leader === null) this.#await(nowMs);
  }

  /** A viewer that was here when the object went to sleep. */
  restored(viewer: Viewer, { leads, typed }: Say): void {
    if (!viewer.drives) return;
    if (typed > 0) this.#typed.set(viewer.id, typed);
    this.#turn = Math.max(this.#turn, typed);
    if (leads) this.#lead(viewer.id);
    this.#begun = true;
  }

  say(viewer: ViewerId): Say {
    return { leads: this.#leader === viewer, typed: this.#typed.get(viewer) ?? 0 };
  }

  /** Typed, pasted, or asked for its own size to count. */
  acted(viewer: Viewer): void {
    if (!viewer.drives) return;
    this.#typed.set(viewer.id, ++this.#turn);
    this.#lead(viewer.id);
  }

  left(viewer: Viewer, nowMs: number): void {
    if (this.#leader === viewer.id) this.#awaySinceMs = nowMs;
  }

  /** Once the grace is over: the attached viewer that typed last; where none did, the only one there is. */
  tick(attached: ReadonlyMap<ViewerId, Viewer>, nowMs: number): void {
    if (!this.#graceIsOver(nowMs)) return;
    for (const viewer of [...this.#typed.keys()]) if (!attached.has(viewer)) this.#typed.delete(viewer);
    // Nobody is there to lead: whoever comes back finds the grace over, and waits no second time.
    if (attached.size === 0) return;
    const [last] = [...this.#typed].toSorted(([, a], [, b]) => b - a);
    const driving = [...attached.values()].filter((viewer) => viewer.drives);
    this.#leader = last?.[0] ?? (driving.length === 1 ? (driving[0]?.id ?? null) : null);
    this.#awaySinceMs = null;
  }

  /** Whether the lead is to be had for coming: nobody sees another size, or nobody ever led. */
  #isFree({ alone, returns }: Arrival, nowMs: number): boolean {
    if (!alone) return !returns && !this.#begun;
    // Who comes back alone may be the first of many: the leader is given the time to come back, too.
    return !returns || this.#graceIsOver(nowMs);
  }

  #graceIsOver(nowMs: number): boolean {
    const deadline = this.deadline();
    return deadline !== null && nowMs >= deadline;
  }

  #await(nowMs: number): void {
    this.#awaySinceMs ??= nowMs;
    this.#begun = true;
  }

  #lead(viewer: ViewerId): void {
    this.#leader = viewer;
    this.#awaySinceMs = null;
    this.#contestedUntilMs = Number.NEGATIVE_INFINITY;
    this.#begun = true;
  }
}
