// Owns the tests of what is removed of clusters that could not clean up after themselves.
// Must not know a cluster.

import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { makeDisk } from "../../../../dev/kubernetes/node-disks.ts";

/** Above the largest number that a process can have. */
const nobody = 2 ** 22 + 1;

test("a day after its process is gone a disk goes; a living process's, and what is none, stay", async () => {
  const cache = await mkdtemp(join(tmpdir(), "limpet-disks-"));
  const [gone, alive, other] = [`nodes-${nobody}-a`, `nodes-${process.pid}-b`, "binaries-c"];
  for (const name of [gone, alive, other]) await mkdir(join(cache, name, "system-1"), { recursive: true });
  const soon = basename(await makeDisk(Date.now() + 3_600_000, cache));
  expect(await readdir(cache)).toEqual([other, alive, gone, soon].toSorted());
  const later = basename(await makeDisk(Date.now() + 25 * 3_600_000, cache));
  expect(await readdir(cache)).toEqual([other, alive, soon, later].toSorted());
  await rm(cache, { recursive: true });
});
