// Owns the machine's life in a browser: its sockets, its clock, the page's events that concern it.
// Must not know the protocol, terminals or Solid: effects that are not about sockets go to the listener.

import { subprotocol } from "../../durable/protocol/messages.ts";
import { makeClock } from "./clock.ts";
import type { Machine, MachineEffect } from "./machine.ts";

type SocketEffect = Extract<MachineEffect, { readonly type: "connect" | "send" | "close" }>;
/** What is left for whoever shows the terminal. */
export type ViewEffect = Exclude<MachineEffect, SocketEffect>;

export class MachineRunner {
  readonly #machine: Machine;
  readonly #listener: (effect: ViewEffect) => void;
  readonly #sockets = new Map<number, WebSocket>();
  readonly #leaving = new AbortController();
  readonly #now = makeClock();
  #pending: MachineEffect[] = [];
  #performing = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(machine: Machine, listener: (effect: ViewEffect) => void) {
    this.#machine = machine;
    this.#listener = listener;
    const { signal } = this.#leaving;
    document.addEventListener(
      "visibilitychange",
      () => this.run((nowMs) => machine.visibility(document.visibilityState === "visible", nowMs)),
      { signal },
    );
    addEventListener("online", () => this.run((nowMs) => machine.online(nowMs)), { signal });
    // Back from the browser's cache of whole pages, where sockets do not live on.
    addEventListener("pageshow", (event) => event.persisted && this.run((nowMs) => machine.start(nowMs)), { signal });
  }

  /** Gives the machine an event, and does what it says. */
  run(event: (nowMs: number) => readonly MachineEffect[]): void {
    this.#pending.push(...event(this.#now()));
    // What an effect causes at once (a write that is parsed on the spot) comes after the effects that are still due.
    if (this.#performing) return;
    this.#performing = true;
    try {
      for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) this.#perform(next);
    } finally {
      this.#performing = false;
    }
    this.#schedule();
  }

  dispose(): void {
    this.run((nowMs) => this.#machine.stop(nowMs));
    this.#leaving.abort();
    clearTimeout(this.#timer);
  }

  #perform(effect: MachineEffect): void {
    switch (effect.type) {
      case "connect":
        this.#connect(effect.socket);
        return;
      case "send": {
        const socket = this.#sockets.get(effect.socket);
        // A socket that is closing has told nobody yet; what is not sent now is sent again after the next hello.
        if (socket?.readyState === WebSocket.OPEN) socket.send(effect.data);
        return;
      }
      case "close":
        this.#sockets.get(effect.socket)?.close(effect.code, effect.reason.slice(0, 120));
        this.#sockets.delete(effect.socket);
        return;
      default:
        this.#listener(effect);
    }
  }

  #connect(id: number): void {
    const url = new URL("/api/shell/socket", location.href);
    url.protocol = url.protocol.replace("http", "ws");
    const socket = new WebSocket(url, [subprotocol]);
    socket.binaryType = "arraybuffer";
    this.#sockets.set(id, socket);
    socket.addEventListener("open", () => this.run((nowMs) => this.#machine.opened(id, nowMs)));
    socket.addEventListener("message", ({ data }: MessageEvent<unknown>) => {
      if (typeof data === "string") this.run((nowMs) => this.#machine.text(id, data, nowMs));
      else if (data instanceof ArrayBuffer) {
        this.run((nowMs) => this.#machine.binary(id, new Uint8Array(data), nowMs));
      }
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.#sockets.delete(id);
      this.run((nowMs) => this.#machine.closed(id, code, reason, nowMs));
    });
  }

  #schedule(): void {
    clearTimeout(this.#timer);
    const due = this.#machine.nextDeadlineMs();
    if (due === null || this.#leaving.signal.aborted) return;
    this.#timer = setTimeout(() => this.run((nowMs) => this.#machine.tick(nowMs)), Math.max(0, due - this.#now()));
  }
}
