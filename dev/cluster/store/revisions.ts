// Owns the one counter behind every resourceVersion, also over restarts.
// Must not know what is counted.

import { readFileSync, writeFileSync } from "node:fs";

/** Revisions are reserved on disk in blocks, so that a restart never gives one out again without a write for each. */
const block = 1_000;
/** The first revision of a new server: above anything a client might think of as "old". */
const first = 1_000;

export class Revisions {
  readonly #file: string;
  #current: number;
  #reserved: number;

  /** `file` holds the reserved bound as decimal text. */
  constructor(file: string) {
    this.#file = file;
    this.#current = readBound(file) ?? first;
    this.#reserved = this.#current;
  }

  get current(): number {
    return this.#current;
  }

  next(): number {
    this.#current += 1;
    if (this.#current > this.#reserved) {
      this.#reserved = this.#current + block;
      writeFileSync(this.#file, String(this.#reserved));
    }
    return this.#current;
  }
}

function readBound(file: string): number | undefined {
  try {
    const bound = Number(readFileSync(file, "utf8"));
    return Number.isSafeInteger(bound) && bound > 0 ? bound : undefined;
  } catch {
    return undefined;
  }
}
