// Owns the figures of reaping: how long a shell that is over stands there, and what its end asks of the cluster.
// Must not know how the reaper works. The stage is that of its proof (test/reaping), with a cluster that fails nothing.

import { populate } from "../test/reaping/population.ts";
import { reap } from "../test/reaping/reap.ts";
import { until, World } from "../test/reaping/world.ts";
import type { Row } from "./report.ts";

/** `shells`: in all; half of them are over. Orphans are a twentieth. */
export async function measureReaping(shells: number): Promise<readonly Row[]> {
  const half = Math.max(1, Math.round(shells / 2));
  const orphans = Math.max(1, Math.round(shells / 20));
  const world = await World.start();
  try {
    const others = { "over-by-record": 0, "over-by-label": 0, lost: 0, stopped: 0, finished: 0, foreign: 0 };
    const population = await populate(world, { ...others, over: half, living: shells - half, orphans });
    await until("all pods run", 300_000, async () => {
      const pods = await world.listPods();
      return pods.filter(({ phase }) => phase === "Running").length === shells + orphans;
    });
    const figures = await reap(world, population, 0, 1);
    const way = `${half} over and ${orphans} orphans of ${shells + orphans}`;
    return [
      { what: "reaping, a shell that is over", way, value: figures.shellsMs / half, unit: "ms" },
      { what: "reaping, an orphan", way, value: figures.orphansMs / orphans, unit: "ms" },
      { what: "reaping, asked of the cluster", way, value: figures.calls / (half + orphans), unit: "calls" },
    ];
  } finally {
    await world.close();
  }
}
