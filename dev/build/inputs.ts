// Owns the question whether a build is still that of these sources: one hash over everything that goes into it.
// Must not know how anything is built.

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Folders and files that decide what a build is. */
const inputs = [
  "web",
  "worker",
  "durable",
  "dev/build",
  "dev/gate",
  "wrangler.toml",
  "tsconfig.json",
  "package.json",
  "package-lock.json",
];

const outputs: ReadonlySet<string> = new Set(["node_modules", "dist", ".wrangler", ".dev.vars"]);

/** @returns hex; the same for the same names and contents, whatever their dates */
export async function hashInputs(root: string): Promise<string> {
  const hash = createHash("sha256");
  for (const input of inputs) {
    for (const file of await filesUnder(root, input)) {
      const content = await readFile(join(root, file));
      hash.update(`${file}\0${content.byteLength}\0`).update(content);
    }
  }
  return hash.digest("hex");
}

/** Files below `path`, sorted, relative to `root`. */
async function filesUnder(root: string, path: string): Promise<string[]> {
  try {
    const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .filter((file) => !file.split("/").some((part) => outputs.has(part)))
      .toSorted();
  } catch {
    return [path];
  }
}
