// Owns what a part says: written to its log file, its last lines kept for when it dies.
// Must not know parts.

import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";

/** Past this size a log is put aside (`.1`) and begun anew. */
const maxLogBytes = 8 * 1024 * 1024;
/** How many last lines are kept. */
const tailLines = 20;

export class LogFile {
  readonly path: string;
  #file: number;
  #bytes = 0;
  #lines: string[] = [];
  #partial = "";

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "w", 0o600);
  }

  write(chunk: string): void {
    const text = stripVTControlCharacters(chunk);
    this.#bytes += writeSync(this.#file, text);
    const lines = (this.#partial + text).split("\n");
    this.#partial = (lines.pop() ?? "").slice(-4096);
    this.#lines = [...this.#lines, ...lines.filter((line) => line.trim() !== "")].slice(-tailLines);
    if (this.#bytes > maxLogBytes) this.#rotate();
  }

  /** The last lines, oldest first. */
  tail(): readonly string[] {
    return this.#partial.trim() === "" ? this.#lines : [...this.#lines, this.#partial].slice(-tailLines);
  }

  close(): void {
    closeSync(this.#file);
  }

  #rotate(): void {
    closeSync(this.#file);
    renameSync(this.path, `${this.path}.1`);
    this.#file = openSync(this.path, "w", 0o600);
    this.#bytes = 0;
  }
}
