// Owns the images as containerd keeps them: unpacked once for each set of them, then shared by the nodes as hard links.
// Must not know what the images are, nor how a node runs.

import { execFile } from "node:child_process";
import { copyFile, glob, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { runQuietly } from "../setup/processes.mjs";
import { contentKey } from "./cache/cache-folder.ts";
import { madeOnce } from "./cache/made-once.ts";
import type { Image } from "./cluster.ts";

const run = promisify(execFile);

/** @returns path of a folder that {@link copyImageStore} copies */
export async function ensureImageStore(images: readonly Image[]): Promise<string> {
  const key = contentKey(images.map(({ reference }) => reference));
  const folder = await madeOnce("image-store-", key, async (making) => {
    const [config, socket, state] = [join(making, "config.toml"), join(making, "run.sock"), join(making, "run")];
    await writeFile(config, configuration({ root: join(making, "containerd"), state, socket }));
    const namespaces = ["--mount", "--propagation=unchanged", "--pid", "--fork", "--kill-child=KILL", "--mount-proc"];
    const script = join(import.meta.dirname, "namespaces", "store.sh");
    const archives = images.map(({ archive }) => archive);
    await runQuietly("Unpacking the images", ["unshare", ...namespaces, "sh", script, config, socket, ...archives]);
    for (const path of [config, socket, `${socket}.ttrpc`, state]) await rm(path, { recursive: true, force: true });
  });
  return join(folder, "containerd");
}

function configuration({ root, state, socket }: { root: string; state: string; socket: string }): string {
  return `version = 2
root = "${root}"
state = "${state}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt", "io.containerd.internal.v1.restart"]
[debug]
level = "warn"
[grpc]
address = "${socket}"
`;
}

/**
 * Blobs and unpacked layers are only read, or removed as a whole: links to the same files do. What containerd writes to, its
 * two databases, is the node's own.
 * @param target a folder that is not there, on the store's disk (elsewhere all of it is copied)
 */
export async function copyImageStore(store: string, target: string): Promise<void> {
  await mkdir(join(target, ".."), { recursive: true });
  try {
    await run("cp", ["--archive", "--link", store, target]);
  } catch {
    await rm(target, { recursive: true, force: true });
    await run("cp", ["--archive", store, target]);
    return;
  }
  for await (const name of glob("*/*.db", { cwd: store })) {
    await rm(join(target, name));
    await copyFile(join(store, name), join(target, name));
  }
}
