// Owns what "as it was" means: all of a repository that a save must bring back, and every byte of .git that it must not touch.
// Must not know how either came to be.

import { createHash } from "node:crypto";
import { lstat, readdir, readFile, readlink } from "node:fs/promises";
import { join, relative } from "node:path";
import type { Pod } from "./pod.ts";

export interface RepositoryState {
  /** porcelain v2 with branch headers, every untracked file by itself; records in order. */
  readonly status: readonly string[];
  /** Mode, object, stage, name; and the flags (intent-to-add among them) of each entry. */
  readonly index: readonly string[];
  readonly flags: readonly string[];
  /** Name → kind, mode and content of every file that is tracked or new, and the modes of their folders. */
  readonly files: Readonly<Record<string, string>>;
  readonly refs: readonly string[];
  readonly head: string;
  readonly stashes: readonly string[];
}

/** Reads without refreshing the index: looking at a repository must not change it. */
const quietly = { env: { GIT_OPTIONAL_LOCKS: "0" } };

export async function readState(pod: Pod, name: string): Promise<RepositoryState> {
  const git = (...args: readonly string[]): Promise<Buffer> => pod.git(name, args, quietly);
  const [status, index, debug, listed, refs, head, stashes] = await Promise.all([
    git("status", "--porcelain=v2", "-z", "--branch", "--untracked-files=all", "--no-renames"),
    git("ls-files", "-s", "-z"),
    git("ls-files", "--debug"),
    git("ls-files", "-c", "-o", "--exclude-standard", "-z"),
    git("for-each-ref", "--format=%(objectname) %(refname) %(symref)", "refs/heads", "refs/remotes", "refs/tags"),
    readFile(pod.path(join(name, ".git/HEAD")), "utf8"),
    git("stash", "list", "--date=raw", "--format=%H %gd %gn <%ge> %gs"),
  ]);
  return {
    status: records(status),
    index: records(index),
    flags: debug
      .toString()
      .split("\n")
      .filter((line) => line.startsWith("  size:"))
      .map((line) => line.replace(/.*flags: /, "")),
    files: await readFiles(pod.path(name), [...new Set(records(listed))]),
    refs: refs.toString().trimEnd().split("\n"),
    head,
    stashes: stashes.toString().trimEnd().split("\n"),
  };
}

function records(bytes: Buffer): string[] {
  return bytes.toString().split("\0").slice(0, -1);
}

async function readFiles(root: string, names: readonly string[]): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  for (const name of names.toSorted()) {
    const said = await readOne(join(root, name));
    // An empty folder in the place of a file is nothing to git, and to a save.
    if (said === null || said.startsWith("folder")) continue;
    files[name] = said;
    const parts = name.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const folder = parts.slice(0, depth).join("/");
      files[`${folder}/`] ??= (await readOne(join(root, folder))) ?? "none";
    }
  }
  return files;
}

async function readOne(path: string): Promise<string | null> {
  // Not there, or below what is no folder any more.
  const stat = await lstat(path).catch(() => null);
  if (stat === null) return null;
  if (stat.isSymbolicLink()) return `link ${await readlink(path)}`;
  const mode = (stat.mode & 0o7777).toString(8);
  if (stat.isDirectory()) return `folder ${mode}`;
  if (!stat.isFile()) return `other ${mode}`;
  return `file ${mode} ${createHash("sha256")
    .update(await readFile(path))
    .digest("hex")}`;
}

/**
 * Every file below `folder` with its mode, time and bytes, as one string a file. Not the time of an object: git sets it anew
 * whenever the same object is written again, through alternates too, so that what is in use is not pruned.
 */
export async function readEveryByte(folder: string): Promise<readonly string[]> {
  // With types, so that links are links: a folder that links to itself is not walked forty times over.
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const names = entries.map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return Promise.all(
    names.toSorted().map(async (name) => {
      const stat = await lstat(join(folder, name));
      return `${name} ${stat.mode} ${/(^|\/)\.git\/(.*\/)?objects\//.test(name) ? "" : stat.mtimeMs} ${await readOne(join(folder, name))}`;
    }),
  );
}
