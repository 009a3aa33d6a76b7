// Owns a set of namespaces with a first process: started, entered, ended. All that is in it ends with its first process.
// Must not know what it is: the machine, a node or the outside.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { isAlive, leaderOf } from "./processes.ts";

const run = promisify(execFile);

/** How long a first process may take to make its namespaces ready. */
const readyMs = 15_000;

export interface NamespaceOptions {
  readonly title: string;
  /** Those of its own; it shares the others with `parent`. */
  readonly kinds: readonly NamespaceKind[];
  /** The script beside this file that is its first process, and its arguments. */
  readonly script: string;
  readonly args: readonly string[];
  /** Without one it ends with this process, even where that is killed. */
  readonly parent?: Namespace;
  /** Files that take its processes into control groups. */
  readonly joinFiles?: readonly string[];
}

export type NamespaceKind = "mount" | "pid" | "net" | "uts" | "ipc" | "cgroup";

export class Namespace {
  readonly title: string;
  /** Its first process, as this process sees it. */
  readonly leader: number;
  /** As `readlink /proc/PID/ns/pid` says it. */
  readonly pidNamespace: string;
  readonly #starter: ChildProcess;
  readonly #joinFiles: readonly string[];
  readonly #kinds: readonly NamespaceKind[];

  private constructor(options: NamespaceOptions, starter: ChildProcess, leader: number, pidNamespace: string) {
    this.title = options.title;
    this.leader = leader;
    this.pidNamespace = pidNamespace;
    this.#starter = starter;
    this.#joinFiles = options.joinFiles ?? [];
    this.#kinds = [...new Set([...options.kinds, ...(options.parent === undefined ? [] : options.parent.#kinds)])];
  }

  /** @throws Error with what its first process said */
  static async start(options: NamespaceOptions): Promise<Namespace> {
    const unshare = ["unshare", "--fork", "--kill-child=KILL", ...options.kinds.map((kind) => `--${kind}`)];
    // The scripts see to it: within a chroot `unshare` cannot.
    if (options.kinds.includes("mount")) unshare.push("--propagation=unchanged");
    if (options.kinds.includes("pid")) unshare.push("--mount-proc");
    const command = [...unshare, "sh", join(import.meta.dirname, options.script), ...options.args];
    const [program = "", ...args] =
      options.parent === undefined
        ? // The signal comes when the thread that started it ends: Node starts programs from its main thread.
          ["setpriv", "--pdeathsig=KILL", ...command]
        : joinCommand(options.joinFiles ?? [], [...options.parent.enterCommand(), ...command]);
    const starter = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], detached: true });
    let said = "";
    starter.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const pidNamespace = await firstWord(starter).catch(() => null);
    const leader = pidNamespace === null ? null : leaderOf(pidNamespace);
    if (pidNamespace === null || leader === null) {
      starter.kill("SIGKILL");
      throw new Error(`The namespaces of ${options.title} could not be made: ${said.trim() || "no reason was given"}`);
    }
    return new Namespace(options, starter, leader, pidNamespace);
  }

  /** The start of a command line whose rest runs inside, within the same control groups once joined. */
  enterCommand(): readonly string[] {
    return ["nsenter", `--target=${this.leader}`, ...this.#kinds.map((kind) => `--${kind}`), "--root", "--wd", "--"];
  }

  /** A command line that joins the control groups, then enters. */
  commandInside(command: readonly string[]): readonly string[] {
    return joinCommand(this.#joinFiles, [...this.enterCommand(), ...command]);
  }

  /** Runs a command of this machine in its network only: it sees the machine's files and processes. */
  async inNetwork(...command: readonly string[]): Promise<void> {
    await run("nsenter", [`--target=${this.leader}`, "--net", "--", ...command]);
  }

  /** Ends all that is in it, at once. */
  async end(): Promise<void> {
    if (isAlive(this.leader)) process.kill(this.leader, "SIGKILL");
    if (this.#starter.exitCode === null && this.#starter.signalCode === null) await once(this.#starter, "exit");
  }
}

function joinCommand(files: readonly string[], command: readonly string[]): readonly string[] {
  return files.length === 0 ? command : ["sh", join(import.meta.dirname, "join.sh"), ...files, "--", ...command];
}

/** @returns the pid namespace that the first process says it is ready in */
async function firstWord(starter: ChildProcess): Promise<string | null> {
  if (starter.stdout === null) return null;
  const lines = createInterface({ input: starter.stdout });
  const line = await Promise.race([
    once(lines, "line", { signal: AbortSignal.timeout(readyMs) }).then(([text]) => String(text)),
    once(lines, "close").then(() => ""),
  ]);
  return line.startsWith("ready ") ? line.slice("ready ".length) : null;
}
