// Owns what one viewer typed and pasted into one pane and tmux has not taken yet: offsets, what is sent again, what is not.
// Must not know channels, sockets or frames: it says which pieces go up now.

import {
  awayInputBytes,
  awayInputMs,
  maxInputFrameBytes,
  maxPasteBytes,
  maxUnackedInputBytes,
} from "../../durable/protocol/limits.ts";
import { pastePieces } from "./paste-text.ts";

/** Pieces of a paste under way at a time: 32 KiB, enough to fill a long line, little enough to cancel soon. */
const pastePiecesUnderWay = 4;
/** Typed bytes kept for a shell that takes none; above this keys are refused. Pastes under way have the other half. */
const maxTypedBytes = maxUnackedInputBytes / 2;

export type UpPiece =
  | { readonly kind: "keys"; readonly bytes: Uint8Array }
  | {
      readonly kind: "paste";
      readonly id: number;
      readonly seq: number;
      readonly last: boolean;
      readonly bytes: Uint8Array;
    };

export type InputNotice =
  /** Sent before the connection was lost, not known to have arrived, and not sent again. */
  | "input-lost"
  /** Typed while away, longer ago than it would be safe to send. */
  | "input-too-old"
  /** More typed while away than is kept. */
  | "input-too-much"
  /** The shell has stopped taking input. */
  | "input-refused"
  | "paste-too-large"
  | "paste-away";

export interface PasteProgress {
  readonly id: number;
  /** Bytes of UTF-8 that tmux has taken, of how many. */
  readonly taken: number;
  readonly whole: number;
  readonly state: "running" | "done" | "cancelled" | "lost";
}

interface Kept {
  readonly piece: UpPiece;
  /** When it was typed without a connection; `null` for what was typed with one. */
  readonly awaySinceMs: number | null;
}

interface RunningPaste {
  readonly id: number;
  readonly whole: number;
  taken: number;
}

export class PaneInput {
  /** Offset of the first byte in `#kept`; `null` until the server has said where it stands. */
  #base: number | null = null;
  /** Not known to be taken, oldest first; the first `#sent` of them have been sent. */
  #kept: Kept[] = [];
  #sent = 0;
  #attached = false;
  #awayOverflow = false;
  #pastes: RunningPaste[] = [];
  readonly #nextPasteId: () => number;
  #notices: InputNotice[] = [];
  #progress: PasteProgress[] = [];

  /** `nextPasteId`: another number each time, in all panes of this viewer and over a reload of its page. */
  constructor(nextPasteId: () => number) {
    this.#nextPasteId = nextPasteId;
  }

  /** Keys, mouse reports and composed text as bytes. */
  type(bytes: Uint8Array, nowMs: number): readonly UpPiece[] {
    if (!this.#attached) {
      this.#keepAway(bytes, nowMs);
      return [];
    }
    if (this.#typedBytes() + bytes.length > maxTypedBytes) {
      this.#notices.push("input-refused");
      return [];
    }
    this.#keepKeys(bytes, null);
    return this.#release();
  }

  /** `text` is clean (see paste-text.ts). */
  paste(text: string): readonly UpPiece[] {
    const pieces = pastePieces(text);
    const whole = pieces.reduce((sum, piece) => sum + piece.length, 0);
    if (whole === 0) return [];
    if (!this.#attached) this.#notices.push("paste-away");
    else if (whole > maxPasteBytes) this.#notices.push("paste-too-large");
    else {
      const id = this.#nextPasteId();
      for (const [seq, bytes] of pieces.entries()) {
        const piece: UpPiece = { kind: "paste", id, seq, last: seq === pieces.length - 1, bytes };
        this.#kept.push({ piece, awaySinceMs: null });
      }
      this.#pastes.push({ id, whole, taken: 0 });
      this.#progress.push({ id, taken: 0, whole, state: "running" });
    }
    return this.#release();
  }

  /** Whether anything is kept that may still be sent. */
  get waits(): boolean {
    return this.#kept.length > 0 || this.#awayOverflow;
  }

  /** Whether pieces of a paste wait to be sent, so that it can still be cancelled. */
  get pasteWaits(): boolean {
    return this.#kept.some(({ piece }, index) => index >= this.#sent && piece.kind === "paste");
  }

  /** Drops what is not sent of every paste. What was sent without its last piece never reaches the program. */
  cancelPastes(): readonly UpPiece[] {
    const cancelled = new Set<number>();
    this.#kept = this.#kept.filter(({ piece }, index) => {
      const drop = index >= this.#sent && piece.kind === "paste";
      if (drop) cancelled.add(piece.id);
      return !drop;
    });
    this.#endPastes((paste) => cancelled.has(paste.id), "cancelled");
    return this.#release();
  }

  /** The channel is open; `count` as in the protocol's `pane.input`. Gives what goes up now. */
  attached(count: number | null, nowMs: number): readonly UpPiece[] {
    this.#attached = true;
    const sentLength = lengthOf(this.#kept.slice(0, this.#sent));
    let again: readonly UpPiece[] = [];
    if (this.#base !== null && count !== null && count >= this.#base && count <= this.#base + sentLength) {
      again = this.#sentAfter(count);
    } else {
      // The count of another life: a page loaded again, a new tmux server. Nothing may be sent twice.
      if (this.#sent > 0) this.#notices.push("input-lost");
      this.#kept = this.#kept.slice(this.#sent);
      this.#sent = 0;
      this.#base = count ?? 0;
      const whole = new Set(this.#kept.map(({ piece }) => (piece.kind === "paste" && piece.seq === 0 ? piece.id : -1)));
      this.#kept = this.#kept.filter(({ piece }) => piece.kind === "keys" || whole.has(piece.id));
      this.#endPastes((paste) => !whole.has(paste.id), "lost");
    }
    this.#settleAway(nowMs);
    return [...again, ...this.#release()];
  }

  /** What was sent and not accepted. What was is kept as well: only when tmux has taken it can nothing lose it any more. */
  #sentAfter(count: number): readonly UpPiece[] {
    const after: UpPiece[] = [];
    let start = this.#base ?? 0;
    for (const { piece } of this.#kept.slice(0, this.#sent)) {
      const skip = Math.max(0, count - start);
      start += piece.bytes.length;
      if (skip < piece.bytes.length) after.push(skip === 0 ? piece : { ...piece, bytes: piece.bytes.subarray(skip) });
    }
    return after;
  }

  detached(): void {
    this.#attached = false;
  }

  /** tmux has taken everything before this offset. */
  acknowledged(input: number): readonly UpPiece[] {
    this.#take(input);
    return this.#release();
  }

  takeNotices(): readonly InputNotice[] {
    const notices = this.#notices;
    this.#notices = [];
    return notices;
  }

  takeProgress(): readonly PasteProgress[] {
    const progress = this.#progress;
    this.#progress = [];
    return progress;
  }

  #keepKeys(bytes: Uint8Array, awaySinceMs: number | null): void {
    for (let start = 0; start < bytes.length; start += maxInputFrameBytes) {
      const part = bytes.slice(start, start + maxInputFrameBytes);
      this.#kept.push({ piece: { kind: "keys", bytes: part }, awaySinceMs });
    }
  }

  #keepAway(bytes: Uint8Array, nowMs: number): void {
    const away = lengthOf(this.#kept.filter((kept) => kept.awaySinceMs !== null));
    // Half a command is worse than none: once too much was typed, none of it is sent.
    if (away + bytes.length > awayInputBytes) this.#awayOverflow = true;
    if (!this.#awayOverflow) this.#keepKeys(bytes, nowMs);
  }

  /** Back: what was typed meanwhile goes up as a whole, or not at all. */
  #settleAway(nowMs: number): void {
    const oldest = this.#kept.find((kept) => kept.awaySinceMs !== null)?.awaySinceMs ?? null;
    const tooOld = oldest !== null && nowMs - oldest >= awayInputMs;
    if (this.#awayOverflow) this.#notices.push("input-too-much");
    else if (tooOld) this.#notices.push("input-too-old");
    const drop = this.#awayOverflow || tooOld;
    this.#kept = this.#kept
      .filter((kept) => !(drop && kept.awaySinceMs !== null))
      .map(({ piece }) => ({ piece, awaySinceMs: null }));
    this.#awayOverflow = false;
  }

  #take(input: number): void {
    if (this.#base === null) return;
    while (this.#sent > 0 && this.#base < input) {
      const first = this.#kept[0];
      if (first === undefined) return;
      const { piece } = first;
      const taken = Math.min(piece.bytes.length, input - this.#base);
      this.#base += taken;
      if (taken === piece.bytes.length) {
        this.#kept.shift();
        this.#sent--;
      } else this.#kept[0] = { ...first, piece: { ...piece, bytes: piece.bytes.subarray(taken) } };
      if (piece.kind === "paste") this.#pasteTaken(piece.id, taken);
    }
  }

  #pasteTaken(id: number, bytes: number): void {
    const paste = this.#pastes.find((running) => running.id === id);
    if (paste === undefined) return;
    paste.taken += bytes;
    const done = paste.taken === paste.whole;
    if (done) this.#pastes = this.#pastes.filter((running) => running !== paste);
    this.#progress.push({ id, taken: paste.taken, whole: paste.whole, state: done ? "done" : "running" });
  }

  #endPastes(which: (paste: RunningPaste) => boolean, state: "cancelled" | "lost"): void {
    for (const paste of this.#pastes.filter(which)) {
      this.#progress.push({ id: paste.id, taken: paste.taken, whole: paste.whole, state });
    }
    this.#pastes = this.#pastes.filter((paste) => !which(paste));
  }

  /** What may go up now, in order: keys at once, pastes as their acknowledgements allow. */
  #release(): readonly UpPiece[] {
    if (!this.#attached || this.#base === null) return [];
    const up: UpPiece[] = [];
    let pieces = this.#kept.slice(0, this.#sent).filter(({ piece }) => piece.kind === "paste").length;
    for (let next = this.#kept[this.#sent]; next !== undefined; next = this.#kept[this.#sent]) {
      if (next.piece.kind === "paste" && ++pieces > pastePiecesUnderWay) break;
      up.push(next.piece);
      this.#sent++;
    }
    return up;
  }

  #typedBytes(): number {
    return lengthOf(this.#kept.filter(({ piece }) => piece.kind === "keys"));
  }
}

function lengthOf(kept: readonly Kept[]): number {
  return kept.reduce((sum, { piece }) => sum + piece.bytes.length, 0);
}
