// Owns one viewer's input for one pane: what was accepted, what tmux has taken, and what lies between, in order.
// Must not know sockets or channels; the multiplexer is whoever takes the pieces.

import { PasteOrder } from "./paste.ts";

export type InputPiece =
  | { readonly kind: "keys"; readonly bytes: Uint8Array; readonly end: number }
  | {
      readonly kind: "paste";
      readonly id: number;
      readonly seq: number;
      readonly last: boolean;
      readonly givenUp: number | null;
      readonly bytes: Uint8Array;
      readonly end: number;
    };

/** What a count read back from tmux means for what is kept here. */
export type Reconciled =
  /** Everything between the count and what was accepted is to be given again. */
  | "agrees"
  /** The count is none that this line can have led to: tmux is right, and the viewer must start again. */
  | "differs";

/**
 * Offsets are absolute: the first byte that a viewer ever sends for a pane has offset 0. `taken` ≤ `accepted`; the
 * pieces kept are exactly those that end after `taken`, oldest first.
 */
export class InputLine {
  #accepted: number;
  #taken: number;
  #given: number;
  #pieces: InputPiece[] = [];
  /** True once tmux is known to hold a count, so that its absence later means another tmux. */
  confirmed: boolean;
  /**
   * Nobody knows how much of this viewer's input an earlier line took ([P21]). Until the viewer is known to have heard
   * so it must be told again: a count of 0 would have it send what may have been taken.
   */
  unknown = false;
  readonly pasteOrder = new PasteOrder();

  constructor(count: number, confirmed: boolean) {
    this.#accepted = count;
    this.#taken = count;
    this.#given = count;
    this.confirmed = confirmed;
  }

  get accepted(): number {
    return this.#accepted;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Accepted and not taken, in bytes as the viewer counts them. */
  get pending(): number {
    return this.#accepted - this.#taken;
  }

  /** `length`: what the piece counts in offsets; a paste's bytes may be fewer, since its controls were removed. */
  acceptKeys(bytes: Uint8Array): void {
    this.unknown = false;
    this.#accepted += bytes.length;
    this.#pieces.push({ kind: "keys", bytes, end: this.#accepted });
  }

  acceptPaste(piece: Omit<Extract<InputPiece, { kind: "paste" }>, "kind" | "end">, length: number): void {
    this.unknown = false;
    this.#accepted += length;
    this.#pieces.push({ kind: "paste", ...piece, end: this.#accepted });
  }

  /** Accepted only to be thrown away (a viewer that may only look). */
  discard(length: number): void {
    this.unknown = false;
    this.#accepted += length;
    this.#taken = this.#accepted;
    this.#given = this.#accepted;
  }

  /** What has not been given to the multiplexer of the present exec; it counts as given from now on. */
  give(): readonly InputPiece[] {
    const fresh = this.#pieces.filter((piece) => piece.end > this.#given);
    this.#given = this.#accepted;
    return fresh;
  }

  /** tmux has taken everything before `end`. Gives whether that was news. */
  take(end: number): boolean {
    this.confirmed = true;
    if (end <= this.#taken || end > this.#accepted) return false;
    this.#taken = end;
    this.#given = Math.max(this.#given, end);
    this.#dropTaken();
    return true;
  }

  /** A new exec: nothing was given to it. `count` is what tmux holds; `null` where it holds none. */
  restart(count: number | null): Reconciled {
    this.#given = this.#taken;
    if (count === null) return "agrees";
    if (count < this.#taken || count > this.#accepted) {
      this.#accepted = count;
      this.#taken = count;
      this.#given = count;
      this.#pieces = [];
      this.confirmed = true;
      return "differs";
    }
    this.take(count);
    this.#given = this.#taken;
    return "agrees";
  }

  /** What was given will not be answered and may or may not have arrived: it is never given again. True if there was any. */
  abandonGiven(): boolean {
    const lost = this.#given > this.#taken;
    this.#taken = this.#given;
    this.#dropTaken();
    return lost;
  }

  #dropTaken(): void {
    const kept = this.#pieces.findIndex((piece) => piece.end > this.#taken);
    this.#pieces = kept < 0 ? [] : this.#pieces.slice(kept);
    const first = this.#pieces[0];
    if (first?.kind !== "keys") return; // a piece of a paste is taken whole
    const start = first.end - first.bytes.length;
    if (start < this.#taken) this.#pieces[0] = { ...first, bytes: first.bytes.subarray(this.#taken - start) };
  }
}
