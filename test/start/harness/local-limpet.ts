// Owns one `npm start` of a test: its own state folder and port, what it prints, and every process it stands for.
// Must not know what is tested.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { readRun } from "../../../dev/start/run-file.ts";
import { environmentOf, listProcesses } from "../../browser/harness/processes.ts";
import { until } from "../../browser/harness/until.ts";
import { freePort } from "../../setup/free-port.ts";

const root = resolve(import.meta.dirname, "../../..");
const readyWithinMs = 180_000;

export class LocalLimpet {
  readonly stateDir: string;
  readonly port: number;
  readonly #more: Readonly<Record<string, string>>;
  readonly #args: readonly string[];
  #child: ChildProcess | null = null;
  #output = "";

  private constructor(stateDir: string, port: number, more: Readonly<Record<string, string>>, args: readonly string[]) {
    this.stateDir = stateDir;
    this.port = port;
    this.#more = more;
    this.#args = args;
  }

  /**
   * On a fresh state folder and a port that was free a moment ago; not started yet.
   * @param more variables of its environment
   * @param args of `npm start`
   */
  static async create(more: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Promise<LocalLimpet> {
    return new LocalLimpet(mkdtempSync(join(tmpdir(), "limpet-start-")), await freePort(), more, args);
  }

  /** Another one in the same folder, as a person who types `npm start` twice. */
  again(): LocalLimpet {
    return new LocalLimpet(this.stateDir, this.port, this.#more, this.#args);
  }

  /** All it has printed since the last `begin`. */
  get output(): string {
    return this.#output;
  }

  /** The address it printed. */
  get url(): string {
    const url = /^Limpet is ready: (\S+)$/m.exec(this.#output)?.[1];
    if (url === undefined) throw new Error(`Limpet is not ready. It said:\n${this.#output}`);
    return url;
  }

  /** The supervisor's process, as written down. */
  get supervisor(): number {
    const pid = readRun(join(this.stateDir, "run.json"))?.pid;
    if (pid === undefined) throw new Error("Nothing runs in this state folder.");
    return pid;
  }

  partPid(part: string): number {
    const pid = readRun(join(this.stateDir, "run.json"))?.parts[part]?.pid;
    if (pid === undefined) throw new Error(`There is no part ${part}.`);
    return pid;
  }

  spawn(): void {
    this.#output = "";
    const env = { ...process.env, PORT: String(this.port), LIMPET_STATE: this.stateDir, ...this.#more };
    const child = spawn("node", ["dev/run.mjs", "start", ...this.#args], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      env,
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
      });
    }
  }

  /** Started and ready. */
  async begin(): Promise<void> {
    this.spawn();
    await this.says(/^Limpet is ready: /m);
  }

  async says(pattern: RegExp): Promise<void> {
    const what = `npm start to say ${pattern}`;
    await until(
      what,
      () => this.#output,
      (said) => pattern.test(said) || this.#child?.exitCode !== null,
      { withinMs: readyWithinMs },
    );
    if (!pattern.test(this.#output)) throw new Error(`npm start ended and never said ${pattern}:\n${this.#output}`);
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** @returns its exit code */
  async ended(): Promise<number | null> {
    const child = this.#child;
    if (child === null) return null;
    if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    return child.exitCode;
  }

  /** Every process that belongs to this state folder: by its environment or its command line. Pods' are among them. */
  processes(): readonly number[] {
    return listProcesses()
      .filter(({ pid }) => pid !== process.pid)
      .filter(({ pid }) => Array.from(environmentOf(pid).values()).some((value) => value.includes(this.stateDir)))
      .map(({ pid }) => pid);
  }

  /** All of it at once, as a machine that is gone: nobody is told. */
  async kill(): Promise<void> {
    for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    await this.ended();
  }

  async dispose(): Promise<void> {
    this.signal("SIGINT");
    await this.ended();
    for (const pid of this.processes()) process.kill(pid, "SIGKILL");
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}
