// Owns what is known of the panes and how each is followed.
// Must not know commands or how tmux says things.

import type { PaneId, ViewerId, WindowId, WindowInfo } from "../protocol/messages.ts";
import type { ListedPane, Listing } from "./listing.ts";
import type { MultiplexerEffect, PaneState } from "./multiplexer.ts";

export interface Pane {
  readonly pane: PaneId;
  window: WindowId;
  cols: number;
  rows: number;
  dead: boolean;
  /** What tmux was given of each viewer's input, as far as is known here. The newest viewers come last. */
  readonly counts: Map<ViewerId, number>;
  following: Following;
  /** tmux does not deliver: it said `%pause` last, not `%continue`. */
  paused: boolean;
  /** The beginning of a character at the end of what was delivered: neither the screen nor `capture-pane -P` has it. */
  cutCharacter: Uint8Array;
}

export type Following =
  /** Nobody wants it: what comes is dropped. */
  | { readonly state: "hidden" }
  /**
   * A picture was asked for and the stream begins behind it. What tmux delivers before, although it says that the pane
   * is paused, has overtaken the picture (control_write_pending in tmux's control.c writes a pane's output past answers
   * that wait behind another pane's) and belongs behind it.
   */
  | { readonly state: "waiting"; readonly request: number; readonly overtaken: Uint8Array[] }
  /** What comes is passed on. `fresh`: nothing has come yet behind this picture, before which nothing was delivered. */
  | {
      readonly state: "live";
      readonly fresh: { readonly request: number; readonly effect: MultiplexerEffect } | null;
    };

const hidden: Following = { state: "hidden" };
const none = new Uint8Array(0);

export class PaneTable {
  readonly panes = new Map<PaneId, Pane>();
  windows: readonly WindowInfo[] = [];

  get(pane: PaneId): Pane | undefined {
    return this.panes.get(pane);
  }

  stateOf(pane: Pane): PaneState {
    const { cols, rows, window, dead } = pane;
    return { pane: pane.pane, window, cols, rows, dead, counts: new Map(pane.counts) };
  }

  /** Takes a listing in: effects for what differs, and the panes that are new. */
  update(listing: Listing): { readonly effects: MultiplexerEffect[]; readonly added: readonly Pane[] } {
    const effects: MultiplexerEffect[] = [];
    const added: Pane[] = [];
    const listed = new Set(listing.panes.map(({ pane }) => pane));
    for (const pane of this.panes.keys()) {
      if (listed.has(pane)) continue;
      this.panes.delete(pane);
      effects.push({ type: "pane-closed", pane });
    }
    for (const entry of listing.panes) {
      const known = this.panes.get(entry.pane);
      if (known === undefined) added.push(this.#add(entry));
      else {
        known.window = entry.window;
        known.dead = entry.dead;
        const effect = this.resized(entry.pane, entry.cols, entry.rows);
        if (effect !== null) effects.push(effect);
      }
    }
    for (const pane of added) effects.push({ type: "pane-opened", state: this.stateOf(pane) });
    if (JSON.stringify(listing.windows) !== JSON.stringify(this.windows)) {
      this.windows = listing.windows;
      effects.push({ type: "windows", windows: listing.windows });
    }
    return { effects, added };
  }

  /** `null` where the pane is unknown or has that size already. */
  resized(id: PaneId, cols: number, rows: number): MultiplexerEffect | null {
    const pane = this.panes.get(id);
    if (pane === undefined || (pane.cols === cols && pane.rows === rows)) return null;
    pane.cols = cols;
    pane.rows = rows;
    return { type: "pane-size", pane: id, cols, rows };
  }

  #add({ pane: id, window, cols, rows, dead }: ListedPane): Pane {
    const pane: Pane = {
      pane: id,
      window,
      cols,
      rows,
      dead,
      counts: new Map(),
      following: hidden,
      paused: false,
      cutCharacter: none,
    };
    this.panes.set(id, pane);
    return pane;
  }
}

/** The beginning of a UTF-8 sequence at the end of `before` and `bytes` together, at most three bytes; mostly empty. */
export function cutCharacter(before: Uint8Array, bytes: Uint8Array): Uint8Array {
  const last = bytes.at(-1);
  if (last === undefined) return before;
  if (last < 0x80) return none;
  let end = bytes;
  if (bytes.length < 3 && before.length > 0) {
    end = new Uint8Array(before.length + bytes.length);
    end.set(before);
    end.set(bytes, before.length);
  }
  for (let back = 1; back <= 3 && back <= end.length; back++) {
    const byte = end[end.length - back] ?? 0;
    if (byte < 0x80) return none;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf8 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return back < length ? end.slice(end.length - back) : none;
  }
  return none;
}

/** True where the bytes go on with a character that began before them. */
export function continuesCharacter(bytes: Uint8Array): boolean {
  const first = bytes[0] ?? 0;
  return first >= 0x80 && first < 0xc0;
}
