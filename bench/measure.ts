// Owns how the figures are taken: echo and bulk over any link, and their medians.
// Must not know which link it is.

import { setTimeout as sleep } from "node:timers/promises";
import type { Link } from "./link.ts";

export interface EchoFigures {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

export function percentile(sorted: readonly number[], part: number): number {
  const at = Math.min(sorted.length - 1, Math.floor(sorted.length * part));
  return sorted[at] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/**
 * One byte at a time, 3 to 10 ms apart, each timed until it comes back; `warmUp` of them are not counted.
 * The far end must echo in raw mode. Letters go round, so that an echo that comes late is not taken for the next.
 */
export async function measureEcho(
  link: Link,
  samples: number,
  warmUp: number,
  random: () => number,
): Promise<EchoFigures> {
  const figures: number[] = [];
  for (let n = 0; n < samples + warmUp; n += 1) {
    const letter = 97 + (n % 26);
    const tookMs = await new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${link.name}: no echo of byte ${n} within 5 s`)), 5_000);
      const sentMs = performance.now();
      link.onBytes = (bytes) => {
        if (!bytes.includes(letter)) return;
        clearTimeout(timer);
        resolve(performance.now() - sentMs);
      };
      link.send(Uint8Array.of(letter));
    });
    if (n >= warmUp) figures.push(tookMs);
    await sleep(3 + random() * 7);
  }
  link.onBytes = () => {};
  figures.sort((a, b) => a - b);
  return { p50Ms: percentile(figures, 0.5), p95Ms: percentile(figures, 0.95), p99Ms: percentile(figures, 0.99) };
}

export interface BulkFigures {
  /** 10^6 bytes a second, of what arrived, from its first byte to its last. */
  readonly megabytesPerSecond: number;
  /** What was printed and never came: a viewer that falls too far behind a bare shell is shown its end only. */
  readonly skippedMb: number;
}

/** What the far end prints when it is done; written in two halves where it is typed, so that an echo is not taken for it. */
const over = "bulk-is-over";
/** A prompt may follow in the same piece. */
const tailBytes = 256;

/** Prints `file` of `total` bytes at the far end, whose echo must be off, and counts what comes. */
export function measureBulk(link: Link, file: string, total: number, timeoutMs = 120_000): Promise<BulkFigures> {
  return new Promise((resolve, reject) => {
    let firstMs = 0;
    let got = 0;
    let tail = "";
    const timer = setTimeout(
      () => reject(new Error(`${link.name}: ${got} of ${total} bytes and no end within ${timeoutMs} ms`)),
      timeoutMs,
    );
    link.onBytes = (bytes) => {
      if (got === 0) firstMs = performance.now();
      got += bytes.byteLength;
      tail = (tail + Buffer.from(bytes.subarray(-tailBytes)).toString("latin1")).slice(-2 * tailBytes);
      if (!tail.includes(over)) return;
      clearTimeout(timer);
      link.onBytes = () => {};
      const megabytes = (got - over.length) / 1e6;
      resolve({
        megabytesPerSecond: megabytes / ((performance.now() - firstMs) / 1000),
        skippedMb: Math.max(0, total / 1e6 - megabytes),
      });
    };
    link.send(Buffer.from(`cat '${file}'; printf '${over.slice(0, 4)}''${over.slice(4)}'\r`));
  });
}
