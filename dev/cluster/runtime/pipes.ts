// Owns real pipes between this server and a process without a tty.
// Must not know what flows through them.

import { spawn } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { Socket } from "node:net";

/** Both ends of a pipe in this process, blocking. */
interface Ends {
  readonly read: number;
  readonly write: number;
}

/** One end as a stream of ours, the other as a descriptor for the process: the caller closes that once it is passed on. */
export interface ProcessPipe {
  readonly fd: number;
  readonly socket: Socket;
}

/** As many as two execs need, so that an exec seldom waits. */
const spares = 6;

/**
 * Node's `stdio: "pipe"` makes pairs of sockets, on which `cat /dev/stdin` fails, and a named pipe blocks whoever opens
 * it again after its writer left; a container's are pipe(2). Node has no call for that: perl (part of every Debian) makes
 * them, and this process opens their ends through /proc before perl ends.
 */
const program =
  "pipe($r[$_], $w[$_]) for 1..$ARGV[0]; $| = 1; print join(' ', map { fileno($_) } @r[1..$ARGV[0]]), qq(\\n); <STDIN>";

export class Pipes {
  #ready: Ends[] = [];
  #making: Promise<void> | undefined;

  /** A pipe that the process reads and we write. */
  async toProcess(): Promise<ProcessPipe> {
    const { read, write } = await this.#take();
    return { fd: read, socket: new Socket({ fd: withoutBlocking(write, "write"), readable: false, writable: true }) };
  }

  /** A pipe that the process writes and we read. */
  async fromProcess(): Promise<ProcessPipe> {
    const { read, write } = await this.#take();
    return { fd: write, socket: new Socket({ fd: withoutBlocking(read, "read"), readable: true, writable: false }) };
  }

  /** Makes the spares before anybody needs them. */
  async prepare(): Promise<void> {
    if (this.#ready.length > spares / 2) return;
    this.#making ??= makePipes(spares)
      .then((made) => {
        this.#ready.push(...made);
      })
      .finally(() => {
        this.#making = undefined;
      });
    await this.#making;
  }

  close(): void {
    for (const { read, write } of this.#ready) {
      closeSync(read);
      closeSync(write);
    }
    this.#ready = [];
  }

  async #take(): Promise<Ends> {
    let ends = this.#ready.shift();
    while (ends === undefined) {
      await this.prepare();
      ends = this.#ready.shift();
    }
    // A failure shows when the next one waits for it.
    this.prepare().catch(() => undefined);
    return ends;
  }
}

/** The same end under a description of its own: what is set on ours must not reach the process's. */
function withoutBlocking(fd: number, end: "read" | "write"): number {
  const mode = end === "read" ? constants.O_RDONLY : constants.O_WRONLY;
  const opened = openSync(`/proc/self/fd/${fd}`, mode | constants.O_NONBLOCK);
  closeSync(fd);
  return opened;
}

async function makePipes(count: number): Promise<readonly Ends[]> {
  const perl = spawn("perl", ["-e", program, String(count)], { stdio: ["pipe", "pipe", "inherit"] });
  const exited = new Promise<void>((resolve, reject) => {
    perl.once("exit", () => resolve());
    perl.once("error", (cause) => reject(new Error("the local cluster needs perl, to make pipes", { cause })));
  });
  const line = await Promise.race([
    exited.then(() => ""),
    new Promise<string>((resolve) => perl.stdout.setEncoding("utf8").once("data", resolve)),
  ]);
  const ends = line
    .trim()
    .split(" ")
    .map((fd) => ({
      read: openSync(`/proc/${perl.pid}/fd/${fd}`, constants.O_RDONLY),
      write: openSync(`/proc/${perl.pid}/fd/${fd}`, constants.O_WRONLY),
    }));
  perl.stdin.end();
  // Its own copies of the ends must be gone, or no reader would ever see the end of its input.
  await exited;
  return ends;
}
