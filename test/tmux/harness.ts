// Owns driving a Multiplexer over a real child process: cluster/image/attach with plain pipes and a tmux of its own.
// Must not know what a test is about. The bench uses it too.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ControlMultiplexer } from "../../durable/multiplexer/control.ts";
import type { Multiplexer, MultiplexerEffect, PaneState } from "../../durable/multiplexer/multiplexer.ts";

const attachScript = fileURLToPath(new URL("../../cluster/image/attach", import.meta.url));

type Effect<T extends MultiplexerEffect["type"]> = Extract<MultiplexerEffect, { type: T }>;

/** A pod in small: a home, a folder for the socket, an environment. Ends its own tmux server, nobody else's. */
export class Pod {
  readonly home: string;
  readonly run: string;
  readonly env: Readonly<Record<string, string>>;
  readonly #folder: string;

  constructor(options: { readonly home?: string; readonly env?: Readonly<Record<string, string>> } = {}) {
    // Short: a unix socket's path ends at 107 bytes.
    this.#folder = mkdtempSync(join(tmpdir(), "lt-"));
    this.home = join(this.#folder, options.home ?? "home");
    this.run = join(this.#folder, "run");
    spawnSync("mkdir", ["-p", this.home]);
    this.env = {
      HOME: this.home,
      PATH: process.env["PATH"] ?? "/usr/bin:/bin",
      SHELL: "/bin/bash",
      LANG: "C.UTF-8",
      LIMPET_RUN: this.run,
      ...options.env,
    };
  }

  /** A tmux command of somebody else in the pod, such as a program in a pane. Gives what it printed. */
  tmux(...args: readonly string[]): string {
    const done = spawnSync("tmux", ["-S", join(this.run, "tmux"), "-u", ...args], { env: this.env, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`tmux ${args.join(" ")}: ${done.stderr}`);
    return done.stdout;
  }

  attach(mode: "control" | "plain" = "control"): ChildProcess {
    return this.spawn(attachScript, [mode]);
  }

  /** Another process in the pod, with pipes. */
  spawn(file: string, args: readonly string[]): ChildProcess {
    return spawn(file, args, { env: this.env, cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
  }

  /** Another process in the pod, until its end: what it printed. */
  runWithInput(file: string, args: readonly string[], input: string): string {
    return spawnSync(file, args, { env: this.env, cwd: "/", input, encoding: "utf8" }).stdout;
  }

  close(): void {
    spawnSync("tmux", ["-S", join(this.run, "tmux"), "kill-server"], { env: this.env });
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** A multiplexer over one exec, with what it gave until now. */
export class Exec {
  readonly child: ChildProcess;
  readonly multiplexer: Multiplexer;
  readonly effects: MultiplexerEffect[] = [];
  readonly #waiting = new Set<() => void>();
  #request = 0;
  #probe = 0;
  /** Called with every effect as it comes. */
  onEffect: ((effect: MultiplexerEffect) => void) | null = null;

  constructor(child: ChildProcess, multiplexer: Multiplexer = new ControlMultiplexer({ random })) {
    this.child = child;
    this.multiplexer = multiplexer;
    child.stdout?.on("data", (chunk: Buffer) => {
      // A copy of its own: Node's pool would be written again under the effects that keep parts of it.
      this.run(multiplexer.receive(new Uint8Array(chunk)));
    });
    child.stdin?.on("error", () => {});
    child.on("exit", () => this.#wake());
    this.run(multiplexer.start());
  }

  run(effects: readonly MultiplexerEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "stdin") this.child.stdin?.write(effect.bytes);
      else this.effects.push(effect);
      this.onEffect?.(effect);
    }
    this.#wake();
  }

  /** The first effect, from `from` on, that fits; waits for it. */
  async wait<T extends MultiplexerEffect["type"]>(
    type: T,
    fits: (effect: Effect<T>) => boolean = () => true,
    from = 0,
  ): Promise<Effect<T>> {
    const deadline = Date.now() + 20_000;
    for (let at = from; ; ) {
      for (; at < this.effects.length; at++) {
        const effect = this.effects[at];
        if (effect !== undefined && isType(effect, type) && fits(effect)) return effect;
      }
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`no ${type} within 20 s; the last: ${describe(this.effects.slice(-5))}`);
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(wake);
          resolve();
        };
        const timer = setTimeout(wake, left);
        this.#waiting.add(wake);
      });
    }
  }

  async firstPane(): Promise<PaneState> {
    const [pane] = (await this.wait("following")).panes;
    if (pane === undefined) throw new Error("no pane");
    return pane;
  }

  /** Shows a pane and gives its picture. */
  async show(pane: string): Promise<Effect<"snapshot">> {
    const request = ++this.#request;
    this.run(this.multiplexer.show(pane, request));
    return await this.wait("snapshot", (effect) => effect.request === request);
  }

  /**
   * Waits until tmux has answered all that was sent before. Asks again each second: after a pause by `pause-after` tmux
   * can keep an answer until the next command comes (control_write_callback in its control.c).
   */
  async settle(): Promise<void> {
    const first = this.#probe + 1;
    const ask = (): void => this.run(this.multiplexer.probe(++this.#probe));
    const again = setInterval(ask, 1000);
    ask();
    try {
      await this.wait("alive", (effect) => effect.probe >= first);
    } finally {
      clearInterval(again);
    }
  }

  /** What a pane wrote from effect number `from` on. */
  output(pane: string, from = 0): Uint8Array {
    const parts: Uint8Array[] = [];
    for (const effect of this.effects.slice(from)) {
      if (effect.type === "output" && effect.pane === pane) parts.push(effect.bytes);
    }
    return new Uint8Array(Buffer.concat(parts));
  }

  /** As the network does it: no word to anybody. */
  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.child.once("exit", () => resolve()));
    this.child.stdin?.destroy();
    this.child.stdout?.destroy();
    this.child.kill("SIGKILL");
    await gone;
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

/** A pane whose program writes nothing by itself, and its tty, which passes what is written into it as it is. */
export async function openTty(pod: Pod, exec: Exec): Promise<{ readonly pane: string; readonly tty: number }> {
  const pane = await openPane(pod, exec, "stty raw -echo; echo; exec sleep 1000");
  while (pod.tmux("display-message", "-pt", pane, "#{cursor_y}").trim() !== "1") {}
  return { pane, tty: openSync(pod.tmux("display-message", "-pt", pane, "#{pane_tty}").trim(), "w") };
}

/** A pane in a window of its own that runs this command; the multiplexer has heard of it. */
export async function openPane(pod: Pod, exec: Exec, command: string): Promise<string> {
  const from = exec.effects.length;
  const pane = pod.tmux("new-window", "-dP", "-F", "#{pane_id}", command).trim();
  await exec.wait("pane-opened", ({ state }) => state.pane === pane, from);
  return pane;
}

export function random(): string {
  return randomBytes(16).toString("hex");
}

function isType<T extends MultiplexerEffect["type"]>(effect: MultiplexerEffect, type: T): effect is Effect<T> {
  return effect.type === type;
}

function describe(effects: readonly MultiplexerEffect[]): string {
  return JSON.stringify(effects, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString("latin1").slice(0, 200) : value,
  );
}
