// Owns one pane as the bridge knows it: its stream and ring, the newest picture, the viewers' input.
// Must not know sockets or the multiplexer; what to ask of tmux is decided in pane-book.ts.

import type { Dimensions } from "../multiplexer/multiplexer.ts";
import type { PaneId, StreamId, ViewerId, WindowId } from "../protocol/messages.ts";
import { InputLine } from "./input-line.ts";
import { Ring } from "./ring.ts";

/** What rebuilds the pane from a reset terminal, as it was when the stream had `offset` bytes. */
export interface Picture extends Dimensions {
  readonly bytes: Uint8Array;
  readonly offset: number;
  /** Number of the ring's first size that came after it. */
  readonly nextMark: number;
}

/** What the bridge gets of a pane. */
export type Following =
  /** tmux was not asked, or asked to stop: no byte of it comes. `notBeforeMs`: after a flood, when to look again. */
  | { readonly kind: "hidden"; readonly notBeforeMs: number }
  /** Asked for by `request`; what comes before its picture is in the picture. */
  | { readonly kind: "opening"; readonly request: number }
  /** `request`: a further picture that was asked for, for those who have lost the stream; `null`: none. */
  | { readonly kind: "streaming"; readonly stream: StreamId; readonly ring: Ring; request: number | null };

const mostWanted = 32;

export class Pane {
  readonly id: PaneId;
  window: WindowId;
  size: Dimensions;
  following: Following = { kind: "hidden", notBeforeMs: 0 };
  /** The newest picture of the present stream: one for all who need one, as long as the ring goes on from it. */
  picture: Picture | null = null;
  /** Sizes asked for and not yet reported, oldest first: their reports are no surprise. */
  #wanted: Dimensions[] = [];
  readonly lines = new Map<ViewerId, InputLine>();
  /** When the last viewer left it, and the stream's end then; `null` while somebody looks. */
  unwatched: { readonly sinceMs: number; readonly offset: number } | null;

  constructor(id: PaneId, window: WindowId, size: Dimensions, nowMs: number) {
    this.unwatched = { sinceMs: nowMs, offset: 0 };
    this.id = id;
    this.window = window;
    this.size = size;
  }

  get stream(): { readonly stream: StreamId; readonly ring: Ring; request: number | null } | null {
    return this.following.kind === "streaming" ? this.following : null;
  }

  hide(notBeforeMs: number): void {
    this.following = { kind: "hidden", notBeforeMs };
    this.picture = null;
  }

  begin(stream: StreamId, ringBytes: number, size: Dimensions): void {
    this.following = { kind: "streaming", stream, ring: new Ring(ringBytes, size), request: null };
  }

  /** False where the pane has this size or it was asked for last. */
  needs(size: Dimensions): boolean {
    const last = this.#wanted.at(-1) ?? this.size;
    return last.cols !== size.cols || last.rows !== size.rows;
  }

  /** This size was asked for. */
  wanted(size: Dimensions): void {
    this.#wanted.push(size);
    if (this.#wanted.length > mostWanted) this.#wanted.shift();
  }

  /** A size was reported. True where it was asked for: those asked for before it will not be reported any more. */
  reported(size: Dimensions): boolean {
    this.size = size;
    const index = this.#wanted.findIndex((wanted) => wanted.cols === size.cols && wanted.rows === size.rows);
    this.#wanted = this.#wanted.slice(index + 1);
    return index >= 0;
  }

  /** A new exec: what was asked of the one before is not reported any more. */
  restart(window: WindowId, size: Dimensions): void {
    this.hide(0);
    this.window = window;
    this.size = size;
    this.#wanted = [];
  }

  /** The viewer's line, made with `count` where there was none; the oldest idle one is forgotten above `most`. */
  line(viewer: ViewerId, count: number, confirmed: boolean, most: number): InputLine {
    const known = this.lines.get(viewer);
    if (known !== undefined) return known;
    const line = new InputLine(count, confirmed);
    this.lines.set(viewer, line);
    if (this.lines.size > most) {
      for (const [id, old] of this.lines) {
        if (id === viewer || old.pending > 0) continue;
        this.lines.delete(id);
        break;
      }
    }
    return line;
  }

  /** Bytes of memory that this pane holds: ring, picture, input not taken yet. */
  accounted(): { readonly ring: number; readonly picture: number; readonly input: number } {
    let input = 0;
    for (const line of this.lines.values()) input += line.pending;
    return { ring: this.stream?.ring.allocated ?? 0, picture: this.picture?.bytes.length ?? 0, input };
  }
}
