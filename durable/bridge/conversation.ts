// Owns what each message of a viewer leads to, once the viewer is in.
// Must not know sockets' states before that, or what tmux answers.

import { closeCode } from "../protocol/close-codes.ts";
import type { ClientAck, ClientMessage, Resize, WindowChange } from "../protocol/messages.ts";
import type { Channel } from "./channel.ts";
import type { Ask, InputDesk } from "./input-desk.ts";
import { isSizeInBounds, type Lobby } from "./lobby.ts";
import type { Outbox } from "./outbox.ts";
import type { PaneBook } from "./pane-book.ts";
import type { Viewer } from "./viewer.ts";

export interface ConversationParts {
  readonly lobby: Lobby;
  readonly book: PaneBook;
  readonly desk: InputDesk;
  readonly outbox: Outbox;
  readonly ask: Ask;
  /** Somebody uses the shell: an exec is wanted, its end is pushed out. */
  readonly acted: (nowMs: number) => void;
  /** Somebody looks: an exec is wanted. */
  readonly looked: (nowMs: number) => void;
}

export class Conversation {
  readonly #parts: ConversationParts;

  constructor(parts: ConversationParts) {
    this.#parts = parts;
  }

  message(viewer: Viewer, message: ClientMessage, nowMs: number): void {
    const { lobby, book } = this.#parts;
    switch (message.type) {
      case "hello":
        this.#breach(viewer, "hello: must come once", nowMs);
        return;
      case "resize":
        this.#resize(viewer, message, nowMs);
        return;
      case "ack":
        this.#ack(viewer, message, nowMs);
        return;
      case "focus":
        lobby.focus(viewer, message.visible, nowMs);
        if (message.visible) this.#parts.looked(nowMs);
        return;
      case "colours":
        viewer.colours = { foreground: message.foreground, background: message.background };
        return;
      case "open":
        this.#open(viewer, message.pane, nowMs);
        return;
      case "shut": {
        const channel = this.#channel(viewer, message.channel, "shut", nowMs);
        if (channel !== null) book.shut(viewer, channel, nowMs);
        return;
      }
      case "window":
        this.#window(viewer, message, nowMs);
        return;
      case "paste": {
        const channel = this.#channel(viewer, message.channel, "paste", nowMs);
        const pane = channel?.open ? book.get(channel.pane) : undefined;
        if (channel === null || pane === undefined) return;
        this.#typed(viewer, nowMs);
        this.#settle(viewer, this.#parts.desk.paste(viewer, channel, pane, message, nowMs), nowMs);
      }
    }
  }

  keys(viewer: Viewer, number: number, bytes: Uint8Array, nowMs: number): void {
    const { book, desk } = this.#parts;
    const channel = this.#channel(viewer, number, "input", nowMs);
    const pane = channel?.open ? book.get(channel.pane) : undefined;
    if (channel === null || pane === undefined || bytes.length === 0) return;
    this.#typed(viewer, nowMs);
    book.hurry(pane);
    this.#settle(viewer, desk.keys(viewer, channel, pane, bytes, nowMs), nowMs);
  }

  /** Opens what a viewer asked for, or what it sees that asked for nothing; `listed`: it had the pane before. */
  openDefault(viewer: Viewer): void {
    const pane = this.#parts.book.active;
    if (pane !== undefined) this.#parts.book.open(viewer, pane, null, this.#parts.desk.open(viewer, pane, false));
  }

  /** The viewer's hello is answered: the shell is there. */
  welcome(viewer: Viewer, nowMs: number): void {
    const { book, desk, outbox } = this.#parts;
    const held = viewer.held ?? [];
    viewer.held = null;
    outbox.message(viewer, { type: "welcome", role: viewer.facts.role, windows: book.windows });
    if (!book.hasHistory && held.length === 0) {
      const text =
        "There is no tmux in this shell: what was on the screen is not shown again, and what runs may end when the pod is cut off.";
      outbox.message(viewer, { type: "notice", code: "no-history", text });
    }
    for (const wanted of held) {
      if (book.isAhead(wanted)) {
        this.#breach(viewer, "hello: output must have been sent", nowMs);
        return;
      }
      const pane = book.get(wanted.pane);
      if (pane !== undefined) book.open(viewer, pane, wanted, desk.open(viewer, pane, true));
    }
    if (viewer.channels.open().next().done) this.openDefault(viewer);
  }

  #resize(viewer: Viewer, message: Resize, nowMs: number): void {
    if (!isSizeInBounds(message)) return;
    viewer.cols = message.cols;
    viewer.rows = message.rows;
    if (message.fit) {
      this.#parts.lobby.leader.acted(viewer);
      this.#parts.acted(nowMs);
    }
  }

  #ack(viewer: Viewer, message: ClientAck, nowMs: number): void {
    const channel = this.#channel(viewer, message.channel, "ack", nowMs);
    if (channel === null || !channel.open) return;
    const result = channel.acknowledge(message.stream, message.output, message.picture);
    if (result.kind === "impossible") {
      this.#breach(viewer, "ack: output must have been sent", nowMs);
      return;
    }
    if (result.kind !== "taken") return;
    viewer.flow.acknowledged(result.bytes, nowMs);
    const pane = this.#parts.book.get(channel.pane);
    if (pane !== undefined) this.#parts.desk.heard(viewer, pane);
  }

  #open(viewer: Viewer, paneId: string, nowMs: number): void {
    const { book, desk, outbox } = this.#parts;
    this.#parts.looked(nowMs);
    if (!viewer.welcomed || viewer.channels.of(paneId) !== null) return;
    const pane = book.get(paneId);
    if (pane !== undefined) book.open(viewer, pane, null, desk.open(viewer, pane, false));
    else outbox.message(viewer, { type: "notice", code: "no-pane", text: "That pane is not there any more." });
  }

  #window(viewer: Viewer, message: WindowChange, nowMs: number): void {
    if (!viewer.drives) return;
    this.#parts.acted(nowMs);
    const { type: _, ...wish } = message;
    this.#parts.ask((multiplexer) => multiplexer.change(wish));
  }

  #typed(viewer: Viewer, nowMs: number): void {
    if (!viewer.drives) return;
    this.#parts.lobby.leader.acted(viewer);
    this.#parts.acted(nowMs);
  }

  /** `null`: the channel is closed by now, or was never open, which ends the socket. */
  #channel(viewer: Viewer, number: number, frame: string, nowMs: number): Channel | null {
    const channel = viewer.channels.find(number);
    if (channel === null) this.#breach(viewer, `${frame}: channel must be open`, nowMs);
    return channel ?? null;
  }

  #settle(viewer: Viewer, broken: string | null, nowMs: number): void {
    if (broken !== null) this.#breach(viewer, broken, nowMs);
  }

  #breach(viewer: Viewer, reason: string, nowMs: number): void {
    this.#parts.lobby.close(viewer.socket, closeCode.protocol, reason, nowMs);
  }
}
