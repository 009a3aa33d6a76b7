// Owns the image that the others are built upon: Debian's smallest system, made by debootstrap from the machine's own mirror.
// Must not know what is built upon it.

import { copyFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runQuietly } from "../../setup/processes.mjs";
import { contentKey } from "../cache/cache-folder.ts";
import { madeOnce } from "../cache/made-once.ts";
import { findMirror, type Mirror, sourcesList } from "./debian-mirror.ts";

/** Debian 12, on which the scripts are tested; and what will be Debian 14, which has newer programs to try things with. */
export type Suite = "bookworm" | "forky";

/** What a base is made from; in the keys of all that is built upon it. */
export async function baseKey(suite: Suite): Promise<string> {
  return contentKey([suite, process.arch, JSON.stringify(await findMirror()), JSON.stringify(debootstrap("", "", ""))]);
}

/** @returns path of a tar archive of the root file system */
export async function ensureBase(suite: Suite): Promise<string> {
  const mirror = await findMirror();
  const folder = await madeOnce("base-", await baseKey(suite), (making) => makeBase(making, suite, mirror));
  return join(folder, "root.tar");
}

async function makeBase(folder: string, suite: Suite, mirror: Mirror): Promise<void> {
  const root = join(folder, "root");
  await runQuietly(`Making a root of Debian (${suite})`, debootstrap(suite, root, mirror.archive));
  await writeFile(join(root, "etc/apt/sources.list"), sourcesList(mirror, suite, suite === "bookworm"));
  // As Debian's own slim images: what nobody reads in a container is not installed later either.
  await copyFile(join(import.meta.dirname, "dpkg-slim.conf"), join(root, "etc/dpkg/dpkg.cfg.d/slim"));
  const doc = [
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "var/cache/apt",
    "var/lib/apt/lists",
  ];
  await Promise.all(doc.map((path) => rm(join(root, path), { recursive: true, force: true })));
  const tar = ["tar", "--numeric-owner", "--exclude=./dev/*", "-C", root, "-cf", join(folder, "root.tar"), "."];
  // debootstrap mounts proc in it, in a namespace that is gone by now.
  await runQuietly("Packing it", tar);
  await rm(root, { recursive: true });
}

/** In a mount namespace of its own: what it mounts never reaches this machine's table. */
function debootstrap(suite: string, root: string, archive: string): readonly string[] {
  // Signed by keys of Debian's that this machine has; without one debootstrap would refuse.
  const keyring = "--keyring=/usr/share/keyrings/debian-archive-keyring.gpg";
  const options = ["--variant=minbase", keyring];
  // A suite that debootstrap is too old to know is made as any other of Debian's.
  return ["unshare", "--mount", "debootstrap", ...options, suite, root, archive, "/usr/share/debootstrap/scripts/sid"];
}
