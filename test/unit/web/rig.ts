// Owns a machine under a manual clock, and what it asked for, for tests that go step by step.
// Must not know what is tested.

import { decodeFrame, encodeFrame } from "../../../durable/protocol/frames.ts";
import type { ClientMessage, PaneStart, ServerMessage } from "../../../durable/protocol/messages.ts";
import { parseClientMessage } from "../../../durable/protocol/parse.ts";
import { Machine, type MachineEffect, type MachineOptions } from "../../../web/terminal/machine.ts";

export const viewer = "0123456789abcdef0123456789abcdef";
export const streamA = "a".repeat(32);
export const streamB = "b".repeat(32);

const defaults: MachineOptions = {
  viewer,
  random: () => 0.5,
  firstPasteId: 100,
  cols: 80,
  rows: 24,
  visible: true,
};

export type Sent = ClientMessage | { readonly type: "keys"; readonly channel: number; readonly text: string };

export class Rig {
  readonly machine: Machine;
  nowMs = 1_000;
  /** Everything since the last `take`. */
  #effects: MachineEffect[] = [];
  socket = 0;

  constructor(options: Partial<MachineOptions> = {}) {
    this.machine = new Machine({ ...defaults, ...options });
  }

  do(event: (machine: Machine, nowMs: number) => readonly MachineEffect[]): void {
    for (const effect of event(this.machine, this.nowMs)) {
      if (effect.type === "connect") this.socket = effect.socket;
      this.#effects.push(effect);
    }
  }

  /** Lets time pass, in the steps that the machine asked for. */
  pass(forMs: number): void {
    const until = this.nowMs + forMs;
    for (let due = this.machine.nextDeadlineMs(); due !== null && due <= until; due = this.machine.nextDeadlineMs()) {
      this.nowMs = Math.max(this.nowMs, due);
      this.do((machine, nowMs) => machine.tick(nowMs));
    }
    this.nowMs = until;
  }

  take(): readonly MachineEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }

  takeOf<Type extends MachineEffect["type"]>(type: Type): readonly Extract<MachineEffect, { readonly type: Type }>[] {
    return this.take().filter(
      (effect): effect is Extract<MachineEffect, { readonly type: Type }> => effect.type === type,
    );
  }

  /** Messages that were sent, parsed by the server's own parser; pings left out. Data frames as `keys`. */
  sent(): readonly Sent[] {
    return this.takeOf("send").flatMap(({ data }): readonly Sent[] => {
      if (typeof data !== "string") {
        const frame = decodeFrame(data);
        if (frame === null) throw new Error("The machine sent a frame that is none.");
        return [{ type: "keys", channel: frame.channel, text: new TextDecoder().decode(frame.bytes) }];
      }
      if (data === "ping") return [];
      const parsed = parseClientMessage(data);
      if (!parsed.ok || parsed.message === null) throw new Error(`The server would refuse this: ${data}`);
      return [parsed.message];
    });
  }

  says(...messages: readonly ServerMessage[]): void {
    for (const message of messages) {
      this.do((machine, nowMs) => machine.text(this.socket, JSON.stringify(message), nowMs));
    }
  }

  bytes(text: string | Uint8Array, channel = 0): void {
    const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
    this.do((machine, nowMs) => machine.binary(this.socket, encodeFrame(channel, bytes), nowMs));
  }

  type(text: string, pane = "%0"): void {
    this.do((machine, nowMs) => machine.input(pane, new TextEncoder().encode(text), nowMs));
  }

  start(): void {
    this.do((machine, nowMs) => machine.start(nowMs));
  }

  open(): void {
    this.do((machine, nowMs) => machine.opened(this.socket, nowMs));
  }

  closed(code: number): void {
    this.do((machine, nowMs) => machine.closed(this.socket, code, "", nowMs));
  }

  /** Connected, with one pane on view that begins with a picture of `picture` at offset `output`. */
  live(picture = "", output = 0, input: number | null = 0): void {
    this.start();
    this.open();
    this.says(welcome, paneStart({ output, snapshot: picture.length, input }));
    if (picture !== "") this.bytes(picture);
    this.parseAll();
  }

  /** The terminal parses all that it was given. What that caused comes after it in the effects. */
  parseAll(): void {
    for (let at = 0; at < this.#effects.length; at++) {
      const effect = this.#effects[at];
      if (effect?.type !== "write" && effect?.type !== "paint") continue;
      this.do((machine, nowMs) => machine.parsed(effect.pane, effect.id, nowMs));
    }
  }
}

export const welcome: ServerMessage = { type: "welcome", role: "drive", windows: [] };

export function paneStart(fields: Partial<PaneStart> = {}): PaneStart {
  return {
    type: "pane",
    channel: 0,
    pane: "%0",
    stream: streamA,
    output: 0,
    resumed: false,
    snapshot: 0,
    cols: 80,
    rows: 24,
    ...fields,
  };
}

/** What a terminal would have been given, as text: writes as they are, paints and sizes in brackets. */
export function shown(effects: readonly MachineEffect[]): string {
  return effects
    .map((effect) => {
      if (effect.type === "write") return new TextDecoder("utf-8", { fatal: true }).decode(effect.bytes);
      if (effect.type === "paint")
        return `[${effect.reset ? "reset" : "over"}:${new TextDecoder().decode(effect.bytes)}]`;
      return effect.type === "size" ? `[${effect.cols}x${effect.rows}]` : "";
    })
    .join("");
}
