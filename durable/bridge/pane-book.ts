// Owns the panes of the shell: which are followed, who is shown what, when a picture is taken, what a flood leads to.
// Must not know the exec's life, input or whose size counts.

import type { Dimensions, MultiplexerEffect, PaneState } from "../multiplexer/multiplexer.ts";
import type { HeldPane, PaneId, StreamId, ViewerId, WindowInfo } from "../protocol/messages.ts";
import { Channel } from "./channel.ts";
import { behindBy, deliver, resumeAt, startFromPicture } from "./delivery.ts";
import type { Ask } from "./input-desk.ts";
import type { BridgeLimits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import { Pane } from "./pane.ts";
import type { Viewer } from "./viewer.ts";

export interface PaneBookOptions {
  readonly limits: BridgeLimits;
  readonly outbox: Outbox;
  readonly viewers: ReadonlyMap<ViewerId, Viewer>;
  readonly ask: Ask;
  readonly newStream: () => StreamId;
  /** False while this viewer may not be shown the pane for the first time: see InputDesk. */
  readonly isCounted: (viewer: Viewer, pane: Pane) => boolean;
  /** The channel's first `pane` was sent: what tmux has taken is to be said. */
  readonly opened: (viewer: Viewer, channel: Channel, pane: Pane) => void;
}

/** One channel with the viewer it belongs to. */
interface Watcher {
  readonly viewer: Viewer;
  readonly channel: Channel;
}

export class PaneBook {
  readonly #options: PaneBookOptions;
  readonly #panes = new Map<PaneId, Pane>();
  windows: readonly WindowInfo[] = [];
  /** False while no multiplexer can be asked for anything. */
  following = false;
  /** False for a multiplexer that cannot be told to stop and show later what was there. */
  hasHistory = true;
  #request = 0;

  constructor(options: PaneBookOptions) {
    this.#options = options;
  }

  get(pane: PaneId): Pane | undefined {
    return this.#panes.get(pane);
  }

  all(): Iterable<Pane> {
    return this.#panes.values();
  }

  get size(): number {
    return this.#panes.size;
  }

  /** The active window's active pane: what a viewer sees that asks for nothing. */
  get active(): Pane | undefined {
    const first = this.windows.find((window) => window.active)?.panes[0];
    return (first === undefined ? undefined : this.get(first)) ?? this.#panes.values().next().value;
  }

  add(state: PaneState, nowMs: number): Pane {
    const pane = new Pane(state.pane, state.window, state, nowMs);
    this.#panes.set(pane.id, pane);
    return pane;
  }

  /** The pane is no more: its channels end. */
  remove(pane: Pane): void {
    for (const { viewer, channel } of this.#watchers(pane)) this.#end(viewer, channel);
    this.#panes.delete(pane.id);
  }

  /** The exec is gone, and every stream with it. */
  lost(): void {
    this.following = false;
    for (const pane of this.#panes.values()) {
      pane.hide(0);
      for (const { channel } of this.#watchers(pane)) channel.state = { kind: "waiting" };
    }
  }

  /** Opens a channel: from where the viewer is in the present stream, else from a picture as soon as there is one. */
  open(viewer: Viewer, pane: Pane, held: HeldPane | null, input: number | null): void {
    const { outbox } = this.#options;
    const number = viewer.channels.free();
    if (number === null) {
      const text = "This page shows as many panes as it can. Close one first.";
      outbox.message(viewer, { type: "notice", code: "too-many-panes", text });
      return;
    }
    const channel = new Channel(number, pane.id, input);
    viewer.channels.add(channel);
    pane.unwatched = null;
    const stream = pane.stream;
    if (
      held !== null &&
      stream?.stream === held.stream &&
      stream.ring.has(held.output) &&
      this.#mayBegin(viewer, channel)
    ) {
      resumeAt(viewer, channel, pane, held.output, outbox);
      this.#options.opened(viewer, channel, pane);
    }
  }

  /** True where `held` claims bytes that its stream does not have yet. */
  isAhead(held: HeldPane): boolean {
    const stream = this.get(held.pane)?.stream;
    return stream?.stream === held.stream && held.output > stream.ring.end;
  }

  /** The viewer closes a channel. Where the pane had gone already the number is free from now on. */
  shut(viewer: Viewer, channel: Channel, nowMs: number): void {
    if (channel.open) {
      this.#end(viewer, channel);
      this.#left(channel.pane, nowMs);
    }
    viewer.channels.remove(channel);
  }

  /** The viewer's socket is gone. */
  detach(viewer: Viewer, nowMs: number): void {
    for (const channel of viewer.channels.open()) this.#left(channel.pane, nowMs, viewer);
  }

  output(pane: Pane, bytes: Uint8Array): void {
    const stream = pane.stream;
    if (stream === null || bytes.length === 0) return;
    stream.ring.append(bytes);
  }

  snapshot(pane: Pane, effect: Extract<MultiplexerEffect, { type: "snapshot" }>): void {
    const { following } = pane;
    const { cols, rows, bytes, request } = effect;
    if (following.kind === "hidden" || following.request !== request) return;
    if (following.kind === "opening") {
      pane.begin(this.#options.newStream(), this.#ringBytes, { cols, rows });
      pane.size = { cols, rows };
    } else following.request = null;
    const ring = pane.stream?.ring;
    if (ring !== undefined) pane.picture = { bytes, cols, rows, offset: ring.end, nextMark: ring.nextMark };
  }

  /** A size that was asked for is marked in the stream; any other makes a new one, since nobody knows where it applied. */
  resized(pane: Pane, size: Dimensions): void {
    const same = pane.size.cols === size.cols && pane.size.rows === size.rows;
    const asked = pane.reported({ cols: size.cols, rows: size.rows });
    if (same || pane.stream === null) return;
    if (asked) pane.stream.ring.resize(size);
    else this.#restart(pane);
  }

  /** tmux stopped sending by itself, since it was not read fast enough: a flood like any other. */
  paused(pane: Pane, nowMs: number): void {
    if (pane.following.kind === "hidden") return;
    pane.hide(nowMs + this.#options.limits.floodPauseMs);
    for (const { channel } of this.#watchers(pane)) channel.state = { kind: "waiting" };
  }

  /** A new stream begins with a new picture; tmux goes on sending meanwhile. */
  #restart(pane: Pane): void {
    pane.hide(0);
    for (const { channel } of this.#watchers(pane)) channel.state = { kind: "waiting" };
    this.#show(pane);
  }

  /** After whatever happened: who is too far behind, who needs a picture, what can be sent. */
  settle(nowMs: number): void {
    if (!this.following) return;
    for (const pane of this.#panes.values()) {
      const watchers = this.#watchers(pane);
      if (watchers.length === 0) this.#settleUnwatched(pane, nowMs);
      else {
        this.#judge(pane, watchers, nowMs);
        this.#begin(pane, watchers, nowMs);
      }
    }
    const { viewers, limits, outbox } = this.#options;
    for (const viewer of viewers.values()) {
      deliver(viewer, (channel) => this.#panes.get(channel.pane), limits, outbox, nowMs);
    }
  }

  /** Somebody typed: a flood need not be waited for. */
  hurry(pane: Pane): void {
    if (pane.following.kind === "hidden") pane.hide(0);
  }

  deadline(): number | null {
    if (!this.following) return null;
    let first: number | null = null;
    for (const pane of this.#panes.values()) {
      const at =
        pane.unwatched !== null
          ? pane.following.kind === "hidden" || !this.hasHistory
            ? null
            : pane.unwatched.sinceMs + this.#options.limits.unwatchedMs
          : pane.following.kind === "hidden" &&
              this.#watchers(pane).some(({ viewer, channel }) => this.#mayBegin(viewer, channel))
            ? pane.following.notBeforeMs
            : null;
      if (at !== null && (first === null || at < first)) first = at;
    }
    return first;
  }

  get #ringBytes(): number {
    const { ringBytes, plainRingBytes } = this.#options.limits;
    return this.hasHistory ? ringBytes : plainRingBytes;
  }

  #watchers(pane: Pane): readonly Watcher[] {
    const watchers: Watcher[] = [];
    for (const viewer of this.#options.viewers.values()) {
      const channel = viewer.channels.of(pane.id);
      if (channel !== null) watchers.push({ viewer, channel });
    }
    return watchers;
  }

  #settleUnwatched(pane: Pane, nowMs: number): void {
    if (pane.following.kind === "hidden" || !this.hasHistory) return;
    const { limits } = this.#options;
    const { sinceMs, offset } = pane.unwatched ?? { sinceMs: nowMs, offset: 0 };
    const written = (pane.stream?.ring.end ?? 0) - offset;
    if (nowMs - sinceMs >= limits.unwatchedMs || written > limits.behindBytes) this.#hide(pane, 0);
  }

  /** Who has lost the ring waits for a picture of its own; where all are too far behind, tmux is told to stop. */
  #judge(pane: Pane, watchers: readonly Watcher[], nowMs: number): void {
    const stream = pane.stream;
    if (stream === null) return;
    const { limits } = this.#options;
    const tooFar = this.hasHistory ? limits.behindBytes : this.#ringBytes;
    const sincePicture = stream.ring.end - (pane.picture?.offset ?? 0);
    let keepsUp = false;
    for (const { channel } of watchers) {
      const behind = channel.state.kind === "waiting" ? sincePicture : behindBy(channel, pane);
      if (behind === Number.POSITIVE_INFINITY) channel.state = { kind: "waiting" };
      if (behind <= tooFar) keepsUp = true;
    }
    if (keepsUp) return;
    this.#hide(pane, nowMs + (this.hasHistory ? limits.floodPauseMs : 0));
    for (const { channel } of watchers) channel.state = { kind: "waiting" };
  }

  #begin(pane: Pane, watchers: readonly Watcher[], nowMs: number): void {
    const ready = watchers.filter(({ viewer, channel }) => this.#mayBegin(viewer, channel));
    if (ready.length === 0) return;
    if (pane.following.kind === "hidden" && nowMs >= pane.following.notBeforeMs) this.#show(pane);
    const stream = pane.stream;
    if (stream === null || stream.request !== null) return;
    const { picture } = pane;
    if (picture !== null && this.#isUsable(pane, watchers)) {
      for (const { viewer, channel } of ready) {
        const first = channel.firstInput !== undefined;
        startFromPicture(viewer, channel, pane, picture, this.#options.outbox);
        if (first) this.#options.opened(viewer, channel, pane);
      }
    } else this.#show(pane);
  }

  /** Waits, has acknowledged everything, and its input is counted. */
  #mayBegin(viewer: Viewer, channel: Channel): boolean {
    if (channel.state.kind !== "waiting" || channel.underWay > 0) return false;
    const pane = this.#panes.get(channel.pane);
    return channel.firstInput === undefined || (pane !== undefined && this.#options.isCounted(viewer, pane));
  }

  /** One picture serves all: it is used while little was written since, or while somebody is still being sent it. */
  #isUsable(pane: Pane, watchers: readonly Watcher[]): boolean {
    const { picture, stream } = pane;
    if (picture === null || stream === null || !stream.ring.has(picture.offset)) return false;
    if (stream.ring.end - picture.offset <= this.#options.limits.pictureReuseBytes) return true;
    return watchers.some(({ channel }) => channel.state.kind === "picture" && channel.state.picture === picture);
  }

  #show(pane: Pane): void {
    const request = ++this.#request;
    if (pane.following.kind === "streaming") pane.following.request = request;
    else pane.following = { kind: "opening", request };
    this.#options.ask((multiplexer) => multiplexer.show(pane.id, request));
  }

  #hide(pane: Pane, notBeforeMs: number): void {
    pane.hide(notBeforeMs);
    this.#options.ask((multiplexer) => multiplexer.hide(pane.id));
  }

  #end(viewer: Viewer, channel: Channel): void {
    viewer.flow.forgotten(channel.underWay);
    channel.state = { kind: "gone" };
    // Not announced yet: the viewer has never heard of it.
    if (channel.firstInput !== undefined) viewer.channels.remove(channel);
    else this.#options.outbox.message(viewer, { type: "gone", channel: channel.number });
  }

  #left(paneId: PaneId, nowMs: number, except?: Viewer): void {
    const pane = this.#panes.get(paneId);
    if (pane === undefined || this.#watchers(pane).some(({ viewer }) => viewer !== except)) return;
    pane.unwatched = { sinceMs: nowMs, offset: pane.stream?.ring.end ?? 0 };
  }
}
