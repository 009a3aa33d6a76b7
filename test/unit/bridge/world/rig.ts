// Owns a bridge whose exec answers at once, for tests that go step by step: what each socket was sent, what was asked
// of the cluster, what was logged. Where `exec` is "by hand" the test itself answers `exec-open`.

import { Bridge } from "../../../../durable/bridge/bridge.ts";
import type { BridgeEffect, SocketAttachment } from "../../../../durable/bridge/effects.ts";
import type { BridgeLimits } from "../../../../durable/bridge/limits.ts";
import type { SocketFacts } from "../../../../durable/bridge/viewer.ts";
import type { Multiplexer } from "../../../../durable/multiplexer/multiplexer.ts";
import { decodeFrame, encodeFrame } from "../../../../durable/protocol/frames.ts";
import type { ClientMessage, PaneStart, Role, ServerMessage } from "../../../../durable/protocol/messages.ts";
import { parseServerMessage } from "../../../../durable/protocol/parse.ts";
import { Random } from "./random.ts";
import { SimulatedAttach, SimulatedMultiplexer, SimulatedTmux } from "./tmux.ts";

export interface RigOptions {
  readonly limits?: Partial<BridgeLimits>;
  readonly exec?: "at once" | "by hand";
  readonly phase?: "ready" | "starting";
  readonly mostPicture?: number;
  /** What speaks over the exec, where it is not the simulated control mode. */
  readonly multiplexer?: () => Multiplexer;
}

/** Viewer ids for tests: 32 times the same digit. */
export const viewerId = (digit: string): string => digit.repeat(32);

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

export class Rig {
  readonly random = new Random(7);
  readonly tmux: SimulatedTmux;
  bridge: Bridge;
  nowMs = 1_000_000;
  /** What each socket was sent and not yet looked at, in order. */
  readonly #sent = new Map<string, (string | Uint8Array)[]>();
  readonly closed = new Map<string, { readonly code: number; readonly reason: string }>();
  readonly kept = new Map<string, SocketAttachment>();
  /** Every effect but sends and logs, by type, in order. */
  effects: BridgeEffect[] = [];
  logs: string[] = [];
  attach: SimulatedAttach | null = null;
  /** False: what is said to tmux and by it is dropped, and nobody is told. */
  execAlive = true;
  readonly #options: RigOptions;
  readonly #stdout: Uint8Array[] = [];
  #busy = false;

  constructor(options: RigOptions = {}) {
    this.#options = options;
    this.tmux = new SimulatedTmux(this.random, options.mostPicture ?? 40);
    this.bridge = this.newBridge();
    this.shell(options.phase ?? "ready");
  }

  newBridge(): Bridge {
    const limits = this.#options.limits === undefined ? {} : { limits: this.#options.limits };
    return new Bridge({
      random: () => this.random.hex(),
      multiplexer: this.#options.multiplexer ?? (() => new SimulatedMultiplexer()),
      ...limits,
    });
  }

  shell(phase: "ready" | "starting" | "absent" | "failed", detail: string | null = null): void {
    this.do(this.bridge.shell({ phase, reason: null, detail, expiresAt: null, extendableUntil: null }, this.nowMs));
  }

  open(socket: string, { role = "drive" as Role, base64 = false } = {}): void {
    const facts: SocketFacts = { role, base64 };
    this.do(this.bridge.socketOpened(socket, facts, this.nowMs));
  }

  /** Opens a socket and says hello on it. */
  join(socket: string, viewer: string, hello: Partial<ClientMessage> = {}, facts: { role?: Role } = {}): void {
    this.open(socket, facts);
    this.say(socket, {
      type: "hello",
      viewer: viewerId(viewer),
      cols: 80,
      rows: 24,
      panes: [],
      ...hello,
    } as ClientMessage);
  }

  say(socket: string, message: ClientMessage): void {
    this.frame(socket, JSON.stringify(message));
  }

  type(socket: string, text: string, channel = 0): void {
    this.frame(socket, encodeFrame(channel, utf8(text)));
  }

  frame(socket: string, data: string | Uint8Array): void {
    this.do(this.bridge.socketMessage(socket, data, this.nowMs));
  }

  leave(socket: string): void {
    this.do(this.bridge.socketClosed(socket, this.nowMs));
  }

  /** The program in the first pane writes. */
  write(length: number, pane = "%0"): void {
    const found = this.tmux.panes.get(pane);
    if (found === undefined) throw new Error("no such pane");
    this.tmux.write(found, length);
    this.pump();
  }

  openExec(): void {
    if (this.#options.multiplexer === undefined)
      this.attach = new SimulatedAttach(this.tmux, (bytes) => this.#stdout.push(bytes));
    this.tmux.attach = this.attach;
    this.execAlive = true;
    this.do(this.bridge.execOpened("v5", this.nowMs));
  }

  /** A message of the exec's server. */
  execSays(channel: number, text: string): void {
    this.do(this.bridge.execMessage(encodeFrame(channel, utf8(text)), this.nowMs));
  }

  cutExec(): void {
    this.tmux.attach = null;
    this.attach = null;
    this.do(this.bridge.execClosed({ code: 1006, reason: "" }, this.nowMs));
  }

  /** Time passes, and every deadline on the way is kept. */
  pass(ms: number): void {
    const until = this.nowMs + ms;
    for (let deadline = this.bridge.nextDeadline(); deadline !== null && deadline <= until; ) {
      this.nowMs = Math.max(this.nowMs, deadline);
      this.do(this.bridge.tick(this.nowMs));
      deadline = this.bridge.nextDeadline();
    }
    this.nowMs = until;
  }

  /** What this socket was sent since the last look: messages parsed, data frames as their bytes. */
  take(socket: string): { readonly messages: ServerMessage[]; readonly data: string } {
    const frames = this.#sent.get(socket) ?? [];
    this.#sent.delete(socket);
    const messages: ServerMessage[] = [];
    let data = "";
    for (const frame of frames) {
      if (typeof frame !== "string") data += new TextDecoder("latin1").decode(decodeFrame(frame)?.bytes);
      else {
        const parsed = parseServerMessage(frame);
        if (!parsed.ok || parsed.message === null) throw new Error(`not a message: ${frame}`);
        messages.push(parsed.message);
      }
    }
    return { messages, data };
  }

  takeRaw(socket: string): (string | Uint8Array)[] {
    const frames = this.#sent.get(socket) ?? [];
    this.#sent.delete(socket);
    return frames;
  }

  /** The `pane` messages among what a socket was sent since the last look. */
  starts(socket: string): PaneStart[] {
    return this.take(socket).messages.filter((message) => message.type === "pane");
  }

  /** Effects of one type since the last look. */
  takeEffects<T extends BridgeEffect["type"]>(type: T): Extract<BridgeEffect, { readonly type: T }>[] {
    const found = this.effects.filter((effect) => effect.type === type) as Extract<
      BridgeEffect,
      { readonly type: T }
    >[];
    this.effects = this.effects.filter((effect) => effect.type !== type);
    return found;
  }

  do(effects: readonly BridgeEffect[]): void {
    for (const effect of effects) this.#effect(effect);
    this.pump();
  }

  pump(): void {
    if (this.#busy) return;
    this.#busy = true;
    for (let bytes = this.#stdout.shift(); bytes !== undefined; bytes = this.#stdout.shift()) {
      if (this.execAlive) this.do(this.bridge.execMessage(encodeFrame(1, bytes), this.nowMs));
    }
    this.#busy = false;
  }

  #effect(effect: BridgeEffect): void {
    switch (effect.type) {
      case "send":
        this.#sent.set(effect.socket, [...(this.#sent.get(effect.socket) ?? []), effect.data]);
        return;
      case "close":
        this.closed.set(effect.socket, { code: effect.code, reason: effect.reason });
        return;
      case "keep":
        this.kept.set(effect.socket, effect.attachment);
        return;
      case "log":
        this.logs.push(effect.event);
        return;
      case "exec-send":
        if (this.execAlive && effect.data[0] === 0) this.attach?.stdin(effect.data.subarray(1));
        return;
      case "exec-open":
        this.effects.push(effect);
        if (this.#options.exec !== "by hand") this.openExec();
        return;
      case "exec-close":
        this.tmux.attach = null;
        this.attach = null;
        this.#stdout.length = 0;
    }
    this.effects.push(effect);
  }
}
