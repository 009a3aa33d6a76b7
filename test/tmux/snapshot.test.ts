// Owns the proof that a page which comes late shows what one that was there all along shows.
// Must not know how a snapshot is made.

import { closeSync, writeSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { atLeast, parseVersion } from "../../durable/multiplexer/commands.ts";
import { Exec, openTty, Pod } from "./harness.ts";
import { cutProgram, makeProgram, Seeded } from "./programs.ts";
import { describeTerminal, makeTerminal, write } from "./screen.ts";

const size = { cols: 80, rows: 24 };
const programs = 216;

let pod: Pod;
let exec: Exec;
let unicode11: boolean;

beforeAll(async () => {
  pod = new Pod();
  exec = new Exec(pod.attach());
  await exec.wait("following");
  unicode11 = !atLeast(parseVersion(pod.tmux("-V").replace("tmux ", "")), 3, 4);
});

afterAll(() => pod?.close());

test.for(Array.from({ length: programs }, (_, seed) => seed))(
  "a terminal that came late shows what one that followed shows: seed %i",
  async (seed) => {
    const random = new Seeded(seed + 1_000_000);
    const program = makeProgram(seed, size, unicode11);
    const [before, after] = cutProgram(program, random);
    const { pane, tty } = await openTty(pod, exec);
    try {
      const first = await exec.show(pane);
      const followed = makeTerminal(first.cols, first.rows);
      await write(followed, first.bytes);
      const from = exec.effects.indexOf(first);

      const delivered = async (length: number): Promise<void> => {
        while (exec.output(pane, from).length < length) await exec.settle();
      };
      writeSync(tty, before);
      // Where a picture may be taken anywhere it is taken while the program's output is still under way.
      if (program.steps.some(({ whole }) => whole)) await delivered(before.length);
      const second = await exec.show(pane);
      writeSync(tty, after);
      await delivered(before.length + after.length);

      const late = makeTerminal(second.cols, second.rows);
      await write(late, second.bytes);
      await write(late, exec.output(pane, exec.effects.indexOf(second)));
      await write(followed, exec.output(pane, from));
      expect(describeTerminal(late), `seed ${seed}, ${program.family}`).toEqual(describeTerminal(followed));
    } finally {
      closeSync(tty);
      pod.tmux("kill-pane", "-t", pane);
    }
  },
);
