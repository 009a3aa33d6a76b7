// Owns a pseudoterminal whose other end is given to a process of our own choice.
// Must not know that process.

import { execFile } from "node:child_process";
import { constants, openSync } from "node:fs";
import type { ReadStream } from "node:tty";
import { promisify } from "node:util";
import * as pty from "@lydell/node-pty";

declare module "@lydell/node-pty" {
  interface Pair {
    readonly master: ReadStream;
    readonly slave: ReadStream;
    readonly ptsName: string;
    resize(cols: number, rows: number): void;
  }
  /** Exported by node-pty 1.1 (index.js), missing from its types: openpty(3) without a process. */
  export function open(options: { cols: number; rows: number; encoding: null }): Pair;
}

/**
 * `spawn` of node-pty throws away what a process wrote last when its reader is paused for 200 ms at that moment; with
 * the bare pair the reading, and so the back-pressure, is ours.
 */
export interface Terminal {
  /** Bytes in both directions. Reads as the error EIO once the last process has closed its end. */
  readonly master: ReadStream;
  /** The process's end; the caller closes it once the process has it. */
  readonly fd: number;
  /** 1 or more each. */
  resize(cols: number, rows: number): void;
}

/** A new terminal of 0 × 0 cells, as a container runtime makes it. */
export async function openTerminal(): Promise<Terminal> {
  const pair = pty.open({ cols: 80, rows: 24, encoding: null });
  const fd = openSync(pair.ptsName, constants.O_RDWR | constants.O_NOCTTY);
  pair.slave.destroy();
  pair.master.pause();
  // node-pty itself refuses a size of nothing.
  await promisify(execFile)("stty", ["-F", pair.ptsName, "cols", "0", "rows", "0"]);
  return { master: pair.master, fd, resize: (cols, rows) => pair.resize(cols, rows) };
}
