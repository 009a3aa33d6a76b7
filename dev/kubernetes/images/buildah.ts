// Owns how images are built without a daemon and without a registry: buildah, with a store of its own that goes with its folder.
// Must not know which images.

import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { runQuietly } from "../../setup/processes.mjs";

const run = promisify(execFile);

export interface Buildah {
  /** Runs quietly; the title is what the step is called. @returns the end of what it wrote */
  readonly step: (title: string, args: readonly string[]) => Promise<string>;
  /** @returns what it wrote to stdout */
  readonly ask: (args: readonly string[]) => Promise<string>;
  /** Takes the store away. */
  readonly remove: () => Promise<void>;
}

/**
 * @param folder where its store is; whoever removes the folder removes all of it
 */
export function buildahIn(folder: string): Buildah {
  const options = ["--root", join(folder, "store"), "--runroot", join(folder, "run")];
  // In a mount namespace of its own: whatever it mounts is gone with it, however it ends.
  const command = (args: readonly string[]): string[] => ["unshare", "--mount", "buildah", ...options, ...args];
  const env = { ...process.env, BUILDAH_ISOLATION: "chroot" };
  return {
    step: (title, args) => runQuietly(title, command(args), { env }),
    ask: async (args) => {
      const [program, ...rest] = command(args);
      const { stdout } = await run(String(program), rest, { env, maxBuffer: 16 * 1024 * 1024 });
      return stdout;
    },
    remove: async () => {
      for (const name of ["store", "run"]) await rm(join(folder, name), { recursive: true, force: true });
    },
  };
}
