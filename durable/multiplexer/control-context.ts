// Owns what the parts of the control multiplexer share: the panes, the lines under way, the effects of a call.
// Must not know which part does what.

import type { WindowId } from "../protocol/messages.ts";
import type { CapturePlan } from "./capture.ts";
import type { CommandQueue } from "./command-queue.ts";
import type { TmuxVersion } from "./commands.ts";
import type { InputLine } from "./input-queue.ts";
import type { MultiplexerEffect } from "./multiplexer.ts";
import type { Pane, PaneTable } from "./pane-table.ts";

/** What a command line was for. */
export type Tag =
  | { readonly kind: "nothing" }
  | { readonly kind: "version" }
  | { readonly kind: "buffers" }
  | { readonly kind: "listing" }
  | { readonly kind: "counts"; readonly pane: Pane }
  | { readonly kind: "show"; readonly pane: Pane; readonly request: number; readonly plan: CapturePlan }
  | { readonly kind: "input"; readonly line: InputLine }
  | { readonly kind: "resize"; readonly window: WindowId }
  | { readonly kind: "probe"; readonly probe: number };

export interface ControlContext {
  readonly table: PaneTable;
  readonly queue: CommandQueue<Tag>;
  /** What the present call leads to, in order. */
  readonly effects: MultiplexerEffect[];
  /** tmux's own version; the oldest that is supported until it is known. */
  version: TmuxVersion;
  /** 32 hex digits that nobody can guess. */
  readonly random: () => string;
}
