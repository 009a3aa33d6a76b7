// Owns the bridge between browser sockets and one exec: events and the time in, effects out (see ../SPEC.md).
// Must not know sockets, timers, storage or HTTP; it never reads a clock.

import type { Multiplexer } from "../multiplexer/multiplexer.ts";
import { closeCode } from "../protocol/close-codes.ts";
import { pong } from "../protocol/limits.ts";
import type { Changed } from "../protocol/messages.ts";
import { attachmentOf, parseAttachment, unusableAttachment } from "./attachment.ts";
import { Conversation } from "./conversation.ts";
import { type Counters, countersOf } from "./counters.ts";
import type { BridgeEffect, ExecWish, SocketKey } from "./effects.ts";
import type { ExecProtocol } from "./exec-channels.ts";
import { ExecLink } from "./exec-link.ts";
import { Follower } from "./follower.ts";
import { type Ask, InputDesk } from "./input-desk.ts";
import { type BridgeLimits, bridgeLimits } from "./limits.ts";
import { Lobby } from "./lobby.ts";
import { Outbox } from "./outbox.ts";
import { PaneBook } from "./pane-book.ts";
import { commandRuns, parkAt } from "./parking.ts";
import { restore } from "./restore.ts";
import { Sizes } from "./sizes.ts";
import { readFrame } from "./socket-frame.ts";
import { type ShellFacts, Standing } from "./standing.ts";
import type { SocketFacts, Viewer } from "./viewer.ts";

export interface BridgeOptions {
  /** 32 lower-case hex digits, unguessable. */
  readonly random: () => string;
  /** Makes what speaks to tmux over the next exec. */
  readonly multiplexer: (wish: ExecWish) => Multiplexer;
  readonly limits?: Partial<BridgeLimits>;
}

/** What the io layer tells of an exec's end: the WebSocket's code and reason. */
export interface ExecClosed {
  readonly code: number;
  readonly reason: string;
}

/** What it tells of one that never opened. `status`: of HTTP, 0 where there was no answer; the rest from its Status. */
export interface ExecRefused {
  readonly status: number;
  readonly reason: string | null;
  readonly message: string | null;
}

/**
 * Every method takes what happened and gives what is to be done, in order. After an `exec-close` effect nothing more
 * of that exec may be told, and after a `close` effect nothing that is told of that socket matters.
 */
export class Bridge {
  readonly #limits: BridgeLimits;
  readonly #outbox = new Outbox();
  readonly #lobby: Lobby;
  readonly #book: PaneBook;
  readonly #desk: InputDesk;
  readonly #link: ExecLink;
  readonly #sizes: Sizes;
  readonly #standing: Standing;
  readonly #conversation: Conversation;
  readonly #follower: Follower;
  #activityMs = Number.NEGATIVE_INFINITY;
  #wasResting = true;
  /** An exec was wanted before anything was known of the pod: after a sleep that is what the object was woken by. */
  #wished = false;

  constructor(options: BridgeOptions) {
    const limits = { ...bridgeLimits, ...options.limits };
    const outbox = this.#outbox;
    const ask: Ask = (call) => this.#follower.ask(call);
    const chance = () => Number.parseInt(options.random().slice(0, 8), 16) / 2 ** 32;
    this.#limits = limits;
    this.#lobby = new Lobby(limits, outbox, (viewer, nowMs) => this.#book.detach(viewer, nowMs));
    const { viewers } = this.#lobby;
    this.#book = new PaneBook({
      limits,
      outbox,
      viewers,
      ask,
      newStream: options.random,
      isCounted: (viewer, pane) => this.#desk.isCounted(viewer, pane),
      opened: (viewer, channel, pane) => this.#desk.opened(viewer, channel, pane),
    });
    this.#desk = new InputDesk(limits, outbox, viewers, ask);
    this.#link = new ExecLink({ limits, chance, outbox, multiplexer: options.multiplexer });
    this.#sizes = new Sizes(this.#lobby, this.#book, ask);
    this.#standing = new Standing(outbox);
    this.#conversation = new Conversation({
      lobby: this.#lobby,
      book: this.#book,
      desk: this.#desk,
      outbox,
      ask,
      acted: (nowMs) => this.#acted(nowMs),
      looked: (nowMs) => this.#want(nowMs),
    });
    this.#follower = new Follower({
      lobby: this.#lobby,
      book: this.#book,
      desk: this.#desk,
      link: this.#link,
      sizes: this.#sizes,
      outbox,
      conversation: this.#conversation,
    });
  }

  socketOpened(socket: SocketKey, facts: SocketFacts, nowMs: number): readonly BridgeEffect[] {
    this.#lobby.opened(socket, facts, nowMs);
    return this.#finish(nowMs);
  }

  /** A socket that outlived the object's memory, with what was kept of it. For each of them, before anything else. */
  socketRestored(socket: SocketKey, facts: SocketFacts, kept: unknown, nowMs: number): readonly BridgeEffect[] {
    const attachment = parseAttachment(kept);
    const viewer = this.#lobby.restored(socket, facts, attachment, nowMs);
    if (viewer !== null && attachment !== null) {
      restore(viewer, attachment, this.#book, this.#limits, nowMs);
      viewer.kept = JSON.stringify(attachment);
      if (this.#link.rest === "idle") this.#link.release("parked");
    }
    return this.#finish(nowMs);
  }

  socketMessage(socket: SocketKey, data: string | Uint8Array, nowMs: number): readonly BridgeEffect[] {
    const state = this.#lobby.state(socket);
    if (state === null) return [];
    const facts = state.kind === "greeting" ? state.facts : state.viewer.facts;
    const frame = readFrame(data, facts.base64);
    if (frame.kind === "breach") this.#lobby.close(socket, closeCode.protocol, frame.reason, nowMs);
    else if (frame.kind === "ping") this.#outbox.add({ type: "send", socket, data: pong });
    else if (frame.kind === "unknown") return [];
    else if (state.kind === "attached") {
      if (frame.kind === "input") this.#conversation.keys(state.viewer, frame.channel, frame.bytes, nowMs);
      else this.#conversation.message(state.viewer, frame.message, nowMs);
    } else if (frame.kind !== "message" || frame.message.type !== "hello") {
      this.#lobby.close(socket, closeCode.protocol, "hello: must come first", nowMs);
    } else if (this.#standing.phase === "absent") {
      this.#lobby.close(socket, closeCode.noShell, "there is no shell", nowMs);
    } else {
      const viewer = this.#lobby.hello(socket, facts, state.order, frame.message, nowMs);
      if (viewer !== null) this.#enter(viewer, nowMs);
    }
    return this.#finish(nowMs);
  }

  socketClosed(socket: SocketKey, nowMs: number): readonly BridgeEffect[] {
    this.#lobby.closed(socket, nowMs);
    return this.#finish(nowMs);
  }

  /** What is known of the pod now. */
  shell(shell: ShellFacts, nowMs: number): readonly BridgeEffect[] {
    const before = this.#standing.phase;
    this.#standing.set(shell);
    if (shell.phase === "ready") {
      if (before !== "ready") this.#link.podChanged();
      // Parked stays parked while the pod is the one that was there; whoever watched a new one come wants to see it.
      const came = before !== null && before !== "ready" && this.#lobby.looked;
      const inputWaits = this.#inputWaits();
      const wanted =
        this.#link.rest === "idle" || (this.#link.rest === "parked" && (came || this.#wished || inputWaits));
      if (wanted && (this.#lobby.viewers.size > 0 || inputWaits)) this.#want(nowMs);
    } else if (this.#link.following === null && this.#link.rest !== "parked") {
      // What ended in the pod before, or who took over there, says nothing of the next one.
      this.#link.release("idle");
    }
    this.#wished = false;
    if (shell.phase === "absent" && before !== null && before !== "absent") {
      this.#standing.announce(this.#lobby.viewers, this.#lobby.leader.viewer, this.#link.linkState(), nowMs);
      this.#link.release("idle");
      this.#follower.stop();
      this.#follower.forget();
      this.#lobby.closeAll(closeCode.noShell, "the shell has no pod any more", nowMs);
    }
    return this.#finish(nowMs);
  }

  /** Something to be said to everybody who is here. */
  notice(code: string, text: string, nowMs: number): readonly BridgeEffect[] {
    this.#standing.say(this.#lobby.viewers, { type: "notice", code, text });
    return this.#finish(nowMs);
  }

  /** The end is near: everybody is told how near, by the clock as it stands, and what to do. */
  warn(code: string, text: string, nowMs: number): readonly BridgeEffect[] {
    this.#standing.repeatExpiry(this.#lobby.viewers);
    return this.notice(code, text, nowMs);
  }

  /** What the API tells is another than before. */
  changed(what: Changed["what"], nowMs: number): readonly BridgeEffect[] {
    this.#standing.say(this.#lobby.viewers, { type: "changed", what });
    return this.#finish(nowMs);
  }

  execOpened(protocol: ExecProtocol, nowMs: number): readonly BridgeEffect[] {
    this.#follower.add(this.#link.opened(protocol, nowMs));
    return this.#finish(nowMs);
  }

  execMessage(message: Uint8Array, nowMs: number): readonly BridgeEffect[] {
    const effects = this.#link.message(message, nowMs);
    if (effects === "lost") this.#lost("exec-over", nowMs);
    else this.#follower.add(effects);
    return this.#finish(nowMs);
  }

  execClosed(closed: ExecClosed, nowMs: number): readonly BridgeEffect[] {
    this.#lost("exec-closed", nowMs, { code: closed.code, reason: closed.reason.slice(0, 123) });
    return this.#finish(nowMs);
  }

  execRefused(refused: ExecRefused, nowMs: number): readonly BridgeEffect[] {
    const { status, reason, message } = refused;
    this.#lost("exec-refused", nowMs, { status, reason, message: message?.slice(0, 256) ?? null });
    return this.#finish(nowMs);
  }

  tick(nowMs: number): readonly BridgeEffect[] {
    this.#lobby.tick(nowMs);
    const park = this.#parkAt();
    if (park !== null && nowMs >= park) this.#park();
    const effects = this.#link.tick(this.#lobby.looked, nowMs);
    if (effects === "lost") this.#lost("exec-silent", nowMs);
    else this.#follower.add(effects);
    return this.#finish(nowMs);
  }

  /** Unix milliseconds at which `tick` is wanted next, or `null`. May move with every call. */
  nextDeadline(): number | null {
    const deadlines = [
      this.#lobby.deadline(),
      this.#link.deadline(this.#lobby.looked),
      this.#book.deadline(),
      this.#sizes.deadline(),
      this.#desk.deadline(),
      this.#parkAt(),
    ];
    let first: number | null = null;
    for (const at of deadlines) if (at !== null && (first === null || at < first)) first = at;
    return first;
  }

  /** True while nothing is in memory that the attachments and tmux do not hold. */
  canHibernate(): boolean {
    if (this.#link.rest === null || this.#wished || this.#inputWaits() || this.#lobby.waitsForLeader) return false;
    for (const viewer of this.#lobby.viewers.values()) if (!viewer.welcomed) return false;
    return true;
  }

  counters(): Counters {
    return countersOf(this.#book.all(), this.#lobby.viewers.values(), this.#lobby.socketCount);
  }

  #enter(viewer: Viewer, nowMs: number): void {
    this.#want(nowMs, true);
    if (this.#link.following !== null) this.#conversation.welcome(viewer, nowMs);
  }

  /** An exec is wanted. One that a newer client took is taken back only for somebody who comes (`attach`). */
  #want(nowMs: number, attach = false): void {
    this.#wished ||= this.#standing.phase === null;
    if (this.#standing.phase !== "ready") return;
    if (this.#link.rest === "superseded" && !attach) return;
    this.#link.want(this.#sizes.wish(), true, nowMs);
  }

  #acted(nowMs: number): void {
    this.#want(nowMs);
    if (nowMs - this.#activityMs < this.#limits.activityEveryMs) return;
    this.#activityMs = nowMs;
    this.#outbox.add({ type: "activity" });
  }

  #parkAt(): number | null {
    if (this.#link.rest !== null) return null;
    const { emptySinceMs, hiddenSinceMs } = this.#lobby;
    const running = commandRuns(this.#book.windows);
    const fragile = this.#link.following !== null && !this.#book.hasHistory;
    const lastOutputMs = this.#follower.lastOutputMs;
    return parkAt({ emptySinceMs, hiddenSinceMs, lastOutputMs, commandRuns: running, fragile }, this.#limits);
  }

  #park(): void {
    this.#outbox.log("info", "exec-parked");
    this.#link.release("parked");
    this.#follower.stop();
  }

  #lost(event: string, nowMs: number, fields: Readonly<Record<string, string | number | boolean | null>> = {}): void {
    if (this.#link.rest !== null) return;
    this.#link.lost(event, nowMs, fields);
    this.#follower.stop();
    if (this.#standing.phase !== "ready") this.#link.release("idle");
    else if (this.#lobby.viewers.size === 0 && !this.#inputWaits()) this.#link.release("parked");
  }

  #inputWaits(): boolean {
    for (const pane of this.#book.all()) for (const line of pane.lines.values()) if (line.pending > 0) return true;
    return false;
  }

  /** Deals with all that the multiplexer said, tells the viewers, and sends what there is room for. */
  #finish(nowMs: number): readonly BridgeEffect[] {
    this.#follower.run(nowMs);
    this.#standing.announce(this.#lobby.viewers, this.#lobby.leader.viewer, this.#link.linkState(), nowMs);
    do {
      this.#follower.run(nowMs);
      this.#sizes.apply(nowMs);
      this.#book.settle(nowMs);
    } while (!this.#follower.idle);
    this.#desk.settle(nowMs, this.#link.rest !== null);
    this.#keep();
    return this.#outbox.drain();
  }

  /** An attachment says where things stand only while they stand still: awake, all are void. */
  #keep(): void {
    const resting = this.canHibernate();
    if (!resting && !this.#wasResting) return;
    this.#wasResting = resting;
    for (const viewer of this.#lobby.viewers.values()) {
      const attachment = resting
        ? attachmentOf(viewer, this.#lobby.leader.say(viewer.id), (pane) => this.#book.get(pane))
        : unusableAttachment;
      const kept = attachment.viewer === null ? null : JSON.stringify(attachment);
      if (kept === viewer.kept) continue;
      viewer.kept = kept;
      this.#outbox.add({ type: "keep", socket: viewer.socket, attachment });
    }
  }
}
