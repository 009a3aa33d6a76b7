// Owns turning the reaper's clock until nothing is left to do, and the figures of it.
// Must not know what should have become of anybody.

import { setTimeout as sleep } from "node:timers/promises";
import type { Population } from "./population.ts";
import type { World } from "./world.ts";

const minuteMs = 60_000;
/** The reaper's clock stands so far ahead when it looks for orphans: they are old enough then. */
export const orphanClockMs = 11 * minuteMs;

export interface Figures {
  /** From the first tick to the last shell that was at its end. */
  readonly shellsMs: number;
  /** From there to the last orphan. */
  readonly orphansMs: number;
  readonly ticks: number;
  readonly failedTicks: number;
  /** Requests to the cluster. */
  readonly calls: number;
  readonly struck: number;
}

/** The cluster fails `percent` of all requests meanwhile. @throws Error where it does not come to its end */
export async function reap(world: World, population: Population, percent: number, seed: number): Promise<Figures> {
  let ticks = 0;
  let failedTicks = 0;
  let looks = 0;
  const turn = async (aheadMs: number, done: () => Promise<boolean>): Promise<number> => {
    const startedMs = performance.now();
    for (let run = 0; run < 100; run += 1) {
      ticks += 1;
      if (!(await world.edge.tick(Date.now() + aheadMs))) failedTicks += 1;
      // What a tick began at the objects comes to its end by itself.
      for (let look = 0; look < 8; look += 1) {
        if (await done()) return performance.now() - startedMs;
        await sleep(250);
      }
    }
    throw new Error(`not at its end after ${ticks} ticks, ${failedTicks} of which failed`);
  };
  const restless = `select user_id from shells where phase = 'stopping' or desired = 'present' and
    (expires_at <= unixepoch() * 1000 or phase = 'ready' and pod_uid = 'gone') limit 1`;
  const orphans = new Set(population.orphans.map(({ uid }) => uid));

  await world.failByChance(percent, seed);
  const shellsMs = await turn(0, async () => (await world.edge.read(restless)).length === 0);
  const orphansMs = await turn(orphanClockMs, async () => {
    looks += 1;
    const pods = await world.listPods().catch(() => null);
    return pods?.every(({ uid }) => !orphans.has(uid)) ?? false;
  });
  const { seen, struck } = await world.endChance();
  const calls = Object.values(seen).reduce((sum, count) => sum + count, 0);
  // The proof's own looks are pages of 500.
  const pages = Math.ceil((population.shells.length + orphans.size + population.foreign.length) / 500);
  return { shellsMs, orphansMs, ticks, failedTicks, calls: calls - looks * pages, struck };
}
