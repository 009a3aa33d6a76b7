// Owns the order and the batching of what people type and paste, before it becomes command lines.
// Must not know answers other than that a line is done.

import type { PaneId, ViewerId } from "../protocol/messages.ts";
import {
  dropBuffer,
  keys,
  leaveModes,
  pasteBuffer,
  setBuffer,
  setCount,
  type TmuxVersion,
  unlessDead,
} from "./commands.ts";
import type { InputBatch, PastePiece } from "./multiplexer.ts";

/** Lines of one viewer for one pane that may be under way; what comes meanwhile is put together into the next. */
const maxLinesInFlight = 8;
/** Bytes of input of one viewer for one pane under way. Who else types never waits for more than this of each. */
const maxBytesInFlight = 48 * 1024;
/** Keys up to this many go as `send-keys -H`; more of them through a buffer, some twenty times as fast. */
const maxFewKeys = 256;
/** A NUL cannot pass through a buffer: keys with one go as `send-keys -H`, this many a line. */
const maxHexBytes = 1024;
/** Most bytes of one line otherwise. */
const maxLineBytes = 16 * 1024;

type Item =
  | { readonly type: "keys"; readonly bytes: Uint8Array; readonly end: number }
  | { readonly type: "paste"; readonly piece: PastePiece };

interface Lane {
  readonly pane: PaneId;
  readonly viewer: ViewerId;
  items: Item[];
  linesInFlight: number;
  bytesInFlight: number;
}

/** One command line with input. `answers` come when all goes well; `checked` is the one that is `dead` for a dead pane. */
export interface InputLine {
  readonly pane: PaneId;
  readonly viewer: ViewerId;
  /** The viewer's offset once the line was taken. */
  readonly end: number;
  readonly bytes: number;
  readonly commands: string;
  readonly answers: number;
  readonly checked: number | null;
}

/** Queues of input, one for each viewer and pane; within one the order holds, between them everyone gets on. */
export class InputQueue {
  readonly #lanes = new Map<string, Lane>();

  push(batch: InputBatch): void {
    if (batch.bytes.length === 0) return;
    this.#lane(batch.pane, batch.viewer).items.push({ type: "keys", bytes: batch.bytes, end: batch.end });
  }

  pushPaste(piece: PastePiece): void {
    this.#lane(piece.pane, piece.viewer).items.push({ type: "paste", piece });
  }

  /** The lines that may go now. */
  *take(version: TmuxVersion): Generator<InputLine> {
    for (const lane of this.#lanes.values()) {
      while (lane.items.length > 0 && lane.linesInFlight < maxLinesInFlight && lane.bytesInFlight < maxBytesInFlight) {
        const line = nextLine(lane, version);
        lane.linesInFlight++;
        lane.bytesInFlight += line.bytes;
        yield line;
      }
    }
  }

  /** A line was answered, well or not. */
  done(line: InputLine): void {
    const key = `${line.pane} ${line.viewer}`;
    const lane = this.#lanes.get(key);
    if (lane === undefined) return;
    lane.linesInFlight--;
    lane.bytesInFlight -= line.bytes;
    if (lane.linesInFlight === 0 && lane.items.length === 0) this.#lanes.delete(key);
  }

  /** Nothing that waits for this pane will be taken: gives whose input it was. */
  drop(pane: PaneId): ViewerId[] {
    const viewers: ViewerId[] = [];
    for (const lane of this.#lanes.values()) {
      if (lane.pane !== pane || lane.items.length === 0) continue;
      lane.items = [];
      viewers.push(lane.viewer);
    }
    return viewers;
  }

  #lane(pane: PaneId, viewer: ViewerId): Lane {
    const key = `${pane} ${viewer}`;
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { pane, viewer, items: [], linesInFlight: 0, bytesInFlight: 0 };
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}

function nextLine(lane: Lane, version: TmuxVersion): InputLine {
  const first = lane.items[0];
  if (first?.type === "paste") {
    lane.items.shift();
    return pasteLine(lane, first.piece, version);
  }
  return keysLine(lane, takeKeys(lane), version);
}

/** Takes keys from the front of the lane, as many as fit on one line. */
function takeKeys(lane: Lane): { readonly bytes: Uint8Array; readonly end: number } {
  const parts: Uint8Array[] = [];
  let length = 0;
  let end = 0;
  let taken = 0;
  let limit = maxLineBytes;
  for (const item of lane.items) {
    if (item.type !== "keys") break;
    // With a NUL in it the line is short; what has no room for it yet goes first, without it.
    const nul = item.bytes.includes(0);
    if (nul && length >= maxHexBytes) break;
    if (nul) limit = maxHexBytes;
    const room = limit - length;
    if (room <= 0) break;
    const part = item.bytes.length > room ? item.bytes.subarray(0, room) : item.bytes;
    parts.push(part);
    length += part.length;
    if (part.length < item.bytes.length) {
      const rest = item.bytes.subarray(part.length);
      end = item.end - rest.length;
      lane.items[taken] = { type: "keys", bytes: rest, end: item.end };
      break;
    }
    end = item.end;
    taken++;
  }
  lane.items.splice(0, taken);
  const [only, more] = parts;
  if (only !== undefined && more === undefined) return { bytes: only, end };
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, end };
}

function keysLine(
  { pane, viewer }: Lane,
  { bytes, end }: ReturnType<typeof takeKeys>,
  version: TmuxVersion,
): InputLine {
  const count = setCount(pane, viewer, end);
  const shared = { pane, viewer, end, bytes: bytes.length };
  if (bytes.length <= maxFewKeys || bytes.includes(0)) {
    const commands = unlessDead(pane, [leaveModes(pane), keys(pane, bytes), count]);
    return { ...shared, commands, answers: 4, checked: 1 };
  }
  const name = `limpet-${viewer}-keys`;
  const paste = unlessDead(pane, [leaveModes(pane), pasteBuffer(pane, name, false, version), count]);
  return { ...shared, commands: `${setBuffer(name, bytes, false)} ; ${paste}`, answers: 5, checked: 2 };
}

function pasteName(viewer: ViewerId, id: number): string {
  return `limpet-${viewer}-${id}`;
}

/**
 * Pieces gather in a buffer named after viewer and paste, which outlives this exec and this object: whoever goes on with
 * a paste goes on with its buffer. The last piece pastes it, and the program gets it as one.
 */
function pasteLine({ pane, viewer }: Lane, piece: PastePiece, version: TmuxVersion): InputLine {
  const { id, seq, last, givenUp, bytes, end } = piece;
  const name = pasteName(viewer, id);
  const count = setCount(pane, viewer, end);
  const shared = { pane, viewer, end, bytes: bytes.length };
  const drop = givenUp === null ? [] : dropBuffer(pasteName(viewer, givenUp));
  const add = [...drop, ...(bytes.length > 0 ? [setBuffer(name, bytes, seq > 0)] : [])];
  if (!last || (seq === 0 && bytes.length === 0)) {
    const commands = [...add, count];
    return { ...shared, commands: commands.join(" ; "), answers: commands.length, checked: null };
  }
  const paste = unlessDead(pane, [leaveModes(pane), pasteBuffer(pane, name, true, version), count]);
  return { ...shared, commands: [...add, paste].join(" ; "), answers: add.length + 4, checked: add.length + 1 };
}
