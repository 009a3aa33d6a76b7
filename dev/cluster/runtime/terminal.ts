// Owns a pseudoterminal whose other end is given to a process of our own choice.
// Must not know that process.

import { closeSync, constants, openSync } from "node:fs";
import { ReadStream } from "node:tty";
import { requireBinary } from "@lydell/node-pty/requireBinary.js";

/**
 * node-pty's `spawn` throws away what a process wrote last when its reader is paused for 200 ms at that moment. With its
 * binding alone (version 1.1.0, pinned) the process, the reading and so the back-pressure are ours.
 */
const binding = requireBinary("pty.node");

export interface Terminal {
  /** Bytes in both directions. Reads as the error EIO once the last process has closed its end. */
  readonly master: ReadStream;
  /** The process's end; the caller closes it once the process has it. */
  readonly fd: number;
  /** 1 or more each. */
  resize(cols: number, rows: number): void;
}

/** A new terminal of 0 × 0 cells, as a container runtime makes it. */
export function openTerminal(): Terminal {
  const { master, slave, pty } = binding.open(0, 0);
  // The binding makes both ends non-blocking, which no program expects of its terminal: opened again it is not.
  const fd = openSync(pty, constants.O_RDWR | constants.O_NOCTTY);
  closeSync(slave);
  const stream = new ReadStream(master);
  let open = true;
  stream.once("close", () => {
    open = false;
  });
  return {
    master: stream,
    fd,
    resize: (cols, rows) => {
      if (open) binding.resize(master, cols, rows);
    },
  };
}
