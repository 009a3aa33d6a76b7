import { describe, expect, it } from "vitest";
import { Ring } from "../../../durable/bridge/ring.ts";
import { bytesFrom } from "./world/program.ts";
import { Random } from "./world/random.ts";

const size = { cols: 80, rows: 24 };

describe("[B5] a pane's ring", () => {
  it("gives back what was written, whatever the pieces, and never grows beyond its capacity", () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = new Random(seed);
      const capacity = 1 + random.below(40_000);
      const ring = new Ring(capacity, size);
      for (let turn = 0; turn < 200; turn++) {
        const length = random.below(random.chance(0.1) ? 2 * capacity : 400);
        ring.append(bytesFrom(ring.end, length));
        expect(ring.allocated).toBeLessThanOrEqual(capacity);
        expect(ring.end - ring.start).toBe(Math.min(ring.end, capacity));
        const from = ring.start + random.below(ring.end - ring.start + 1);
        const wanted = random.below(ring.end - from + 1);
        const frame = ring.frame(9, from, wanted);
        expect(frame[0]).toBe(9);
        expect(Buffer.compare(frame.subarray(1), bytesFrom(from, wanted)), `seed ${seed}`).toBe(0);
      }
    }
  });

  it("refuses what it does not have", () => {
    const ring = new Ring(100, size);
    ring.append(bytesFrom(0, 250));
    expect(ring.has(149)).toBe(false);
    expect(ring.has(150)).toBe(true);
    expect(ring.has(250)).toBe(true);
    expect(ring.has(251)).toBe(false);
    expect(() => ring.frame(0, 149, 1)).toThrow();
    expect(() => ring.frame(0, 200, 51)).toThrow();
  });

  it("costs little while little was written", () => {
    const ring = new Ring(1024 * 1024, size);
    ring.append(bytesFrom(0, 100));
    expect(ring.allocated).toBeLessThanOrEqual(16 * 1024);
  });

  it("[P16] knows the size at each offset, and which comes next", () => {
    const ring = new Ring(100, size);
    ring.append(bytesFrom(0, 10));
    ring.resize({ cols: 90, rows: 24 });
    ring.append(bytesFrom(10, 10));
    ring.resize({ cols: 100, rows: 24 });
    ring.resize({ cols: 110, rows: 24 });
    expect(ring.sizeAt(0).size).toMatchObject({ cols: 80 });
    expect(ring.sizeAt(9)).toMatchObject({ size: { cols: 80 }, nextMark: 1 });
    expect(ring.sizeAt(10)).toMatchObject({ size: { cols: 90 }, nextMark: 2 });
    expect(ring.sizeAt(20)).toMatchObject({ size: { cols: 110 }, nextMark: 4 });
    expect([1, 2, 3, 4].map((mark) => ring.mark(mark)?.cols)).toEqual([90, 100, 110, undefined]);
  });

  it("[B4] forgets sizes with the bytes they applied to, and never keeps more than 256", () => {
    const ring = new Ring(100, size);
    for (let turn = 0; turn < 1_000; turn++) {
      ring.append(bytesFrom(turn, 1));
      ring.resize({ cols: 80 + (turn % 2), rows: 24 });
    }
    expect(ring.mark(0)?.offset).toBeGreaterThanOrEqual(ring.start);
    for (let turn = 0; turn < 1_000; turn++) ring.resize({ cols: 80 + (turn % 3), rows: 24 });
    const oldest = ring.mark(0)?.number ?? 0;
    expect(ring.nextMark - oldest).toBeLessThanOrEqual(256);
    expect(ring.sizeAt(ring.end).size).toMatchObject({ cols: 80 });
  });
});
