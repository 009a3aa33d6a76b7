// Owns the world around a bridge: sockets, one exec, a tmux and time, each of which can fail at any step.

import { Bridge } from "../../../../durable/bridge/bridge.ts";
import type { BridgeEffect } from "../../../../durable/bridge/effects.ts";
import { type BridgeLimits, bridgeLimits } from "../../../../durable/bridge/limits.ts";
import { encodeFrame } from "../../../../durable/protocol/frames.ts";
import { ModelClient, type Size, type TestClient } from "./client.ts";
import { MachineClient } from "./machine-client.ts";
import { Random } from "./random.ts";
import { SimulatedAttach, SimulatedMultiplexer, SimulatedTmux } from "./tmux.ts";

interface Socket {
  readonly key: string;
  readonly client: TestClient;
  up: (string | Uint8Array)[];
  down: (string | Uint8Array)[];
  attachment: unknown;
  /** The object knows of it. The client may have given it up. */
  live: boolean;
}

type Exec =
  | { readonly kind: "none" }
  | { readonly kind: "opening" }
  | {
      readonly kind: "open";
      readonly attach: SimulatedAttach;
      stdin: Uint8Array[];
      stdout: Uint8Array[];
      frozen: boolean;
    };

export class World {
  readonly random: Random;
  readonly limits: BridgeLimits;
  readonly tmux: SimulatedTmux;
  readonly clients: TestClient[] = [];
  readonly sockets = new Map<string, Socket>();
  readonly facts = { role: "drive", base64: false } as const;
  bridge: Bridge;
  nowMs = 1_000_000;
  exec: Exec = { kind: "none" };
  activities = 0;
  execsOpened = 0;
  /** The object has been told of the pod: after a sleep that comes later than what woke it. */
  told = false;
  #nextSocket = 1;

  constructor(seed: number, limits: Partial<BridgeLimits>, mostPicture: number) {
    this.random = new Random(seed);
    this.limits = { ...bridgeLimits, ...limits };
    this.tmux = new SimulatedTmux(this.random, mostPicture);
    this.bridge = this.#newBridge();
    this.ready();
  }

  addClient(size: Size = { cols: 80, rows: 24 }): ModelClient {
    const client = new ModelClient(this.random.hex(), size, this.truth);
    this.clients.push(client);
    return client;
  }

  /** A client that is the page's own machine. */
  addMachine(size: Size = { cols: 80, rows: 24 }): MachineClient {
    const client = new MachineClient(this.random, size, this.truth, this.nowMs);
    this.clients.push(client);
    return client;
  }

  /** What a pane really is: clients hold what they are sent against it. */
  readonly truth = (pane: string) => this.tmux.panes.get(pane);

  ready(): void {
    this.told = true;
    this.run(
      this.bridge.shell(
        { phase: "ready", reason: null, detail: null, expiresAt: null, extendableUntil: null },
        this.nowMs,
      ),
    );
  }

  connect(client: TestClient): void {
    const socket: Socket = { key: `s${this.#nextSocket++}`, client, up: [], down: [], attachment: null, live: true };
    this.sockets.set(socket.key, socket);
    client.connect(this.nowMs);
    this.collect(client);
    this.run(this.bridge.socketOpened(socket.key, this.facts, this.nowMs));
  }

  /** The newest socket of a client, while it has not given it up. */
  socketOf(client: TestClient): Socket | undefined {
    if (!client.connected) return undefined;
    return [...this.sockets.values()].findLast((socket) => socket.client === client);
  }

  /** Moves what a client wants sent onto its socket. */
  collect(client: TestClient): void {
    this.socketOf(client)?.up.push(...client.up);
    client.up = [];
  }

  deliverUp(socket: Socket): void {
    const frame = socket.up.shift();
    if (frame !== undefined && socket.live) this.run(this.bridge.socketMessage(socket.key, frame, this.nowMs));
  }

  deliverDown(socket: Socket): void {
    const frame = socket.down.shift();
    if (frame === undefined || this.socketOf(socket.client) !== socket) return;
    if (typeof frame === "string" && frame.startsWith("close ")) this.closedByObject(socket, Number(frame.slice(6)));
    else socket.client.receive(frame, this.nowMs);
    this.collect(socket.client);
  }

  closedByObject(socket: Socket, code: number): void {
    if (code !== 4000 && code !== 4001) throw new Error(`the bridge closed a socket with ${code}`);
    this.sockets.delete(socket.key);
    socket.client.disconnected(code, this.nowMs);
  }

  /** The network between page and object goes: of each direction some frames still arrive. `noticed` by the object. */
  cutSocket(socket: Socket, noticed: boolean): void {
    for (let count = this.random.below(socket.up.length + 1); count > 0; count--) this.deliverUp(socket);
    for (let count = this.random.below(socket.down.length + 1); count > 0; count--) this.deliverDown(socket);
    if (this.socketOf(socket.client) === socket) socket.client.disconnected(1006, this.nowMs);
    if (noticed) this.forgetSocket(socket);
  }

  forgetSocket(socket: Socket): void {
    this.sockets.delete(socket.key);
    if (socket.live) this.run(this.bridge.socketClosed(socket.key, this.nowMs));
  }

  answerExec(refused: boolean): void {
    if (this.exec.kind !== "opening") return;
    if (refused) {
      this.exec = { kind: "none" };
      this.run(this.bridge.execRefused({ status: 404, reason: "NotFound", message: "no such pod" }, this.nowMs));
      return;
    }
    const stdout: Uint8Array[] = [];
    // An attach that is newer ends the older one, as the image's script does.
    const attach = new SimulatedAttach(this.tmux, (bytes) => stdout.push(bytes));
    this.tmux.attach = attach;
    this.exec = { kind: "open", attach, stdin: [], stdout, frozen: false };
    this.execsOpened++;
    this.run(this.bridge.execOpened("v5", this.nowMs));
  }

  deliverStdin(): void {
    if (this.exec.kind !== "open" || this.exec.frozen) return;
    const message = this.exec.stdin.shift();
    if (message !== undefined && message[0] === 0) this.exec.attach.stdin(message.subarray(1));
  }

  /** Some of stdout, cut anywhere. */
  deliverStdout(): void {
    if (this.exec.kind !== "open" || this.exec.frozen) return;
    const bytes = this.exec.stdout.shift();
    if (bytes === undefined) return;
    const cut = this.random.chance(0.2) ? this.random.below(bytes.length) : bytes.length;
    if (cut < bytes.length) this.exec.stdout.unshift(bytes.subarray(cut));
    if (cut > 0) this.run(this.bridge.execMessage(encodeFrame(1, bytes.subarray(0, cut)), this.nowMs));
  }

  cutExec(): void {
    if (this.exec.kind === "none") return;
    this.endExec();
    this.run(this.bridge.execClosed({ code: 1006, reason: "" }, this.nowMs));
  }

  /** Of what was under way to tmux some still arrives. */
  endExec(): void {
    if (this.exec.kind === "open") {
      const { stdin, attach } = this.exec;
      for (const message of stdin.slice(0, this.random.below(stdin.length + 1))) attach.stdin(message.subarray(1));
      if (this.tmux.attach === attach) this.tmux.attach = null;
    }
    this.exec = { kind: "none" };
  }

  /** A deploy: the object's memory and every socket are gone. */
  killObject(): void {
    this.endExec();
    for (const socket of [...this.sockets.values()]) {
      for (let count = this.random.below(socket.down.length + 1); count > 0; count--) this.deliverDown(socket);
      if (this.socketOf(socket.client) === socket) socket.client.disconnected(1006, this.nowMs);
    }
    this.sockets.clear();
    this.bridge = this.#newBridge();
    this.ready();
  }

  /** The object sleeps or is evicted: the sockets stay, and of the memory only what was kept with them. */
  evict(): void {
    this.endExec();
    this.bridge = this.#newBridge();
    for (const socket of [...this.sockets.values()]) {
      const kept: unknown = JSON.parse(JSON.stringify(socket.attachment));
      if (socket.live) this.run(this.bridge.socketRestored(socket.key, this.facts, kept, this.nowMs));
    }
    this.told = false;
  }

  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (let turns = 0; turns < 10_000; turns++) {
      const deadline = this.bridge.nextDeadline();
      if (deadline === null || deadline > until) {
        this.nowMs = until;
        for (const client of this.clients) {
          client.tick(this.nowMs);
          this.collect(client);
        }
        return;
      }
      this.nowMs = Math.max(this.nowMs, deadline);
      this.run(this.bridge.tick(this.nowMs));
      const after = this.bridge.nextDeadline();
      if (after !== null && after <= this.nowMs) throw new Error("a deadline that a tick does not settle");
    }
    throw new Error("deadlines without end");
  }

  run(effects: readonly BridgeEffect[]): void {
    for (const effect of effects) this.#effect(effect);
    this.checkBounds();
  }

  checkBounds(): void {
    const counters = this.bridge.counters();
    const { ringBytes, windowMostBytes } = this.limits;
    if (counters.ringBytes > counters.panes * ringBytes) throw new Error("a ring outgrew its bound");
    if (counters.underWayBytes > counters.viewers * windowMostBytes) throw new Error("a window outgrew its bound");
    if (counters.underWayBytes < 0) throw new Error("less than nothing is under way");
  }

  #effect(effect: BridgeEffect): void {
    switch (effect.type) {
      case "send": {
        const socket = this.sockets.get(effect.socket);
        socket?.down.push(effect.data);
        return;
      }
      case "close": {
        const socket = this.sockets.get(effect.socket);
        if (socket === undefined) return;
        socket.live = false;
        if (this.socketOf(socket.client) === socket) socket.down.push(`close ${effect.code}`);
        else this.sockets.delete(effect.socket);
        return;
      }
      case "keep": {
        const socket = this.sockets.get(effect.socket);
        if (socket !== undefined) socket.attachment = effect.attachment;
        return;
      }
      case "exec-open":
        if (this.exec.kind !== "none") throw new Error("an exec is open already");
        this.exec = { kind: "opening" };
        return;
      case "exec-send":
        if (this.exec.kind !== "open") throw new Error("no exec to send to");
        this.exec.stdin.push(effect.data);
        return;
      case "exec-close":
        this.endExec();
        return;
      case "activity":
        this.activities++;
        return;
      case "observe-pod":
      case "log":
        return;
    }
  }

  #newBridge(): Bridge {
    return new Bridge({
      random: () => this.random.hex(),
      multiplexer: () => new SimulatedMultiplexer(),
      limits: this.limits,
    });
  }
}
