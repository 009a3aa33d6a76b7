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

const runs = 80;
const steps = 2500;
const seedAsked = process.env["SEED"];
const seeds = seedAsked === undefined ? Array.from({ length: runs }, (_, index) => index + 1) : [Number(seedAsked)];

function live(seed: number, viewers: number, populate: (world: World) => void): void {
  try {
    const world = new World(seed * 31 + viewers, tight, 1500);
    for (let count = 0; count < viewers; count++) populate(world);
    for (let count = 0; count < steps; count++) step(world);
    calm(world);
    expect(complaints(world)).toEqual([]);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new Error(`SEED=${seed} with ${viewers} viewers: ${what}`, { cause: error });
  }
}

describe("[B1] nothing is lost, doubled or out of order, whatever fails", () => {
  it.each([1, 2, 3])("%i of the simplest clients", (viewers) => {
    for (const seed of seeds) live(seed, viewers, (world) => world.addClient());
  });

  it.each([1, 2, 3])("%i of the page's own machines", (viewers) => {
    for (const seed of seeds) live(seed, viewers, (world) => world.addMachine());
  });
});
