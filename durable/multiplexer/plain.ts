// Owns the multiplexer that passes the bytes of a tty as they are: for an image without tmux, or with one too old.
// Must not know whether a bare shell or an attached tmux is at the other end.

import type { Colour, PaneId } from "../protocol/messages.ts";
import type { Dimensions, InputBatch, Multiplexer, MultiplexerEffect, PastePiece, WindowWish } from "./multiplexer.ts";

const pane: PaneId = "%0";
const window = "@0";

/**
 * One pane, no history, no count of input. Its size is the exec's own. What is given to the exec's stdin counts as
 * taken, since nobody says more; what is lost with the exec is lost.
 */
export class PlainMultiplexer implements Multiplexer {
  readonly kind = "plain";
  readonly countsInput = false;
  readonly hasHistory = false;
  #size: Dimensions;
  #shown = false;
  #wrote = false;

  constructor(size: Dimensions) {
    this.#size = size;
  }

  start(): readonly MultiplexerEffect[] {
    const windows = [
      {
        id: window,
        name: "shell",
        active: true,
        bell: false,
        activity: false,
        title: "",
        command: "",
        path: "",
        panes: [pane],
      },
    ];
    const panes = [{ pane, window, dead: false, counts: new Map<string, number>(), ...this.#size }];
    return [
      { type: "tty-size", ...this.#size },
      { type: "following", windows, panes },
    ];
  }

  receive(chunk: Uint8Array): readonly MultiplexerEffect[] {
    if (chunk.length === 0) return [];
    this.#wrote = true;
    return this.#shown ? [{ type: "output", pane, bytes: chunk }] : [];
  }

  /**
   * The picture is empty: nobody knows the screen. Where something was written already, a size that changes and changes
   * back has tmux, a full-screen program or a line editor paint itself anew.
   */
  show(id: PaneId, request: number): readonly MultiplexerEffect[] {
    if (id !== pane) return [];
    this.#shown = true;
    const { cols, rows } = this.#size;
    const snapshot: MultiplexerEffect = { type: "snapshot", pane, request, bytes: new Uint8Array(0), cols, rows };
    if (!this.#wrote) return [snapshot];
    return [
      snapshot,
      { type: "tty-size", cols, rows: rows > 1 ? rows - 1 : rows + 1 },
      { type: "tty-size", cols, rows },
    ];
  }

  hide(id: PaneId): readonly MultiplexerEffect[] {
    if (id === pane) this.#shown = false;
    return [];
  }

  input({ pane: id, viewer, bytes, end }: InputBatch): readonly MultiplexerEffect[] {
    if (id !== pane) return [{ type: "refused", pane: id, viewer, message: "The pane is gone." }];
    const taken: MultiplexerEffect = { type: "taken", pane, viewer, end };
    return bytes.length === 0 ? [taken] : [{ type: "stdin", bytes }, taken];
  }

  /** Without the marks of bracketed paste: nothing says whether the program asked for them. */
  paste({ pane: id, viewer, bytes, end }: PastePiece): readonly MultiplexerEffect[] {
    return this.input({ pane: id, viewer, bytes, end });
  }

  claim(): readonly MultiplexerEffect[] {
    return [];
  }

  resize(id: PaneId, size: Dimensions): readonly MultiplexerEffect[] {
    if (id !== pane || (size.cols === this.#size.cols && size.rows === this.#size.rows)) return [];
    this.#size = size;
    return [
      { type: "tty-size", ...size },
      { type: "pane-size", pane, ...size },
    ];
  }

  /** There is one window, and it stays. */
  change(_wish: WindowWish): readonly MultiplexerEffect[] {
    return [];
  }

  colours(_foreground: Colour, _background: Colour): readonly MultiplexerEffect[] {
    return [];
  }

  /**
   * A tty has no way to be asked without typing into it. Its size, told as it is, disturbs no program, and is data
   * against the idle limits of whatever lies between; but a half-dead exec takes it as well as a live one.
   */
  probe(probe: number): readonly MultiplexerEffect[] {
    return [
      { type: "tty-size", ...this.#size },
      { type: "alive", probe },
    ];
  }
}
