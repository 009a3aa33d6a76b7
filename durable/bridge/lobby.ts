// Owns the browser sockets: who is at the door, who is in, who was replaced; and since when nobody looks.
// Must not know panes or the exec.

import { closeCode } from "../protocol/close-codes.ts";
import { helloWithinMs, maxViewers, sizeBounds } from "../protocol/limits.ts";
import type { Hello, ViewerId } from "../protocol/messages.ts";
import { unusableAttachment } from "./attachment.ts";
import type { SocketAttachment, SocketKey } from "./effects.ts";
import { Leader } from "./leader.ts";
import type { BridgeLimits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import { type SocketFacts, type SocketState, Viewer } from "./viewer.ts";

export class Lobby {
  readonly viewers = new Map<ViewerId, Viewer>();
  readonly leader: Leader;
  readonly #limits: BridgeLimits;
  readonly #outbox: Outbox;
  readonly #onLeft: (viewer: Viewer, nowMs: number) => void;
  readonly #sockets = new Map<SocketKey, SocketState>();
  #opened = 0;
  /** `null` before the first viewer ever: nothing is idle that never began. */
  emptySinceMs: number | null = null;
  hiddenSinceMs: number | null = null;

  /** `onLeft`: the viewer's socket is gone; the viewer is still among `viewers`. */
  constructor(limits: BridgeLimits, outbox: Outbox, onLeft: (viewer: Viewer, nowMs: number) => void) {
    this.#limits = limits;
    this.#outbox = outbox;
    this.#onLeft = onLeft;
    this.leader = new Leader(limits);
  }

  /** What a frame on this socket is to be judged by; `null` for one that was closed: its later frames are ignored. */
  state(socket: SocketKey): SocketState | null {
    return this.#sockets.get(socket) ?? null;
  }

  get socketCount(): number {
    return this.#sockets.size;
  }

  get looked(): boolean {
    for (const viewer of this.viewers.values()) if (viewer.visible) return true;
    return false;
  }

  opened(socket: SocketKey, facts: SocketFacts, nowMs: number): void {
    this.#sockets.set(socket, { kind: "greeting", facts, sinceMs: nowMs, order: ++this.#opened });
  }

  /** The viewer of a socket's first frame, or `null` where it was turned away ([P8], [P9]). */
  hello(socket: SocketKey, facts: SocketFacts, order: number, hello: Hello, nowMs: number): Viewer | null {
    const older = this.viewers.get(hello.viewer);
    if (older !== undefined && older.order > order) {
      // This hello was overtaken: its page has given this socket up and opened another since.
      this.close(socket, closeCode.replaced, "a newer socket of this viewer", nowMs);
      return null;
    }
    if (older === undefined && this.viewers.size >= maxViewers) {
      this.close(socket, closeCode.tooManyViewers, `hello: at most ${maxViewers} viewers`, nowMs);
      return null;
    }
    if (older !== undefined) this.close(older.socket, closeCode.replaced, "a newer socket of this viewer", nowMs);
    const viewer = new Viewer(hello.viewer, socket, facts, clampSize(hello), hello.panes, order, this.#limits);
    viewer.colours = hello.colours ?? null;
    this.#enter(viewer, nowMs);
    const alone = this.viewers.size === 1;
    this.leader.arrived(viewer, { alone, returns: hello.panes.length > 0, led: hello.leads ?? false }, nowMs);
    return viewer;
  }

  /** After hibernation; `null` where the attachment does not say enough: the page begins again with a hello. */
  restored(socket: SocketKey, facts: SocketFacts, attachment: SocketAttachment | null, nowMs: number): Viewer | null {
    const id = attachment?.viewer ?? null;
    if (attachment === null || id === null || this.viewers.has(id) || this.viewers.size >= maxViewers) {
      this.#outbox.close(socket, closeCode.again, "begin again");
      return null;
    }
    const viewer = new Viewer(id, socket, facts, clampSize(attachment), null, 0, this.#limits);
    viewer.visible = attachment.visible;
    this.#enter(viewer, nowMs);
    this.leader.restored(viewer, attachment);
    return viewer;
  }

  closed(socket: SocketKey, nowMs: number): void {
    const state = this.#sockets.get(socket);
    this.#sockets.delete(socket);
    if (state?.kind === "attached") this.#leave(state.viewer, nowMs);
  }

  /** Closes a socket from this side. What it was kept with is void, should the object sleep before the close is through. */
  close(socket: SocketKey, code: number, reason: string, nowMs: number): void {
    if (this.#sockets.get(socket)?.kind === "attached") {
      this.#outbox.add({ type: "keep", socket, attachment: unusableAttachment });
    }
    this.#outbox.close(socket, code, reason);
    this.closed(socket, nowMs);
  }

  closeAll(code: number, reason: string, nowMs: number): void {
    for (const socket of [...this.#sockets.keys()]) this.close(socket, code, reason, nowMs);
  }

  focus(viewer: Viewer, visible: boolean, nowMs: number): void {
    viewer.visible = visible;
    this.#look(nowMs);
  }

  /** A leader is waited for: the attachments do not say since when. */
  get waitsForLeader(): boolean {
    return this.#leaderDeadline() !== null;
  }

  #leaderDeadline(): number | null {
    return this.viewers.size > 0 ? this.leader.deadline() : null;
  }

  tick(nowMs: number): void {
    for (const [socket, state] of [...this.#sockets]) {
      if (state.kind === "greeting" && nowMs >= state.sinceMs + helloWithinMs) {
        this.close(socket, closeCode.silent, "hello: must come first and soon", nowMs);
      }
    }
    this.leader.tick(this.viewers, nowMs);
  }

  deadline(): number | null {
    let first = this.#leaderDeadline();
    for (const state of this.#sockets.values()) {
      if (state.kind !== "greeting") continue;
      const at = state.sinceMs + helloWithinMs;
      if (first === null || at < first) first = at;
    }
    return first;
  }

  #enter(viewer: Viewer, nowMs: number): void {
    this.viewers.set(viewer.id, viewer);
    this.#sockets.set(viewer.socket, { kind: "attached", viewer });
    this.#look(nowMs);
  }

  #leave(viewer: Viewer, nowMs: number): void {
    this.#onLeft(viewer, nowMs);
    this.viewers.delete(viewer.id);
    this.leader.left(viewer, nowMs);
    this.#look(nowMs);
  }

  #look(nowMs: number): void {
    this.emptySinceMs = this.viewers.size > 0 ? null : (this.emptySinceMs ?? nowMs);
    this.hiddenSinceMs = this.viewers.size === 0 || this.looked ? null : (this.hiddenSinceMs ?? nowMs);
  }
}

export function isSizeInBounds(size: { readonly cols: number; readonly rows: number }): boolean {
  const { minCols, maxCols, minRows, maxRows } = sizeBounds;
  return size.cols >= minCols && size.cols <= maxCols && size.rows >= minRows && size.rows <= maxRows;
}

/** A hello must have some size: one outside of the bounds is brought to the nearest within. */
function clampSize(size: { readonly cols: number; readonly rows: number }) {
  const { minCols, maxCols, minRows, maxRows } = sizeBounds;
  return {
    cols: Math.min(maxCols, Math.max(minCols, size.cols)),
    rows: Math.min(maxRows, Math.max(minRows, size.rows)),
  };
}
