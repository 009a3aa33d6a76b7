// Owns the one interface behind which tmux in control mode and a plain exec look alike.
// Must not know viewers' sockets, rings or the exec's framing: bytes of the exec's stdout in, effects out.

import type { Colour, PaneId, ViewerId, WindowId, WindowInfo } from "../protocol/messages.ts";

export interface Dimensions {
  readonly cols: number;
  readonly rows: number;
}

/** Input of one viewer for one pane. `end` is the viewer's input offset after these bytes. */
export interface InputBatch {
  readonly pane: PaneId;
  readonly viewer: ViewerId;
  readonly bytes: Uint8Array;
  readonly end: number;
}

/** One piece of a paste, controls already removed. `end` as in InputBatch. */
export interface PastePiece {
  readonly pane: PaneId;
  readonly viewer: ViewerId;
  readonly id: number;
  readonly seq: number;
  readonly last: boolean;
  /** The paste of this viewer that this piece puts an end to before its last one came. */
  readonly givenUp: number | null;
  readonly bytes: Uint8Array;
  readonly end: number;
}

export type WindowWish =
  | { readonly do: "new" }
  | { readonly do: "select"; readonly window: WindowId }
  | { readonly do: "rename"; readonly window: WindowId; readonly name: string }
  | { readonly do: "close"; readonly window: WindowId };

/** A pane as the multiplexer found it when it began to follow. */
export interface PaneState extends Dimensions {
  readonly pane: PaneId;
  readonly window: WindowId;
  readonly dead: boolean;
  /** What tmux has taken of each viewer's input; a viewer that is not in it has sent nothing to this pane's tmux. */
  readonly counts: ReadonlyMap<ViewerId, number>;
}

/** Why a multiplexer is at its end; the bridge decides what follows. */
export type MultiplexerEnd =
  /** The last program ended and tmux with it (or the bare shell did). */
  | { readonly reason: "exited"; readonly code: number | null }
  /** A newer client of ours took over: whoever holds this exec must not retry. */
  | { readonly reason: "superseded" }
  /** The image has no tmux that control mode can be spoken with: open again with `plain`. */
  | { readonly reason: "no-tmux" }
  /** `attach` could not do its work, in its own words. */
  | { readonly reason: "failed"; readonly message: string }
  /** What came back cannot be understood: the exec must be closed and opened again. */
  | { readonly reason: "confused"; readonly message: string };

export type MultiplexerEffect =
  /** Bytes for the exec's stdin. */
  | { readonly type: "stdin"; readonly bytes: Uint8Array }
  /** A size for the exec's own tty (plain only). */
  | ({ readonly type: "tty-size" } & Dimensions)
  /** Following has begun: every pane is known, none is shown yet. Comes once, before all of the below. */
  | { readonly type: "following"; readonly windows: readonly WindowInfo[]; readonly panes: readonly PaneState[] }
  /** Bytes that the pane's program wrote, in order. The array is the receiver's to keep. */
  | { readonly type: "output"; readonly pane: PaneId; readonly bytes: Uint8Array }
  /**
   * The picture asked for by `show` with this `request`: the bytes that rebuild the pane from a reset terminal.
   * It stands exactly between the `output` before and after it.
   */
  | ({
      readonly type: "snapshot";
      readonly pane: PaneId;
      readonly request: number;
      readonly bytes: Uint8Array;
    } & Dimensions)
  /** The pane has this size from here on. */
  | ({ readonly type: "pane-size"; readonly pane: PaneId } & Dimensions)
  /** A pane appeared (a new window, a split). */
  | { readonly type: "pane-opened"; readonly state: PaneState }
  /** A pane is no more. */
  | { readonly type: "pane-closed"; readonly pane: PaneId }
  /** tmux paused the pane by itself (`pause-after`): output was lost to us; show it again. */
  | { readonly type: "pane-paused"; readonly pane: PaneId }
  /** The windows as they are now. */
  | { readonly type: "windows"; readonly windows: readonly WindowInfo[] }
  /** tmux has taken this viewer's input up to `end`. */
  | { readonly type: "taken"; readonly pane: PaneId; readonly viewer: ViewerId; readonly end: number }
  /** tmux did not take it and will not: a dead pane, a pane that is gone. The count did not move. */
  | { readonly type: "refused"; readonly pane: PaneId; readonly viewer: ViewerId; readonly message: string }
  /** tmux keeps no count of this viewer any more: nobody here has claimed it or typed for it. */
  | { readonly type: "forgotten"; readonly pane: PaneId; readonly viewer: ViewerId }
  /** The answer to `probe`: the whole chain is alive. */
  | { readonly type: "alive"; readonly probe: number }
  | { readonly type: "ended"; readonly end: MultiplexerEnd };

/**
 * What speaks to the session in the pod over one exec. Pure: the clock and randomness are passed in; every call gives
 * the effects that follow from it, in order. One instance lives exactly as long as one exec.
 */
export interface Multiplexer {
  readonly kind: "control" | "plain";
  /** True where input is counted in tmux, so that a count outlives this object (control). */
  readonly countsInput: boolean;
  /** True where `show` can give a true picture of what was written before (control). */
  readonly hasHistory: boolean;
  /** The exec is open. */
  start(): readonly MultiplexerEffect[];
  /** Bytes of the exec's stdout, cut anywhere. */
  receive(chunk: Uint8Array): readonly MultiplexerEffect[];
  /**
   * Follow this pane from now on and give one picture of it (`snapshot` with `request`). Where it is followed already
   * only the picture is taken; output goes on without a gap.
   */
  show(pane: PaneId, request: number): readonly MultiplexerEffect[];
  /** Stop following this pane (its program runs on). The next `show` begins again. */
  hide(pane: PaneId): readonly MultiplexerEffect[];
  input(batch: InputBatch): readonly MultiplexerEffect[];
  paste(piece: PastePiece): readonly MultiplexerEffect[];
  /** Makes this viewer's count for this pane exist (0 where there is none), so that its absence later means something. */
  claim(pane: PaneId, viewer: ViewerId): readonly MultiplexerEffect[];
  /** The size of the window that holds this pane. */
  resize(pane: PaneId, size: Dimensions): readonly MultiplexerEffect[];
  change(wish: WindowWish): readonly MultiplexerEffect[];
  colours(foreground: Colour, background: Colour): readonly MultiplexerEffect[];
  /** Asks for a sign of life: `alive` with this number, once everything asked before it has been carried out. Cheap. */
  probe(probe: number): readonly MultiplexerEffect[];
}
