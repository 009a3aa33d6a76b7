// Owns one program of the cluster: started, ended, killed, and started again where it ends by itself, as a node's init would.
// Must not know what it does.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import type { Namespace } from "../namespaces/namespace.ts";
import { childrenOf } from "../namespaces/processes.ts";
import { lastError } from "./last-error.ts";

export interface ComponentOptions {
  /** What the control socket calls it: "etcd", "shells-1/kubelet". */
  readonly name: string;
  readonly namespace: Namespace;
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly logPath: string;
  /** One line for the person. */
  tell(line: string): void;
}

/** How long a program may take to end by TERM. */
const stopMs = 10_000;
/** The wait before one that ended by itself is started again: doubled each time, as long as none goes on for a good while. */
const againMs = 1_000;
const longestAgainMs = 15_000;
const goodWhileMs = 30_000;

export class Component {
  readonly name: string;
  readonly #options: ComponentOptions;
  #child: ChildProcess | null = null;
  #timer: NodeJS.Timeout | undefined;
  #againMs = againMs;

  constructor(options: ComponentOptions) {
    this.name = options.name;
    this.#options = options;
  }

  start(): void {
    clearTimeout(this.#timer);
    if (this.#child !== null) return;
    const { command, env, logPath, namespace, tell } = this.#options;
    const log = openSync(logPath, "a");
    const [program = "", ...args] = namespace.commandInside(command);
    const child = spawn(program, args, {
      stdio: ["ignore", log, log],
      env: { ...process.env, ...env },
      detached: true,
    });
    closeSync(log);
    this.#child = child;
    const startedMs = Date.now();
    child.once("error", (error) => tell(`${this.name} cannot be started: ${error.message}`));
    child.once("exit", (code, signal) => {
      if (this.#child !== child) return;
      this.#child = null;
      if (Date.now() - startedMs > goodWhileMs) this.#againMs = againMs;
      tell(
        `${this.name} ended by itself (${signal ?? `code ${code}`}) and is started again. It said: ${this.lastWords()}`,
      );
      this.#timer = setTimeout(() => this.start(), this.#againMs);
      this.#againMs = Math.min(2 * this.#againMs, longestAgainMs);
    });
  }

  /** The last error of its log, or its last line: all that a person needs in most cases. */
  lastWords(): string {
    const { logPath } = this.#options;
    return (existsSync(logPath) ? lastError(readFileSync(logPath, "utf8")) : null) ?? "nothing";
  }

  /** By TERM, then by KILL; it stays down. */
  async stop(): Promise<void> {
    await this.#end("SIGTERM");
  }

  /** By KILL; it stays down until it is started. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  async restart(): Promise<void> {
    await this.stop();
    this.start();
  }

  /** Its namespace is about to end: that is no end by itself. */
  letGo(): void {
    clearTimeout(this.#timer);
    this.#child = null;
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === null) return;
    // `nsenter` goes on as the parent of what it started in the pid namespace, and passes no signal on.
    const inside = child.pid === undefined ? [] : childrenOf(child.pid);
    this.#child = null;
    const ended = once(child, "exit");
    const send = (what: NodeJS.Signals): void => {
      for (const pid of inside) {
        try {
          process.kill(pid, what);
        } catch {
          // It ended a moment ago.
        }
      }
    };
    send(signal);
    const timer = setTimeout(() => send("SIGKILL"), stopMs);
    // A program that is still entering has no child yet.
    if (inside.length === 0) child.kill("SIGKILL");
    await ended;
    clearTimeout(timer);
  }
}
