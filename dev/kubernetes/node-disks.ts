// Owns where nodes keep layers and volumes: a folder beside the store of images, whose files they share.
// Must not know what is in it.

import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "./cache/cache-folder.ts";
import { isAlive } from "./namespaces/processes.ts";

/** The sweeper removes it with its cluster; where that was killed too, another cluster does after so long. */
const abandonedMs = 24 * 60 * 60_000;

/** @returns path of a folder named after this process */
export async function makeDisk(nowMs: number = Date.now(), cache: string = cacheFolder()): Promise<string> {
  for (const name of await readdir(cache)) {
    // Without a number it is an older version's.
    const [ours, pid] = /^nodes-(?:(\d+)-)?\w+$/.exec(name) ?? [];
    if (ours === undefined || (pid !== undefined && isAlive(Number(pid)))) continue;
    const path = join(cache, name);
    // Another cluster may be doing the same.
    const found = await stat(path).catch(() => null);
    // A number says nothing of a process in another pid namespace: hence the time.
    if (found === null || nowMs - found.mtimeMs < abandonedMs) continue;
    await rm(path, { recursive: true, force: true });
  }
  return await mkdtemp(join(cache, `nodes-${process.pid}-`));
}
