// Owns a pane's newest output: bytes by absolute offset, and the pane's size at each of them.
// Must not know viewers, channels or why anything is read.

import type { Dimensions } from "../multiplexer/multiplexer.ts";

/** The pane has this size from `offset` on. */
export interface SizeMark extends Dimensions {
  readonly offset: number;
}

const firstAllocationBytes = 16 * 1024;
/** Sizes change by hand; whoever changes them without end loses the oldest bytes instead of growing this list. */
const maxMarks = 256;

/**
 * Offsets run from 0 at the stream's start. Kept are [`start`, `end`), at most `capacity` bytes; memory grows with what
 * is written, by doubling. Marks are numbered from 0 for the life of the ring, so that a reader can say which is next.
 */
export class Ring {
  readonly #capacity: number;
  #bytes = new Uint8Array(0);
  #start = 0;
  #end = 0;
  #marks: SizeMark[];
  #firstMark = 0;

  constructor(capacity: number, size: Dimensions) {
    this.#capacity = capacity;
    this.#marks = [{ offset: 0, cols: size.cols, rows: size.rows }];
  }

  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** Memory held, in bytes. */
  get allocated(): number {
    return this.#bytes.length;
  }

  /** True where a reader that has everything before `offset` can go on without a gap. */
  has(offset: number): boolean {
    return offset >= this.#start && offset <= this.#end;
  }

  append(chunk: Uint8Array): void {
    const kept = chunk.length > this.#capacity ? chunk.subarray(chunk.length - this.#capacity) : chunk;
    if (kept.length < chunk.length) {
      this.#end += chunk.length - kept.length;
      this.#forget(this.#end);
    }
    this.#reserve(Math.min(this.#capacity, this.#end - this.#start + kept.length));
    const at = this.#end % this.#bytes.length;
    const first = Math.min(kept.length, this.#bytes.length - at);
    this.#bytes.set(kept.subarray(0, first), at);
    this.#bytes.set(kept.subarray(first), 0);
    this.#end += kept.length;
    this.#forget(this.#end - this.#capacity);
  }

  /** From the end of what was written so far on, the pane has this size. */
  resize(size: Dimensions): void {
    this.#marks.push({ offset: this.#end, cols: size.cols, rows: size.rows });
    const oldest = this.#marks[1];
    if (this.#marks.length > maxMarks && oldest !== undefined) this.#forget(oldest.offset);
    while (this.#marks.length > maxMarks) this.#dropMark(); // many at one offset: the last ones count
  }

  /** The size in force at `offset`, and the number of the first mark after it. */
  sizeAt(offset: number): { readonly size: Dimensions; readonly nextMark: number } {
    let index = this.#marks.length - 1;
    while (index > 0 && (this.#marks[index]?.offset ?? 0) > offset) index--;
    const size = this.#marks[index];
    if (size === undefined) throw new Error("a ring always has a size");
    return { size, nextMark: this.#firstMark + index + 1 };
  }

  /** The number that the next mark will have. */
  get nextMark(): number {
    return this.#firstMark + this.#marks.length;
  }

  /** The mark with this number, or where it was forgotten the oldest that is left; `null` where there is none yet. */
  mark(number: number): (SizeMark & { readonly number: number }) | null {
    const index = Math.max(0, number - this.#firstMark);
    const mark = this.#marks[index];
    return mark === undefined ? null : { ...mark, number: this.#firstMark + index };
  }

  /** A channel byte and then the bytes from `offset` on, in an array of its own: the one copy on a viewer's way. */
  frame(channel: number, offset: number, length: number): Uint8Array<ArrayBuffer> {
    if (offset < this.#start || offset + length > this.#end) throw new Error("the ring does not reach there");
    const frame = new Uint8Array(1 + length);
    frame[0] = channel;
    if (length === 0) return frame;
    const at = offset % this.#bytes.length;
    const first = Math.min(length, this.#bytes.length - at);
    frame.set(this.#bytes.subarray(at, at + first), 1);
    frame.set(this.#bytes.subarray(0, length - first), 1 + first);
    return frame;
  }

  #reserve(needed: number): void {
    if (needed <= this.#bytes.length) return;
    let length = Math.max(firstAllocationBytes, this.#bytes.length);
    while (length < needed) length *= 2;
    const grown = new Uint8Array(Math.min(length, this.#capacity));
    const kept = this.#end - this.#start;
    if (kept > 0) {
      const old = this.frame(0, this.#start, kept).subarray(1);
      const at = this.#start % grown.length;
      const first = Math.min(kept, grown.length - at);
      grown.set(old.subarray(0, first), at);
      grown.set(old.subarray(first), 0);
    }
    this.#bytes = grown;
  }

  /** Everything before `offset` is no longer kept; of the marks, the one in force there stays. */
  #forget(offset: number): void {
    if (offset <= this.#start) return;
    this.#start = offset;
    while ((this.#marks[1]?.offset ?? Number.POSITIVE_INFINITY) <= offset) this.#dropMark();
  }

  #dropMark(): void {
    this.#marks.shift();
    this.#firstMark++;
  }
}
