// Owns the way of one pane's bytes into its terminal: pictures, the stream, sizes at offsets, pacing, what is parsed.
// Must not know sockets, channels, input or xterm.js itself: bytes and reports in, effects out.

import { ackEveryBytes, ackEveryMs } from "../../durable/protocol/limits.ts";
import type { HeldPane, PaneId, PaneStart, Size, StreamId } from "../../durable/protocol/messages.ts";
import { unfinishedTail } from "./utf8.ts";

/** One write to the terminal. xterm.js decodes at most 128 Ki units at a time and may lose a code point between two. */
const writeBytes = 64 * 1024;
/** Bytes handed to the terminal and not parsed yet; above this the rest waits here, unless only one write is under way. */
const inFlightBytes = 2 * writeBytes;

export type OutputEffect =
  /** Write these bytes, then report `parsed(pane, id)`. They never end inside a UTF-8 sequence. */
  | { readonly type: "write"; readonly pane: PaneId; readonly id: number; readonly bytes: Uint8Array }
  /**
   * Write the picture in one go, so that no half of it is ever drawn, then report `parsed(pane, id)`. `reset`: from a
   * reset terminal without scrollback; otherwise over the present screen. The bytes never end inside a UTF-8 sequence.
   */
  | {
      readonly type: "paint";
      readonly pane: PaneId;
      readonly id: number;
      readonly bytes: Uint8Array;
      readonly reset: boolean;
    }
  /** The terminal has this size from here on; nothing written before is still unparsed. */
  | { readonly type: "size"; readonly pane: PaneId; readonly cols: number; readonly rows: number };

export interface OutputAck {
  readonly stream: StreamId;
  readonly output: number;
  readonly picture?: number;
}

type Queued =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly end: number }
  | { readonly kind: "size"; readonly cols: number; readonly rows: number }
  | { readonly kind: "paint"; readonly bytes: Uint8Array; readonly reset: boolean };

/** A picture under way: what is on the screen stays until the last of its bytes is here. */
interface Arriving {
  readonly start: PaneStart;
  readonly parts: Uint8Array[];
  got: number;
  readonly sizes: Size[];
}

export class PaneOutput {
  readonly #pane: PaneId;
  #stream: StreamId | null = null;
  /** Offset of the next byte to come. */
  #received = 0;
  /** Offset up to which the terminal has parsed. */
  #parsed = 0;
  #acked = 0;
  /** Bytes of the newest picture, received and acknowledged. `null` once the whole was acknowledged. */
  #picture: { got: number; acked: number; readonly whole: number } | null = null;
  #unackedSinceMs: number | null = null;
  #arriving: Arriving | null = null;
  #sizes: Size[] = [];
  #lastSize: { readonly cols: number; readonly rows: number } | null = null;
  #queue: Queued[] = [];
  #held: Uint8Array = new Uint8Array(0);
  /** Writes under way, oldest first. A new generation begins with each new stream: older ones no longer count. */
  #inFlight: { readonly id: number; readonly length: number; readonly end: number; readonly generation: number }[] = [];
  #generation = 0;
  #nextId = 1;
  #out: OutputEffect[] = [];

  constructor(pane: PaneId) {
    this.#pane = pane;
  }

  /** What a hello says of this pane; `null` where nothing can be resumed. Bytes received will be parsed, come what may. */
  held(): HeldPane | null {
    if (this.#stream === null) return null;
    return { pane: this.#pane, stream: this.#stream, output: this.#received };
  }

  /** The socket is gone: what was only half received is void; the hello of the next one acknowledges the rest. */
  disconnected(): void {
    this.#arriving = null;
    this.#sizes = [];
    this.#acked = this.#received;
    this.#picture = null;
    this.#unackedSinceMs = null;
  }

  /** Gives up the stream, so that the next hello asks for a picture. */
  forget(): void {
    this.#stream = null;
  }

  /** False: the server resumes elsewhere than we are, and nothing was done. */
  start(start: PaneStart): boolean {
    if (start.resumed) {
      if (start.stream !== this.#stream || start.output !== this.#received) return false;
      this.#arriving = null;
      this.#enqueueSize(start);
      this.#pump();
      return true;
    }
    this.#arriving = { start, parts: [], got: 0, sizes: [] };
    this.#picture = start.snapshot > 0 ? { got: 0, acked: 0, whole: start.snapshot } : null;
    this.#acked = start.output;
    this.#unackedSinceMs = null;
    if (start.snapshot === 0) {
      this.#begin(this.#arriving);
      this.#pump();
    }
    return true;
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    let rest = bytes;
    const arriving = this.#arriving;
    if (arriving !== null) {
      const take = Math.min(arriving.start.snapshot - arriving.got, rest.length);
      arriving.parts.push(rest.subarray(0, take));
      arriving.got += take;
      if (this.#picture !== null) this.#picture.got = arriving.got;
      this.#noteUnacked(nowMs);
      rest = rest.subarray(take);
      if (arriving.got === arriving.start.snapshot) this.#begin(arriving);
    }
    if (rest.length > 0 && this.#arriving === null && this.#stream !== null) this.#follow(rest);
    this.#pump();
  }

  size(size: Size): void {
    if (this.#arriving !== null && size.stream === this.#arriving.start.stream) this.#arriving.sizes.push(size);
    else if (size.stream === this.#stream) {
      if (size.output > this.#received) this.#sizes.push(size);
      else this.#enqueueSize(size);
      this.#pump();
    }
  }

  /** The terminal has parsed the write with this id. */
  parsed(id: number, nowMs: number): void {
    const index = this.#inFlight.findIndex((write) => write.id === id);
    if (index < 0) return;
    for (const write of this.#inFlight.splice(0, index + 1)) {
      if (write.generation !== this.#generation || write.end <= this.#parsed) continue;
      this.#parsed = write.end;
      this.#noteUnacked(nowMs);
    }
    this.#pump();
  }

  /** The acknowledgement that is due, at most one; taking it is sending it. */
  takeAck(nowMs: number): OutputAck | null {
    if (this.#unackedSinceMs === null) return null;
    if (this.#unackedBytes() < ackEveryBytes && nowMs - this.#unackedSinceMs < ackEveryMs) return null;
    const stream = this.#arriving?.start.stream ?? this.#stream;
    if (stream === null) return null;
    this.#unackedSinceMs = null;
    this.#acked = this.#arriving?.start.output ?? this.#parsed;
    const picture = this.#picture;
    if (picture === null) return { stream, output: this.#acked };
    picture.acked = picture.got;
    if (picture.got === picture.whole) this.#picture = null;
    return { stream, output: this.#acked, picture: picture.got };
  }

  ackDeadlineMs(): number | null {
    return this.#unackedSinceMs === null ? null : this.#unackedSinceMs + ackEveryMs;
  }

  takeEffects(): readonly OutputEffect[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  #unackedBytes(): number {
    const picture = this.#picture === null ? 0 : this.#picture.got - this.#picture.acked;
    return picture + (this.#arriving === null ? this.#parsed - this.#acked : 0);
  }

  #noteUnacked(nowMs: number): void {
    if (this.#unackedBytes() > 0) this.#unackedSinceMs ??= nowMs;
  }

  /** The picture is whole: the stream that it belongs to begins. */
  #begin(arriving: Arriving): void {
    const { start } = arriving;
    const reset = start.picture !== true;
    this.#arriving = null;
    this.#stream = start.stream;
    this.#received = start.output;
    this.#parsed = start.output;
    this.#acked = start.output;
    this.#generation++;
    // What a reset would wipe need not be drawn first.
    if (reset) {
      this.#queue = [];
      this.#lastSize = null;
    }
    this.#enqueueSize(start);
    this.#queue.push({ kind: "paint", bytes: join(arriving.parts, arriving.got), reset });
    this.#sizes = arriving.sizes.filter((size) => size.output > this.#received);
    for (const size of arriving.sizes) if (size.output <= this.#received) this.#enqueueSize(size);
  }

  /** Stream bytes, cut where a size begins to apply. */
  #follow(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const next = this.#sizes[0];
      const take = next === undefined ? rest.length : Math.min(rest.length, next.output - this.#received);
      if (take > 0) {
        this.#received += take;
        this.#queue.push({ kind: "bytes", bytes: rest.subarray(0, take), end: this.#received });
        rest = rest.subarray(take);
      }
      if (next !== undefined && this.#received >= next.output) {
        this.#sizes.shift();
        this.#enqueueSize(next);
      }
    }
  }

  #enqueueSize(size: { readonly cols: number; readonly rows: number }): void {
    if (this.#lastSize?.cols === size.cols && this.#lastSize.rows === size.rows) return;
    this.#lastSize = { cols: size.cols, rows: size.rows };
    this.#queue.push({ kind: "size", cols: size.cols, rows: size.rows });
  }

  #pump(): void {
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      if (next.kind === "size") {
        // A size means another screen for bytes before it than for bytes after it.
        if (this.#inFlight.length > 0) return;
        this.#queue.shift();
        this.#out.push({ type: "size", pane: this.#pane, cols: next.cols, rows: next.rows });
      } else if (next.kind === "paint") {
        this.#queue.shift();
        // A picture taken in the middle of a character ends with its first bytes; the others begin the stream.
        const bytes = next.bytes.subarray(0, next.bytes.length - unfinishedTail(next.bytes));
        this.#held = next.bytes.slice(bytes.length);
        const id = this.#fly(bytes.length, -1);
        this.#out.push({ type: "paint", pane: this.#pane, id, bytes, reset: next.reset });
      } else {
        const underWay = this.#inFlight.reduce((sum, write) => sum + write.length, 0);
        if (underWay >= inFlightBytes && this.#inFlight.length >= 2) return;
        this.#write();
      }
    }
  }

  /** One write from the head of the queue: what was held back, then as many bytes as one write takes. */
  #write(): void {
    const parts: Uint8Array[] = [this.#held];
    let length = this.#held.length;
    let end = 0;
    for (let next = this.#queue[0]; next?.kind === "bytes" && length < writeBytes; next = this.#queue[0]) {
      const take = Math.min(next.bytes.length, writeBytes - length);
      parts.push(next.bytes.subarray(0, take));
      length += take;
      end = next.end - (next.bytes.length - take);
      if (take === next.bytes.length) this.#queue.shift();
      else this.#queue[0] = { kind: "bytes", bytes: next.bytes.subarray(take), end: next.end };
    }
    const joined = join(parts, length);
    const tail = unfinishedTail(joined);
    const bytes = joined.subarray(0, length - tail);
    this.#held = joined.slice(length - tail);
    if (bytes.length === 0) return;
    this.#out.push({ type: "write", pane: this.#pane, id: this.#fly(bytes.length, end - tail), bytes });
  }

  #fly(length: number, end: number): number {
    const id = this.#nextId++;
    this.#inFlight.push({ id, length, end, generation: this.#generation });
    return id;
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const filled = parts.filter((part) => part.length > 0);
  if (filled.length === 1 && filled[0] !== undefined) return filled[0];
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of filled) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
