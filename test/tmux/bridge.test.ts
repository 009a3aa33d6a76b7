// Owns the whole way of a key without the network: the page's machine, the bridge, control mode, `attach` and real tmux,
// with every hop cut again and again. Must not know any of their insides. LIMPET_SEED=n repeats one run's choices.

import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { Bridge } from "../../durable/bridge/bridge.ts";
import type { BridgeEffect } from "../../durable/bridge/effects.ts";
import { ControlMultiplexer } from "../../durable/multiplexer/control.ts";
import { encodeFrame } from "../../durable/protocol/frames.ts";
import { Machine, type MachineEffect } from "../../web/terminal/machine.ts";
import { Random } from "../unit/bridge/world/random.ts";
import { Pod } from "./harness.ts";

const hex = (): string => randomBytes(16).toString("hex");
const facts = { role: "drive", base64: false } as const;

/** Everything between a keyboard and a program, in one process but for tmux. */
class Chain {
  readonly pod = new Pod();
  readonly notices: string[] = [];
  /** What its terminal was given last. */
  screen = "";
  execs = 0;
  #bridge: Bridge;
  #child: ChildProcess | null = null;
  #socket: number | null = null;
  #shown = false;
  readonly #machine: Machine;
  readonly #timer: NodeJS.Timeout;

  constructor(random: Random) {
    this.#bridge = this.#newBridge();
    this.#machine = new Machine({
      viewer: hex(),
      random: () => random.next(),
      firstPasteId: 1,
      cols: 80,
      rows: 24,
      visible: true,
    });
    this.#timer = setInterval(() => this.#tick(), 5);
    this.#page(this.#machine.start(Date.now()));
  }

  type(text: string): void {
    this.#page(this.#machine.input("%0", new TextEncoder().encode(text), Date.now()));
  }

  paste(text: string): void {
    this.#page(this.#machine.paste("%0", text, Date.now()));
  }

  /** True where what is pasted goes up: the page refuses to paste into a pane that it has not been given on this socket. */
  get connected(): boolean {
    return this.#socket !== null && this.#shown;
  }

  /** The line between page and object. */
  cutSocket(): void {
    const socket = this.#socket;
    if (socket === null) return;
    this.#socket = null;
    this.#object(this.#bridge.socketClosed(`${socket}`, Date.now()));
    this.#page(this.#machine.closed(socket, 1006, "", Date.now()));
  }

  cutExec(): void {
    this.#child?.kill("SIGKILL");
  }

  /** A deploy. */
  killObject(): void {
    const child = this.#child;
    this.#child = null;
    child?.kill("SIGKILL");
    const socket = this.#socket;
    this.#socket = null;
    this.#bridge = this.#newBridge();
    if (socket !== null) this.#page(this.#machine.closed(socket, 1006, "", Date.now()));
  }

  close(): void {
    clearInterval(this.#timer);
    this.#child?.kill("SIGKILL");
    this.#child = null;
    this.pod.close();
  }

  #newBridge(): Bridge {
    const bridge = new Bridge({ random: hex, multiplexer: () => new ControlMultiplexer({ random: hex }) });
    bridge.shell({ phase: "ready", reason: null, detail: null, expiresAt: null, extendableUntil: null }, Date.now());
    return bridge;
  }

  #tick(): void {
    const nowMs = Date.now();
    const due = this.#bridge.nextDeadline();
    if (due !== null && due <= nowMs) this.#object(this.#bridge.tick(nowMs));
    const pageDue = this.#machine.nextDeadlineMs();
    if (pageDue !== null && pageDue <= nowMs) this.#page(this.#machine.tick(nowMs));
  }

  #page(effects: readonly MachineEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "connect") setImmediate(() => this.#connect(effect.socket));
      else if (effect.type === "send") {
        const { socket, data } = effect;
        const bridge = this.#bridge;
        // In its own turn: what is under way when a hop is cut may arrive at what is left of it, or nowhere.
        setImmediate(() => {
          if (bridge === this.#bridge) this.#object(bridge.socketMessage(`${socket}`, data, Date.now()));
        });
      } else if (effect.type === "pane") this.#shown = true;
      else if (effect.type === "write" || effect.type === "paint") {
        if (effect.type === "paint") this.screen = "";
        this.screen = (this.screen + Buffer.from(effect.bytes).toString("latin1")).slice(-4_000);
        setImmediate(() => this.#page(this.#machine.parsed(effect.pane, effect.id, Date.now())));
      } else if (effect.type === "input-notice" || effect.type === "notice") this.notices.push(JSON.stringify(effect));
    }
  }

  #connect(socket: number): void {
    this.#shown = false;
    this.#socket = socket;
    this.#object(this.#bridge.socketOpened(`${socket}`, facts, Date.now()));
    this.#page(this.#machine.opened(socket, Date.now()));
  }

  #object(effects: readonly BridgeEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "send" && Number(effect.socket) === this.#socket) {
        const { data } = effect;
        const socket = this.#socket;
        setImmediate(() => {
          const nowMs = Date.now();
          this.#page(
            typeof data === "string"
              ? this.#machine.text(socket, data, nowMs)
              : this.#machine.binary(socket, data, nowMs),
          );
        });
      } else if (effect.type === "close" && Number(effect.socket) === this.#socket) {
        const socket = this.#socket;
        this.#socket = null;
        this.#page(this.#machine.closed(socket, effect.code, effect.reason, Date.now()));
      } else if (effect.type === "exec-open") this.#openExec();
      else if (effect.type === "exec-send" && effect.data[0] === 0) this.#child?.stdin?.write(effect.data.subarray(1));
      else if (effect.type === "exec-close") {
        const child = this.#child;
        this.#child = null;
        child?.stdin?.end();
      }
    }
  }

  #openExec(): void {
    const child = this.pod.attach();
    const bridge = this.#bridge;
    this.#child = child;
    this.execs++;
    const isOurs = () => this.#child === child && this.#bridge === bridge;
    child.stdin?.on("error", () => {});
    child.stdout?.on("data", (chunk: Buffer) => {
      if (isOurs()) this.#object(bridge.execMessage(encodeFrame(1, chunk), Date.now()));
    });
    child.on("exit", () => {
      if (!isOurs()) return;
      this.#child = null;
      this.#object(bridge.execClosed({ code: 1006, reason: "" }, Date.now()));
    });
    setImmediate(() => {
      if (isOurs()) this.#object(bridge.execOpened("v5", Date.now()));
    });
  }
}

async function until(what: string, holds: () => boolean, forMs = 20_000): Promise<void> {
  for (const endMs = Date.now() + forMs; !holds(); await sleep(10)) {
    if (Date.now() > endMs) throw new Error(`not within ${forMs} ms: ${what}`);
  }
}

let chain: Chain | null = null;
afterEach(() => {
  chain?.close();
  chain = null;
});

describe("[B1] a key is taken once", () => {
  const chosen = process.env["LIMPET_SEED"];
  test.each(chosen === undefined ? [1, 2, 3] : [Number(chosen)])("while every hop is cut, seed %i", async (seed) => {
    const random = new Random(seed);
    const at = new Chain(random);
    chain = at;
    const file = join(at.pod.home, "typed");
    await until("the page shows the pane", () => at.connected);
    at.type("stty -echo; echo be''gin; cat > ~/typed\r");
    await until("cat reads", () => at.screen.includes("begin\r\n") && existsSync(file));
    let typed = "";
    // However busy the machine: on until execs enough were lost.
    for (let number = 0; number < 500 || at.execs <= 3; number++) {
      const dice = random.next();
      if (at.connected) {
        const line = `${number} ${"x".repeat(random.below(40))}\n`;
        typed += line;
        if (dice < 0.9) at.type(line.replace("\n", "\r"));
        else at.paste(line);
      }
      if (dice < 0.02) at.cutSocket();
      else if (dice < 0.04) at.cutExec();
      else if (dice < 0.05) at.killObject();
      await sleep(random.below(6));
    }
    await until("all is taken", () => readFileSync(file, "utf8").length >= typed.length).catch(() => undefined);
    expect(at.notices).toEqual([]);
    expect(readFileSync(file, "utf8")).toBe(typed);
    expect(at.execs).toBeGreaterThan(3);
  });
});

describe("[B14] an interrupt", () => {
  test("ends a flood within 500 ms, and the screen is right afterwards", async () => {
    const at = new Chain(new Random(1));
    chain = at;
    await until("the page shows the pane", () => at.connected);
    at.type("yes flood; echo do''ne\r");
    await until("the flood", () => at.screen.includes("flood\r\nflood\r\n"));
    await sleep(1_000);
    const askedMs = Date.now();
    at.type("\u0003");
    await until("the prompt", () => /\^C/.test(at.screen), 2_000);
    expect(Date.now() - askedMs).toBeLessThan(500);
    at.type("echo af''ter\r");
    await until("the shell answers", () => at.screen.includes("after\r\n"));
  });
});
