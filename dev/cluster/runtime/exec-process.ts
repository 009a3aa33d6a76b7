// Owns one process started in a pod by exec: its pipes or its tty, flow in both directions, and its end.
// Must not know WebSockets, channels or pods.

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync } from "node:fs";
import { constants } from "node:os";
import type { Duplex, Readable, Writable } from "node:stream";
import type { Pipes } from "./pipes.ts";
import { openTerminal, type Terminal } from "./terminal.ts";

export interface ExecWish {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

export interface ExecListener {
  output(stream: "stdout" | "stderr", bytes: Uint8Array): void;
  /** More input may be written. */
  drained(): void;
  /** Everything it wrote was given to `output`. A signal is 128 and its number, as a shell counts. */
  exited(code: number): void;
}

/** How long a descendant that holds the output open may keep a finished exec from ending. */
const lingerMs = 1_000;

/** Starts the process; an Error where it could not be started. */
export async function startExec(wish: ExecWish, pipes: Pipes, listener: ExecListener): Promise<ExecProcess | Error> {
  const stdio = wish.tty ? openTty(wish) : await openPipes(wish, pipes);
  const [file, ...args] = stdio.argv;
  // detached: a session of its own. With a tty `setsid --ctty` makes it (and takes the tty), which it could not do
  // as the leader of a session already.
  const child = spawn(file, args, {
    cwd: wish.cwd,
    env: { ...wish.env },
    stdio: [...stdio.fds],
    detached: !wish.tty,
  });
  const failure = await new Promise<Error | undefined>((resolve) => {
    child.once("spawn", () => resolve(undefined));
    child.once("error", resolve);
  });
  for (const fd of new Set(stdio.fds)) if (typeof fd === "number") closeSync(fd);
  if (failure === undefined) return new ExecProcess(child, stdio, listener);
  for (const stream of [stdio.stdin, stdio.stdout, stdio.stderr]) stream?.destroy();
  return failure;
}

interface Stdio {
  readonly argv: readonly [string, ...string[]];
  readonly fds: readonly ("ignore" | number)[];
  readonly stdin: Writable | undefined;
  readonly stdout: Readable | undefined;
  readonly stderr: Readable | undefined;
  readonly terminal: Terminal | undefined;
}

async function openPipes(wish: ExecWish, pipes: Pipes): Promise<Stdio> {
  const [stdin, stdout, stderr] = await Promise.all([
    wish.stdin ? pipes.toProcess() : undefined,
    wish.stdout ? pipes.fromProcess() : undefined,
    wish.stderr ? pipes.fromProcess() : undefined,
  ]);
  return {
    argv: wish.argv,
    fds: [stdin?.fd ?? "ignore", stdout?.fd ?? "ignore", stderr?.fd ?? "ignore"],
    stdin: stdin?.socket,
    stdout: stdout?.socket,
    stderr: stderr?.socket,
    terminal: undefined,
  };
}

function openTty(wish: ExecWish): Stdio {
  const terminal = openTerminal();
  const master: Duplex = terminal.master;
  return {
    argv: ["setsid", "--ctty", "--", ...wish.argv],
    fds: [terminal.fd, terminal.fd, terminal.fd],
    stdin: wish.stdin ? master : undefined,
    stdout: master,
    stderr: undefined,
    terminal,
  };
}

export class ExecProcess {
  readonly #child: ChildProcess;
  readonly #stdio: Stdio;
  readonly #listener: ExecListener;
  readonly #open = new Set<Readable>();
  #paused = false;
  #abandoned = false;
  #code: number | undefined;
  #linger: NodeJS.Timeout | undefined;
  #done = false;

  constructor(child: ChildProcess, stdio: Stdio, listener: ExecListener) {
    this.#child = child;
    this.#stdio = stdio;
    this.#listener = listener;
    child.once("exit", (code, signal) => this.#exited(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    this.#follow("stdout", stdio.stdout);
    this.#follow("stderr", stdio.stderr);
    stdio.stdin?.on("drain", () => listener.drained());
    // The process closed its input: what is written from now on is dropped, as by a pipe without a reader.
    stdio.stdin?.on("error", () => listener.drained());
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** False: the process does not read as fast; wait for `drained`. */
  write(bytes: Uint8Array): boolean {
    const { stdin } = this.#stdio;
    return stdin === undefined || !stdin.writable || stdin.write(bytes);
  }

  /** End of input. With a tty there is no such thing: nothing happens. */
  endInput(): void {
    if (this.#stdio.terminal === undefined) this.#stdio.stdin?.end();
  }

  /** In cells; without a tty nothing happens. */
  resize(cols: number, rows: number): void {
    if (!this.#done) this.#stdio.terminal?.resize(cols, rows);
  }

  pause(): void {
    this.#paused = true;
    for (const stream of this.#open) stream.pause();
  }

  resume(): void {
    if (this.#abandoned) return;
    this.#paused = false;
    for (const stream of this.#open) stream.resume();
    this.#settle();
  }

  /**
   * The other side is gone. As in a container: without a tty the input ends; with one the process is told nothing. Its
   * output is read no more, so it may block in writing for as long as the pod lives.
   */
  abandon(): void {
    this.#abandoned = true;
    this.pause();
    this.endInput();
    if (this.#code !== undefined) this.#finish();
  }

  #follow(name: "stdout" | "stderr", stream: Readable | undefined): void {
    if (stream === undefined) return;
    this.#open.add(stream);
    const ended = () => {
      this.#open.delete(stream);
      this.#settle();
    };
    stream.on("data", (bytes: Uint8Array) => {
      if (this.#done) return;
      this.#listener.output(name, bytes);
      if (this.#linger !== undefined) this.#settle();
    });
    stream.once("end", ended);
    // A tty whose last process ended reads as EIO.
    stream.once("error", ended);
    stream.once("close", ended);
    stream.resume();
  }

  #exited(code: number): void {
    this.#code = code;
    if (this.#abandoned) this.#finish();
    else this.#settle();
  }

  /** Ends when the process has, and its output; a descendant that holds the output open is waited for a little only. */
  #settle(): void {
    if (this.#code === undefined || this.#done) return;
    clearTimeout(this.#linger);
    if (this.#open.size === 0) this.#finish();
    else if (!this.#paused) this.#linger = setTimeout(() => this.#finish(), lingerMs);
  }

  #finish(): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#linger);
    for (const stream of [this.#stdio.stdin, this.#stdio.stdout, this.#stdio.stderr]) stream?.destroy();
    this.#listener.exited(this.#code ?? 0);
  }
}
