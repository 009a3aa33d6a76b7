// Owns the image that the others are built upon: Debian's smallest system, made by debootstrap from the machine's own mirror.
// Must not know what is built upon it.

import { copyFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runQuietly } from "../../setup/processes.mjs";
import { contentKey } from "../cache/cache-folder.ts";
import { madeOnce } from "../cache/made-once.ts";
import { alone } from "./alone.ts";
import { findMirror, type Mirror, sourcesList } from "./debian-mirror.ts";

/** Debian 12, on which the scripts are tested; and what will be Debian 14, which has newer programs to try things with. */
export type Suite = "bookworm" | "forky";

const ownFolder = import.meta.dirname;

function sources(mirror: Mirror, suite: Suite): string {
  return sourcesList(mirror, suite, suite === "bookworm");
}

async function recipe(): Promise<readonly string[]> {
  return await Promise.all(["make-base", "dpkg-slim.conf"].map((name) => readFile(join(ownFolder, name), "utf8")));
}

/** What a base is made from; in the keys of all that is built upon it. */
export async function baseKey(suite: Suite): Promise<string> {
  return contentKey([suite, process.arch, sources(await findMirror(), suite), ...(await recipe())]);
}

/** @returns path of a tar archive of the root file system */
export async function ensureBase(suite: Suite): Promise<string> {
  const mirror = await findMirror();
  const folder = await madeOnce("base-", await baseKey(suite), (making) => makeBase(making, suite, mirror));
  return join(folder, "root.tar");
}

async function makeBase(folder: string, suite: Suite, mirror: Mirror): Promise<void> {
  await writeFile(join(folder, "sources.list"), sources(mirror, suite));
  await copyFile(join(ownFolder, "dpkg-slim.conf"), join(folder, "dpkg-slim.conf"));
  const command = [join(ownFolder, "make-base"), folder, suite, mirror.archive];
  await runQuietly(`Making a root of Debian (${suite})`, alone(folder, command));
}
