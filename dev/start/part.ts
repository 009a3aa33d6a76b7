// Owns one part of the local environment as its supervisor sees it: started, watched, started again, ended.
// Must not know what the part does.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { LogFile } from "./log-file.ts";
import { markOf, type ProcessMark, signal } from "./processes.ts";

export interface PartOptions {
  /** What it is called to a person: "Local cluster". */
  readonly title: string;
  /** Its program, a file that Node runs. */
  readonly script: string;
  readonly logPath: string;
  /** How long it may take to become ready, in milliseconds, where that is longer than usual. */
  readonly readyMs?: number;
  /** False: once it has ended by itself the environment cannot go on. */
  readonly again?: boolean;
  /** Of its process, beside this one's own; asked at each start. */
  env?(): Readonly<Record<string, string>>;
  /** Sent to it; asked again at each start, with what it said when it was last ready (`null` before). */
  configure(lastReady: PartReady | null): object;
  /** A sentence for the person. */
  tell(line: string): void;
  /** Called at each start and end: what runs is to be written down. */
  changed(): void;
  /** It will not be started again: the environment cannot go on. */
  gaveUp(): void;
}

/** What a part said when it was ready. */
export type PartReady = Readonly<Record<string, unknown>>;

/** How long a part may take to become ready, and to end. */
const usualReadyMs = 60_000;
const stopMs = 20_000;
/** How long the pipes of an ended part are still read. */
const lastWordsMs = 200;
/** Waits between starts: doubled from the first to the last; back to the first after a good while. */
const firstWaitMs = 200;
const longestWaitMs = 10_000;
const goodWhileMs = 60_000;
/** After so many starts in a row none of which lasted a good while. */
const maxStarts = 10;

export class Part {
  readonly #options: PartOptions;
  readonly #log: LogFile;
  #child: ChildProcess | null = null;
  #mark: ProcessMark | null = null;
  #ready: PartReady | null = null;
  #ending = false;
  #startsInARow = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: PartOptions) {
    this.#options = options;
    this.#log = new LogFile(options.logPath);
  }

  /** The running process: it leads a group of its own. */
  get mark(): ProcessMark | null {
    return this.#mark;
  }

  get ready(): PartReady | null {
    return this.#ready;
  }

  /** Starts it for the first time. @throws Error with its last lines where it does not become ready */
  async start(): Promise<PartReady> {
    const ready = await this.#run();
    if (ready === null) throw new Error(this.#obituary("did not start"));
    return ready;
  }

  /** Ends it and starts it anew, at once. */
  async restart(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    child.removeAllListeners("exit");
    await this.#end(child);
    if ((await this.#run()) === null) await this.#fell();
  }

  /** Ends it for good: gracefully, and after a while not. */
  async stop(): Promise<void> {
    this.#ending = true;
    clearTimeout(this.#timer);
    if (this.#child !== null) await this.#end(this.#child);
    this.#log.close();
  }

  /** @returns what it said, or `null` where it ended or stayed silent instead */
  async #run(): Promise<PartReady | null> {
    const { script, configure, changed, tell, env, readyMs = usualReadyMs } = this.#options;
    // A group of its own: a terminal's Ctrl-C reaches the supervisor alone, which ends the parts in order.
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      detached: true,
      env: { ...process.env, ...env?.() },
    });
    this.#child = child;
    this.#mark = child.pid === undefined ? null : markOf(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => this.#log.write(text));
    }
    changed();
    const startedMs = Date.now();
    const ready = await new Promise<PartReady | null>((resolve) => {
      const late = setTimeout(() => {
        this.#log.write(`It was not ready after ${readyMs / 1000} s.\n`);
        resolve(null);
      }, readyMs);
      child.on("message", (message) => {
        if (isTelling(message)) tell(this.#obituary(message.what));
        if (!isReady(message)) return;
        clearTimeout(late);
        resolve(message);
      });
      child.once("error", () => resolve(null));
      child.once("exit", () => resolve(null));
      child.once("exit", () => clearTimeout(late));
      child.send(configure(this.#ready), () => {});
    });
    if (ready === null) {
      await this.#end(child);
      return null;
    }
    this.#ready = ready;
    changed();
    const fell = (): void => {
      if (Date.now() - startedMs > goodWhileMs) this.#startsInARow = 0;
      void this.#fell();
    };
    if (hasEnded(child)) fell();
    else child.once("exit", fell);
    return ready;
  }

  /** It ended without being asked to. */
  async #fell(): Promise<void> {
    if (this.#ending) return;
    await this.#sweep();
    if (this.#options.again === false) {
      this.#options.tell(this.#obituary("ended unexpectedly"));
      this.#options.gaveUp();
      return;
    }
    this.#startsInARow += 1;
    if (this.#startsInARow > maxStarts) {
      this.#options.tell(this.#obituary(`ended ${this.#startsInARow} times in a row and is not started again`));
      this.#options.gaveUp();
      return;
    }
    const waitMs = Math.min(firstWaitMs * 2 ** (this.#startsInARow - 1), longestWaitMs);
    this.#options.tell(this.#obituary(`ended unexpectedly; it is started again in ${waitMs / 1000} s`));
    this.#timer = setTimeout(async () => {
      if ((await this.#run()) !== null) this.#options.tell(`${this.#options.title}: is back.`);
      else await this.#fell();
    }, waitMs);
  }

  async #end(child: ChildProcess): Promise<void> {
    if (child.pid !== undefined && !hasEnded(child)) {
      const late = setTimeout(() => this.#mark !== null && signal(this.#mark, "SIGKILL", true), stopMs);
      child.kill("SIGTERM");
      await once(child, "exit");
      clearTimeout(late);
    }
    await this.#sweep();
  }

  /** Ends whatever the ended process left in its group, and reads the last of what it said. */
  async #sweep(): Promise<void> {
    const child = this.#child;
    if (child?.pid !== undefined) {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // Nothing was left.
      }
      await Promise.race([once(child, "close"), new Promise((resolve) => setTimeout(resolve, lastWordsMs))]);
    }
    this.#child = null;
    this.#mark = null;
    this.#options.changed();
  }

  /** A sentence on what became of it, and its last lines. */
  #obituary(what: string): string {
    const said = this.#log.tail().map((line) => `    ${line}`);
    const lines =
      said.length === 0 ? "It said nothing." : `Its last lines (${this.#options.logPath}):\n${said.join("\n")}`;
    return `${this.#options.title}: ${what}. ${lines}`;
  }
}

function isTelling(message: unknown): message is { readonly what: string } {
  if (typeof message !== "object" || message === null || !("type" in message) || !("what" in message)) return false;
  return message.type === "tell" && typeof message.what === "string";
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

function isReady(message: unknown): message is PartReady {
  return typeof message === "object" && message !== null && "type" in message && message.type === "ready";
}
