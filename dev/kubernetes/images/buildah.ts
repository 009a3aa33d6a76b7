// Owns how images are built without a daemon and without a registry: buildah, with a store of its own that goes with its folder.
// Must not know which images.

import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { runQuietly } from "../../setup/processes.mjs";
import { alone } from "./alone.ts";

const run = promisify(execFile);

/** What a program finds that runs inside an image without a pod around it. */
const environment = "HOME=/home/limpet LANG=C.UTF-8 PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export interface Buildah {
  /** Runs quietly; the title is what the step is called. @returns the end of what it wrote */
  readonly step: (title: string, args: readonly string[]) => Promise<string>;
  /** @returns what it wrote to stdout */
  readonly ask: (args: readonly string[]) => Promise<string>;
  /**
   * Runs a command in a container's root, with this machine's devices.
   * (`buildah run` at times ends before it has passed on what a short program wrote.)
   * @param user uid and gid, as `1000:1000` @returns what it wrote to stdout @throws Error with what it said
   */
  readonly inside: (container: string, user: string, command: readonly string[]) => Promise<string>;
  /** Takes the store away. */
  readonly remove: () => Promise<void>;
}

/**
 * @param folder where its store is; whoever removes the folder removes all of it
 */
export function buildahIn(folder: string): Buildah {
  const options = ["--root", join(folder, "store"), "--runroot", join(folder, "run")] as const;
  const command = (args: readonly string[]): readonly string[] => alone(folder, ["buildah", ...options, ...args]);
  const env = { ...process.env, BUILDAH_ISOLATION: "chroot" };
  const output = async (argv: readonly string[]): Promise<string> => {
    const [program, ...rest] = argv;
    const { stdout } = await run(String(program), rest, { env, maxBuffer: 16 * 1024 * 1024 });
    return stdout;
  };
  return {
    step: (title, args) => runQuietly(title, command(args), { env }),
    ask: (args) => output(command(args)),
    inside: (container, user, argv) => {
      const script = `root=$(buildah --root "$1" --runroot "$2" mount "$3") && mount --rbind /dev "$root/dev" && user=$4 &&
        shift 4 && exec env -i ${environment} chroot --userspec="$user" "$root" "$@"`;
      const [, store, , state] = options;
      return output(alone(folder, ["sh", "-c", script, "sh", store, state, container, user, ...argv]));
    },
    remove: async () => {
      for (const name of ["store", "run", "alone"]) await rm(join(folder, name), { recursive: true, force: true });
    },
  };
}
