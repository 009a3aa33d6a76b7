// Owns the figures of saving a home: the first snapshot, and a home in which nothing changed since.
// Must not know what a snapshot holds. A Node server that takes everything stands for the edge.

import { Home } from "../test/pod/home/home.ts";
import { PodEdge } from "../test/pod/home/pod-edge.ts";
import { median } from "./measure.ts";
import type { Row } from "./report.ts";

/** A home as people have it after some weeks: dotfiles, notes, small programs. */
const files = 2_000;

export async function measureHome(rounds: number): Promise<readonly Row[]> {
  const edge = await PodEdge.start();
  const home = new Home(edge);
  try {
    for (let file = 0; file < files; file += 1) home.write(`folder-${file % 40}/file-${file}`, `${file}\n`.repeat(100));
    const first = await home.save();
    const unchanged: number[] = [];
    for (let round = 0; round < Math.max(5, rounds); round += 1) {
      const run = await home.save();
      if (run.last.edge?.state !== "unchanged") throw new Error(`a home that nobody touched: ${run.stdout}`);
      unchanged.push(run.ms);
    }
    if (edge.snapshots.size !== 1) throw new Error("an unchanged home was uploaded");
    const way = `a home of ${files} files`;
    return [
      { what: "save, first", way, value: first.ms, unit: "ms" },
      { what: "save, unchanged", way, value: median(unchanged), unit: "ms", target: { most: 200 } },
    ];
  } finally {
    home.close();
    await edge.close();
  }
}
