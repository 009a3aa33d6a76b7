// Owns the test of the machine under seeded trouble: whatever order things happen in, the screen ends as the program
// wrote it and each key arrives once, in order, or its loss was told.
// Must not know the machine's insides. LIMPET_SEED=n repeats one run.

import { describe, expect, test } from "vitest";
import { makeRandom, type Random } from "./random.ts";
import { World } from "./world.ts";

const texts = ["ls\r\n", "漢字とかな", "🐚🐚", "—“”…", "a", "\u001b[31mred\u001b[m ", "x".repeat(120), "é"];

/** Keys are numbered, so that a lost, doubled or misplaced one shows. */
function makeKeys(): () => number {
  let next = 0;
  // No 0x03: an interrupt ends a paste on purpose.
  return () => 32 + (next++ % 220);
}

function trouble(world: World, random: Random, forgets: boolean): void {
  const key = makeKeys();
  for (let round = 0; round < 1_200; round++) {
    const dice = random.next();
    if (dice < 0.18) world.write(texts[random.integer(texts.length)] ?? "");
    else if (dice < 0.26) world.type(key());
    else if (dice < 0.264)
      world.paste(Array.from({ length: 12_000 }, () => String.fromCharCode(64 + random.integer(60))).join(""));
    else if (dice < 0.315) world.cut();
    else if (dice < 0.325) world.goSilent();
    else if (dice < 0.335) world.resize(40 + random.integer(100));
    else if (dice < 0.338) world.gap();
    else if (dice < 0.34) world.evict();
    else if (dice < 0.342 && forgets) world.forgetInput();
    else if (dice < 0.35) world.do((machine, nowMs) => machine.visibility(random.chance(0.5), nowMs));
    else if (dice < 0.36) world.write("y".repeat(4_000));
    else if (dice < 0.75) for (let steps = random.integer(12); steps > 0; steps--) world.step();
    else if (dice < 0.84) world.parse();
    else if (dice < 0.9) world.tmuxTakes();
    else world.pass(random.integer(random.chance(0.05) ? 12_000 : 500));
  }
  world.do((machine, nowMs) => machine.visibility(true, nowMs));
  world.settle();
}

/** Whether `part` is `whole` with some left out, in order. */
function isSubsequence(part: readonly number[], whole: readonly number[]): boolean {
  let at = 0;
  for (const value of whole) if (value === part[at]) at++;
  return at === part.length;
}

const chosen = process.env["LIMPET_SEED"];
const seeds = chosen === undefined ? Array.from({ length: 100 }, (_, index) => 7_000 + index) : [Number(chosen)];

describe.each([false, true])("[B1] seeded trouble, server forgets: %s", (forgets) => {
  test(`${seeds.length} runs`, () => {
    let resumed = 0;
    let told = 0;
    for (const seed of seeds) {
      const random = makeRandom(seed);
      const world = new World(random);
      try {
        trouble(world, random, forgets);
        const { screen, pane } = world.state();
        expect(screen).toEqual(pane);
        expect(isSubsequence(world.taken, world.typed)).toBe(true);
        const lost = world.typed.length - world.taken.length;
        if (lost > 0) expect(world.notices.length).toBeGreaterThan(0);
        if (world.notices.length === 0) expect(world.taken).toEqual(world.typed);
        resumed += world.resumes.length;
        told += world.notices.length;
      } catch (error) {
        throw new Error(`LIMPET_SEED=${seed} shows it`, { cause: error });
      }
    }
    // The runs must have been through what they are for.
    expect(resumed).toBeGreaterThan(2 * seeds.length);
    if (seeds.length > 1) expect(told).toBeGreaterThan(0);
  }, 60_000);
});
