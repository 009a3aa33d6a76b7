// Owns the cuts: each hop between the keyboard and the job is broken in turn, and nothing is lost or doubled.
// Must not know how any part finds out or mends it.

import { expect, test } from "vitest";
import { keepFigure, keepPicture } from "./harness/artefacts.ts";
import { onlyLocal } from "./harness/cluster-target.ts";
import { expectSameScreen } from "./harness/compare.ts";
import { until } from "./harness/until.ts";
import { type Person, useWorld } from "./harness/world.ts";

const world = useWorld();

interface Cut {
  readonly hop: string;
  readonly picture: string;
  /** Why no other cluster than the local one can play it. */
  readonly local?: string;
  cut(person: Person): Promise<void> | void;
  mend(person: Person): Promise<void> | void;
}

const cuts: readonly Cut[] = [
  {
    hop: "the browser's network",
    picture: "30-browser-offline",
    cut: async ({ device }) => {
      await device.setOffline(true);
      world().product.front.cut("reset");
    },
    mend: async ({ device }) => {
      world().product.front.mend();
      await device.setOffline(false);
    },
  },
  {
    hop: "every connection closed at the door",
    picture: "31-edge-closed",
    cut: () => world().product.front.cut("closed"),
    mend: () => world().product.front.mend(),
  },
  {
    hop: "the line, half-dead: it swallows",
    picture: "32-line-swallows",
    cut: () => world().product.front.cut("swallowed"),
    mend: () => world().product.front.mend(),
  },
  {
    hop: "the exec and the cluster's API",
    picture: "33-cluster-refused",
    cut: () => world().product.cluster.cut("reset"),
    mend: () => world().product.cluster.mend(),
  },
  {
    hop: "the exec, half-dead: it swallows",
    picture: "34-cluster-swallows",
    cut: () => world().product.cluster.cut("swallowed"),
    mend: () => world().product.cluster.mend(),
  },
  {
    hop: "the exec, with a Success that is none",
    picture: "35-exec-success",
    local: "no API server says so at will",
    cut: async () => {
      // The next attempts are refused, too: a pod that is well is followed again before anybody could see it.
      await world().product.faults.add({ type: "refuse-exec", path: "/exec", times: 2 });
      await world().product.faults.act({ type: "cut-exec", how: "success" });
    },
    mend: () => world().product.faults.clear(),
  },
  {
    hop: "workerd, killed",
    picture: "36-workerd-killed",
    cut: () => {
      world().product.killWorkerd();
    },
    mend: () => {},
  },
];

test.for(cuts)(
  "after a cut ($hop) the page is back by itself, the job ran on, no line and no key is lost or doubled",
  async ({ cut, mend, picture, hop, local }, context) => {
    if (local !== undefined) onlyLocal(context, local);
    const person = await world().withShell();
    const { shell, tmux } = person;
    await shell.enter(
      "clear; stty -echo; for i in $(seq 1 120); do echo tick-$i; sleep 0.05; done; stty echo; echo all-$((40+2))",
    );
    await shell.row("tick-10");

    const toldBefore = await shell.badge();
    await cut(person);
    await until(
      `the page to say that something is wrong (${hop})`,
      () => shell.badge(),
      (told) => told !== toldBefore,
    );
    await keepPicture(shell.page, picture);
    // Typed into the dark: it waits, and is taken once. (The job has no echo, so that keys never stand amid its lines.)
    await shell.enter("echo typed-$((1+1))-$?");
    const seenAtCut = lastTick(await shell.rows());
    await until(
      "the job to go on unseen",
      async () => lastTick(await tmux.rows()),
      (tick) => tick > seenAtCut,
    );
    await mend(person);

    const mendedMs = performance.now();
    await until(
      "the badge to be as before",
      () => shell.badge(),
      (told) => told === toldBefore,
    );
    keepFigure(`back after a cut (${hop})`, performance.now() - mendedMs);
    await shell.row("typed-2-0", 40_000);
    const expected = [...Array.from({ length: 120 }, (_, index) => `tick-${index + 1}`), "all-42", "typed-2-0"];
    const output = /^(tick-\d+|all-\d+|typed-\d-\d)$/;
    expect((await shell.lines()).filter((line) => output.test(line))).toEqual(expected);
    expect((await tmux.lines()).filter((line) => output.test(line))).toEqual(expected);
    await expectSameScreen(shell, tmux);
  },
);

/** The number of the last `tick-N` row; 0 where there is none. */
function lastTick(rows: readonly string[]): number {
  return Math.max(0, ...rows.map((row) => Number(/^tick-(\d+)$/.exec(row)?.[1] ?? 0)));
}
