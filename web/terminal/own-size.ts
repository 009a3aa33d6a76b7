// Owns the room that this page has for a terminal, and whether the server knows of it.
// Must not know messages; the size that a pane really has is another matter.

import { sizeBounds } from "../../durable/protocol/limits.ts";

/** A window being dragged larger changes its size on every frame; the shell hears of it when it rests this long. */
const restMs = 60;

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

export class OwnSize {
  #now: Size;
  #said: Size | null = null;
  #dueMs: number | null = null;

  constructor(size: Size) {
    this.#now = withinBounds(size);
  }

  change(size: Size, nowMs: number): void {
    this.#now = withinBounds(size);
    this.#dueMs = nowMs + restMs;
  }

  /** The size to say now, whether it is due or not; from here on it counts as said. */
  say(): Size {
    this.#said = this.#now;
    this.#dueMs = null;
    return this.#now;
  }

  /** The size to say where it has rested and is another than was said. */
  sayIfDue(nowMs: number): Size | null {
    if (this.#dueMs === null || nowMs < this.#dueMs) return null;
    this.#dueMs = null;
    const same = this.#said?.cols === this.#now.cols && this.#said.rows === this.#now.rows;
    return same ? null : this.say();
  }

  deadlineMs(): number | null {
    return this.#dueMs;
  }
}

function withinBounds(size: Size): Size {
  const { minCols, maxCols, minRows, maxRows } = sizeBounds;
  return { cols: clamp(size.cols, minCols, maxCols), rows: clamp(size.rows, minRows, maxRows) };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(Math.floor(value), least), most);
}
