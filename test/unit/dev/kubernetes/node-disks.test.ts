// Owns the tests of what is removed of clusters that could not clean up after themselves.
// Must not know a cluster.

import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { makeDisk } from "../../../../dev/kubernetes/node-disks.ts";

/** Above the largest number that a process can have. */
const nobody = 2 ** 22 + 1;

test("a day after its process is gone a disk goes, one without a number too; a living process's, and what is none, stay", async () => {
  const cache = await mkdtemp(join(tmpdir(), "limpet-disks-"));
  const [gone, alive, other] = [`nodes-${nobody}-a`, `nodes-${process.pid}-b`, "binaries-c"];
  /** As they were named before they had a number. */
  const older = "nodes-sHlMsb";
  for (const name of [gone, alive, older, other]) await mkdir(join(cache, name, "system-1"), { recursive: true });
  const soon = basename(await makeDisk(Date.now() + 3_600_000, cache));
  expect(await readdir(cache)).toEqual([other, alive, gone, older, soon].toSorted());
  const later = basename(await makeDisk(Date.now() + 25 * 3_600_000, cache));
  expect(await readdir(cache)).toEqual([other, alive, soon, later].toSorted());
  await rm(cache, { recursive: true });
});
