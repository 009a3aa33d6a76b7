// Owns when a viewer is told how much of its input was taken: soon, and once for many keys.
// Must not know what takes the input, nor how long a line is kept.

import type { ViewerId } from "../protocol/messages.ts";
import type { InputLine } from "./input-line.ts";
import type { BridgeLimits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Pane } from "./pane.ts";
import type { Viewer } from "./viewer.ts";

interface Owed {
  readonly pane: Pane;
  readonly viewer: ViewerId;
  readonly line: InputLine;
  readonly untilMs: number;
}

/**
 * A key's `ack` says nothing that its echo does not show, and each message costs the page and the object as much as the
 * echo itself: so it waits for the keys after it. What a paste waits for is told at once.
 */
export class InputAcks {
  readonly #limits: BridgeLimits;
  readonly #outbox: Outbox;
  readonly #viewers: ReadonlyMap<ViewerId, Viewer>;
  readonly #owed = new Map<InputLine, Owed>();

  constructor(limits: BridgeLimits, outbox: Outbox, viewers: ReadonlyMap<ViewerId, Viewer>) {
    this.#limits = limits;
    this.#outbox = outbox;
    this.#viewers = viewers;
  }

  /** `bytes`: how many more than before were taken. */
  owe(pane: Pane, viewer: ViewerId, line: InputLine, bytes: number, nowMs: number): void {
    if (bytes >= this.#limits.ackBytes) this.tell(pane, viewer, line);
    else if (!this.#owed.has(line)) {
      this.#owed.set(line, { pane, viewer, line, untilMs: nowMs + this.#limits.ackWaitMs });
    }
  }

  /** Now. */
  tell(pane: Pane, viewerId: ViewerId, line: InputLine): void {
    this.#owed.delete(line);
    const viewer = this.#viewers.get(viewerId);
    const channel = viewer?.channels.of(pane.id);
    // Before the channel's first `pane` the viewer has no count that this could move.
    if (viewer === undefined || !channel || channel.firstInput !== undefined) return;
    this.#outbox.message(viewer, { type: "ack", channel: channel.number, input: line.taken });
  }

  /** The viewer has heard it another way. */
  told(line: InputLine): void {
    this.#owed.delete(line);
  }

  /** Tells what was owed long enough; `all`: whatever is owed. */
  settle(nowMs: number, all: boolean): void {
    for (const { pane, viewer, line, untilMs } of this.#owed.values()) {
      if (all || nowMs >= untilMs) this.tell(pane, viewer, line);
    }
  }

  deadline(): number | null {
    // The oldest is first: all of them wait equally long.
    const [first] = this.#owed.values();
    return first?.untilMs ?? null;
  }
}
