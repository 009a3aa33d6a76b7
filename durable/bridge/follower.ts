// Owns what each effect of the multiplexer leads to, in the order in which they came.
// Must not know sockets or the exec's framing.

import type { Multiplexer, MultiplexerEffect, MultiplexerEnd, PaneState } from "../multiplexer/multiplexer.ts";
import { closeCode } from "../protocol/close-codes.ts";
import type { ServerMessage, ViewerId } from "../protocol/messages.ts";
import type { Conversation } from "./conversation.ts";
import type { ExecLink } from "./exec-link.ts";
import type { InputDesk } from "./input-desk.ts";
import type { Lobby } from "./lobby.ts";
import type { Outbox } from "./outbox.ts";
import type { PaneBook } from "./pane-book.ts";
import type { Sizes } from "./sizes.ts";

export interface FollowerParts {
  readonly lobby: Lobby;
  readonly book: PaneBook;
  readonly desk: InputDesk;
  readonly link: ExecLink;
  readonly sizes: Sizes;
  readonly outbox: Outbox;
  readonly conversation: Conversation;
}

export class Follower {
  readonly #parts: FollowerParts;
  #queue: MultiplexerEffect[] = [];
  /** When the shell last wrote anything. */
  lastOutputMs = 0;

  constructor(parts: FollowerParts) {
    this.#parts = parts;
  }

  /** Asks the multiplexer, where one follows; what it answers is dealt with by `run`. */
  ask(call: (multiplexer: Multiplexer) => readonly MultiplexerEffect[]): void {
    const multiplexer = this.#parts.link.following;
    if (multiplexer !== null) this.add(call(multiplexer));
  }

  add(effects: readonly MultiplexerEffect[]): void {
    for (const effect of effects) this.#queue.push(effect);
  }

  get idle(): boolean {
    return this.#queue.length === 0;
  }

  /** Deals with all there is, what follows from it included. */
  run(nowMs: number): void {
    // By index: what an effect leads to is appended, and shifting a long queue would be quadratic.
    for (let at = 0; at < this.#queue.length; at++) {
      const effect = this.#queue[at];
      if (effect !== undefined) this.#effect(effect, nowMs);
    }
    this.#queue = [];
  }

  /** No multiplexer follows any more: the streams end, and what it still had to say is void. */
  stop(): void {
    this.#queue = [];
    this.#parts.book.lost();
    this.#parts.desk.stop();
    this.#parts.sizes.restart(false);
  }

  /** The panes are no more. */
  forget(): void {
    const { book, desk } = this.#parts;
    for (const pane of [...book.all()]) {
      desk.closed(pane);
      book.remove(pane);
    }
    book.windows = [];
  }

  #broadcast(message: ServerMessage): void {
    for (const viewer of this.#parts.lobby.viewers.values()) this.#parts.outbox.message(viewer, message);
  }

  #effect(effect: MultiplexerEffect, nowMs: number): void {
    const { book, desk, link } = this.#parts;
    switch (effect.type) {
      case "stdin":
        link.stdin(effect.bytes);
        return;
      case "tty-size":
        link.ttySize(effect);
        return;
      case "following":
        this.#following(effect, nowMs);
        return;
      case "windows":
        book.windows = effect.windows;
        this.#tellWindows();
        return;
      case "alive":
        link.answered(effect.probe);
        desk.answered(effect.probe);
        return;
      case "ended":
        this.#ended(effect.end, nowMs);
        return;
      case "pane-opened": {
        if (book.get(effect.state.pane) !== undefined) return;
        const pane = book.add(effect.state, nowMs);
        this.#restartLines(effect.state, true);
        this.#openDefaults(pane.id);
        return;
      }
    }
    const pane = book.get(effect.pane);
    if (pane === undefined) return;
    switch (effect.type) {
      case "output":
        this.lastOutputMs = nowMs;
        book.output(pane, effect.bytes);
        return;
      case "snapshot":
        book.snapshot(pane, effect);
        return;
      case "pane-size":
        book.resized(pane, effect);
        return;
      case "pane-paused":
        book.paused(pane, nowMs);
        return;
      case "pane-closed":
        desk.closed(pane);
        book.remove(pane);
        this.#openDefaults(null);
        return;
      case "taken":
        desk.taken(pane, effect.viewer, effect.end, nowMs);
        return;
      case "refused":
        desk.refused(pane, effect.viewer, effect.message);
        return;
      case "forgotten":
        desk.forgotten(pane, effect.viewer);
        return;
    }
  }

  #following(effect: Extract<MultiplexerEffect, { type: "following" }>, nowMs: number): void {
    const { book, link, sizes, lobby, conversation } = this.#parts;
    link.stands(nowMs);
    const multiplexer = link.following;
    if (multiplexer === null) return;
    sizes.restart(true);
    this.lastOutputMs = nowMs;
    book.following = true;
    book.hasHistory = multiplexer.hasHistory;
    book.windows = effect.windows;
    if (multiplexer.countsInput && this.#isAnotherServer(effect.panes)) this.forget();
    this.#forgetMissing(effect.panes);
    const astray = new Set<ViewerId>();
    for (const state of effect.panes) {
      const known = book.get(state.pane);
      if (known === undefined) book.add(state, nowMs);
      else known.restart(state.window, { cols: state.cols, rows: state.rows });
      for (const viewer of this.#restartLines(state, multiplexer.countsInput)) astray.add(viewer);
    }
    for (const id of astray) {
      const viewer = lobby.viewers.get(id);
      if (viewer !== undefined) lobby.close(viewer.socket, closeCode.again, "input counts differ", nowMs);
    }
    this.#tellWindows();
    for (const viewer of [...lobby.viewers.values()]) if (!viewer.welcomed) conversation.welcome(viewer, nowMs);
    this.#openDefaults(null);
  }

  #restartLines(state: PaneState, counted: boolean): readonly ViewerId[] {
    const pane = this.#parts.book.get(state.pane);
    return pane === undefined ? [] : this.#parts.desk.restart(pane, state.counts, counted);
  }

  /**
   * Another tmux server numbers its panes anew: a count that it held and does not hold shows that it is another one.
   * Counts of those who are away say nothing: tmux keeps only so many.
   */
  #isAnotherServer(panes: readonly PaneState[]): boolean {
    return panes.some((state) => {
      const pane = this.#parts.book.get(state.pane);
      return pane !== undefined && this.#parts.desk.misses(pane, state.counts);
    });
  }

  #forgetMissing(panes: readonly PaneState[]): void {
    const { book, desk } = this.#parts;
    const present = new Set(panes.map((state) => state.pane));
    for (const pane of [...book.all()]) {
      if (present.has(pane.id)) continue;
      desk.closed(pane);
      book.remove(pane);
    }
  }

  #ended(end: MultiplexerEnd, nowMs: number): void {
    const over = this.#parts.link.ended(end, nowMs);
    this.stop();
    if (end.reason === "superseded") {
      this.#broadcast({
        type: "notice",
        code: "superseded",
        text: "Another connection follows this shell now. Reload the page to follow it here.",
      });
    } else if (end.reason === "failed") {
      this.#broadcast({ type: "notice", code: "attach-failed", text: end.message.slice(0, 256) });
    } else if (end.reason === "exited" && over) {
      this.forget();
      this.#broadcast({ type: "exit", code: end.code });
    }
  }

  #tellWindows(): void {
    const { lobby, book, outbox } = this.#parts;
    for (const viewer of lobby.viewers.values()) {
      if (viewer.welcomed) outbox.message(viewer, { type: "windows", windows: book.windows });
    }
  }

  /** A page that shows nothing shows what is active. `opened`: a pane that tmux may not have named among its windows yet. */
  #openDefaults(opened: string | null): void {
    const { lobby, book, conversation } = this.#parts;
    if (opened !== null && book.size > 1) return;
    for (const viewer of lobby.viewers.values()) {
      if (viewer.welcomed && viewer.channels.open().next().done) conversation.openDefault(viewer);
    }
  }
}
