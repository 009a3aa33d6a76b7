// Owns that what takes minutes to make is made once: by one process at a time, whole or not at all.
// Must not know what is made.

import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { dirname, join } from "node:path";
import { cacheFolder, contentKey, removeUnused, touch } from "./cache-folder.ts";

const lookAgainMs = 500;

/**
 * The folder of that name in the cache, made where it is not there yet.
 * @param prefix what it is, as `binaries-`
 * @param key of what it is made from (`contentKey`)
 * @param make fills an empty folder; what it throws is thrown on, and nothing of the folder stays
 * @returns its path
 */
export async function madeOnce(
  prefix: string,
  key: string,
  make: (folder: string) => Promise<void>,
  cache: string = cacheFolder(),
): Promise<string> {
  const folder = join(cache, prefix + key);
  if (!existsSync(folder)) {
    const release = await lock(folder);
    try {
      if (!existsSync(folder)) await makeWhole(folder, make);
    } finally {
      release();
    }
    await removeUnused(cache, prefix);
  }
  await touch(folder);
  return folder;
}

async function makeWhole(folder: string, make: (folder: string) => Promise<void>): Promise<void> {
  // Whoever died here left it; the lock is ours.
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await mkdir(making, { mode: 0o755 });
  try {
    await make(making);
    await rename(making, folder);
  } catch (error) {
    await rm(making, { recursive: true, force: true });
    throw error;
  }
}

/**
 * Held by listening at a name without a file (an abstract socket, unix(7)): however its holder ends, the kernel lets go.
 * Such names are a network namespace's own, so nothing is made from within one of ours.
 * @returns lets go
 */
async function lock(folder: string): Promise<() => void> {
  for (let told = false; ; told = true) {
    const server = await listen(`\0limpet-${contentKey([String(process.getuid?.()), folder])}`);
    if (server !== null) return () => server.close();
    if (!told) console.log(`· Waiting for another process that makes ${folder} …`);
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
}

/** @returns `null` where somebody else listens there */
async function listen(name: string): Promise<Server | null> {
  const server = createServer((socket) => socket.destroy());
  return await new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? resolve(null) : reject(error),
    );
    server.listen(name, () => resolve(server.unref()));
  });
}
