// Owns where what is made once is kept: outside any checkout, in a folder that is named after what it was made from.
// Must not know what that is.

import { createHash } from "node:crypto";
import { readdir, rm, stat, utimes } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";

/** What nobody used for so long is removed when something new is made: versions change, and each is hundreds of MB. */
export const unusedMs = 14 * 24 * 60 * 60_000;

/** `XDG_CACHE_HOME` counts where it is absolute (XDG Base Directory Specification 0.8). */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const chosen = env["XDG_CACHE_HOME"] ?? "";
  return join(chosen.startsWith("/") ? chosen : join(homedir(), ".cache"), "limpet", "kubernetes");
}

/**
 * @param parts everything that what is made depends on; their boundaries count
 * @returns 24 hexadecimal digits
 */
export function contentKey(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    const bytes = Buffer.from(part);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return hash.digest("hex").slice(0, 24);
}

/** Says that it is in use. */
export async function touch(folder: string, nowMs: number = Date.now()): Promise<void> {
  await utimes(folder, nowMs / 1000, nowMs / 1000);
}

/** So many of a kind stay at most; what was used this hour stays besides, since somebody may be reading it. */
export const mostOfKind = 4;
const justUsedMs = 60 * 60_000;

/**
 * Removes what nobody used for {@link unusedMs}, and all but the {@link mostOfKind} that were used last.
 * @param prefix which entries of `folder` count: those that are named by {@link contentKey} after it
 */
export async function removeUnused(folder: string, prefix: string, nowMs: number = Date.now()): Promise<void> {
  const ours = new RegExp(`^${prefix}[0-9a-f]{24}(\\.making)?$`);
  const found: { readonly path: string; readonly idleMs: number }[] = [];
  for (const name of await readdir(folder)) {
    if (!ours.test(name)) continue;
    const path = join(folder, name);
    // Another process may be doing the same.
    const lastUse = await stat(path).catch(() => null);
    if (lastUse !== null) found.push({ path, idleMs: nowMs - lastUse.mtimeMs });
  }
  found.sort((a, b) => a.idleMs - b.idleMs);
  for (const [place, { path, idleMs }] of found.entries()) {
    const spare = place >= mostOfKind && idleMs > justUsedMs;
    if (spare || idleMs > unusedMs) await rm(path, { recursive: true, force: true });
  }
}
