// Owns the proof that a snapshot's pieces open only as the whole they were: none left out, moved, cut or from elsewhere.
// Must not know buckets or databases.

import { describe, expect, it } from "vitest";
import {
  inPieces,
  makeContentKey,
  PieceCipher,
  pieceBytes,
  StreamError,
  sealedLength,
  tagBytes,
} from "../../../worker/snapshots/pieces.ts";

/** A stream of these bytes in chunks of these sizes, over and over. */
function streamOf(bytes: Uint8Array, sizes: readonly number[]): ReadableStream<Uint8Array> {
  let [at, turn] = [0, 0];
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      const size = sizes[turn % sizes.length] ?? 1;
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
      turn += 1;
    },
  });
}

interface Got {
  readonly bytes: number[];
  readonly index: number;
  readonly last: boolean;
}

async function cut(stream: ReadableStream<Uint8Array>, total: number, size: number, stallMs = 1_000): Promise<Got[]> {
  const got: Got[] = [];
  for await (const { bytes, index, last } of inPieces(stream, { total, size, stallMs })) {
    got.push({ bytes: [...bytes], index, last });
  }
  return got;
}

async function problemOf(cutting: Promise<unknown>): Promise<string> {
  const error: unknown = await cutting.catch((thrown: unknown) => thrown);
  if (!(error instanceof StreamError)) throw new Error("the stream was taken");
  return error.problem;
}

describe("cutting a stream", () => {
  it("gives the same pieces however the stream comes", async () => {
    for (const total of [1, 7, 8, 9, 15, 16, 17, 64]) {
      const bytes = Uint8Array.from({ length: total }, (_, at) => at);
      const expected = Array.from({ length: Math.ceil(total / 8) }, (_, index) => ({
        bytes: [...bytes.subarray(index * 8, index * 8 + 8)],
        index,
        last: (index + 1) * 8 >= total,
      }));
      for (const sizes of [[1], [3], [8], [64], [5, 0, 11], [16, 1]]) {
        expect(await cut(streamOf(bytes, sizes), total, 8)).toEqual(expected);
      }
    }
  });

  it("finds one that is short, or goes on too long, at every length", async () => {
    for (const total of [1, 8, 9, 16]) {
      const bytes = new Uint8Array(32);
      for (const sizes of [[1], [7], [32]]) {
        expect(await problemOf(cut(streamOf(bytes.subarray(0, total - 1), sizes), total, 8))).toBe("short");
        expect(await problemOf(cut(streamOf(bytes.subarray(0, total + 1), sizes), total, 8))).toBe("long");
      }
    }
  });

  it("gives no last piece before the end was seen", async () => {
    const stream = streamOf(new Uint8Array(17), [17]);
    const seen: boolean[] = [];
    const cutting = (async () => {
      for await (const { last } of inPieces(stream, { total: 16, size: 8, stallMs: 1_000 })) seen.push(last);
    })();
    expect(await problemOf(cutting)).toBe("long");
    expect(seen).not.toContain(true);
  });

  it("gives up one that stalls, and cancels it", async () => {
    const cancelled = Promise.withResolvers<void>();
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(4)),
      cancel: () => cancelled.resolve(),
    });
    expect(await problemOf(cut(stream, 100, 8, 20))).toBe("stalled");
    await cancelled.promise;
  });

  it("says of one that breaks off that it did", async () => {
    const stream = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new Uint8Array(4)),
      pull: (controller) => controller.error(new Error("gone")),
    });
    expect(await problemOf(cut(stream, 100, 8))).toBe("broken");
  });

  it("cancels one whose reader stops early", async () => {
    const cancelled = Promise.withResolvers<void>();
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(8)),
      cancel: () => cancelled.resolve(),
    });
    for await (const { index } of inPieces(stream, { total: 1_000, size: 8, stallMs: 1_000 })) if (index === 1) break;
    await cancelled.promise;
  });
});

describe("a sealed piece", () => {
  const bytes = new Uint8Array(100).fill(7);

  it("opens at its place, and nowhere else", async () => {
    const key = makeContentKey();
    const cipher = await PieceCipher.with(key, "shell/one");
    const sealed = new Uint8Array(await cipher.seal({ bytes, index: 1, last: false }));
    expect(sealed.length).toBe(bytes.length + tagBytes);
    expect(await cipher.open({ bytes: sealed, index: 1, last: false })).toEqual(bytes);
    expect(await cipher.open({ bytes: sealed, index: 0, last: false })).toBeNull();
    expect(await cipher.open({ bytes: sealed, index: 2, last: false })).toBeNull();
    expect(await cipher.open({ bytes: sealed, index: 257, last: false })).toBeNull();
    expect(await cipher.open({ bytes: sealed, index: 1, last: true })).toBeNull();
    expect(await (await PieceCipher.with(key, "shell/two")).open({ bytes: sealed, index: 1, last: false })).toBeNull();
    const other = await PieceCipher.with(makeContentKey(), "shell/one");
    expect(await other.open({ bytes: sealed, index: 1, last: false })).toBeNull();
    for (const at of [0, 50, 99, 100, 115]) {
      const damaged = sealed.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      expect(await cipher.open({ bytes: damaged, index: 1, last: false })).toBeNull();
    }
    expect(await cipher.open({ bytes: sealed.slice(0, 10), index: 1, last: false })).toBeNull();
  });

  it("is as long as it is said to be", () => {
    expect(sealedLength(1)).toBe(1 + 16);
    expect(sealedLength(pieceBytes)).toBe(pieceBytes + 16);
    expect(sealedLength(pieceBytes + 1)).toBe(pieceBytes + 1 + 32);
    expect(sealedLength(50 * pieceBytes)).toBe(50 * (pieceBytes + 16));
  });
});
