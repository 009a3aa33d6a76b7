import { describe, expect, it } from "vitest";
import { calm, complaints, step } from "./world/chaos.ts";
import { World } from "./world/world.ts";

/** Small bounds, so that rings overflow, windows close and floods happen all the time. */
const tight = {
  ringBytes: 4096,
  behindBytes: 2048,
  windowLeastBytes: 256,
  windowMostBytes: 1024,
  frameBytes: 512,
  frameLeastBytes: 64,
  pictureReuseBytes: 300,
};

const runs = 150;
const steps = 2500;
const firstSeed = Number(process.env["SEED"] ?? 1);

describe("[B1] nothing is lost, doubled or out of order, whatever fails", () => {
  it.each([1, 2, 3])("%i viewers", (viewers) => {
    for (let seed = firstSeed; seed < firstSeed + (process.env["SEED"] === undefined ? runs : 1); seed++) {
      try {
        const world = new World(seed * 31 + viewers, tight, 1500);
        for (let count = 0; count < viewers; count++) world.addClient({ cols: 80 + count, rows: 24 });
        for (let count = 0; count < steps; count++) step(world);
        calm(world);
        expect(complaints(world)).toEqual([]);
      } catch (error) {
        throw new Error(`SEED=${seed} with ${viewers} viewers: ${error instanceof Error ? error.message : error}`, {
          cause: error,
        });
      }
    }
  });
});
