// Owns whose size counts: who typed last.
// Must not know panes, or how a size is asked for.

import type { ViewerId } from "../protocol/messages.ts";
import type { BridgeLimits } from "./limits.ts";
import type { Viewer } from "./viewer.ts";

/**
 * Connecting or a mere look never changes a size that somebody else sees. A leader that leaves keeps its say for a
 * while, so that a blip of its connection reflows nothing; then whoever of the rest typed last follows.
 */
export class Leader {
  readonly #limits: BridgeLimits;
  readonly #typed: ViewerId[] = [];
  #leader: ViewerId | null = null;
  #awaySinceMs: number | null = null;

  constructor(limits: BridgeLimits) {
    this.#limits = limits;
  }

  get viewer(): ViewerId | null {
    return this.#leader;
  }

  deadline(): number | null {
    return this.#awaySinceMs === null ? null : this.#awaySinceMs + this.#limits.leaderGraceMs;
  }

  /** `alone`: no other viewer is attached. */
  attached(viewer: Viewer, alone: boolean): void {
    if (!viewer.drives) return;
    if (this.#leader === viewer.id || this.#leader === null || alone) this.#lead(viewer.id);
  }

  /** Typed, pasted, or asked for its own size to count. */
  acted(viewer: Viewer): void {
    if (!viewer.drives) return;
    if (this.#typed.at(-1) !== viewer.id) {
      const at = this.#typed.indexOf(viewer.id);
      if (at >= 0) this.#typed.splice(at, 1);
      this.#typed.push(viewer.id);
    }
    this.#lead(viewer.id);
  }

  left(viewer: Viewer, nowMs: number): void {
    if (this.#leader === viewer.id) this.#awaySinceMs = nowMs;
  }

  /** Once the grace is over: the attached viewer that typed last; where none did, the only one there is. */
  tick(attached: ReadonlyMap<ViewerId, Viewer>, nowMs: number): void {
    const deadline = this.deadline();
    if (deadline === null || nowMs < deadline) return;
    for (let at = this.#typed.length - 1; at >= 0; at--) {
      if (!attached.has(this.#typed[at] ?? "")) this.#typed.splice(at, 1);
    }
    const driving = [...attached.values()].filter((viewer) => viewer.drives);
    this.#leader = this.#typed.at(-1) ?? (driving.length === 1 ? (driving[0]?.id ?? null) : null);
    this.#awaySinceMs = null;
  }

  #lead(viewer: ViewerId): void {
    this.#leader = viewer;
    this.#awaySinceMs = null;
  }
}
