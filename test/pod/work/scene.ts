// Owns the beginning of most stories: an upstream with a commit on `main`, and a pod with the person's clone of it.
// Must not know what happens next.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeRepository } from "../../git-servers/repositories.ts";
import { Pod, type ShellSettings } from "./pod.ts";

export const saveKey = "0f".repeat(32);

export interface Scene {
  readonly pod: Pod;
  /** The upstream's folder. */
  readonly upstream: string;
  clone(): Promise<void>;
  write(name: string, content: string | Uint8Array): Promise<void>;
  /** What the upstream has under `pattern`: `OBJECT NAME` a line. */
  refs(pattern: string): Promise<string>;
  /** git in the upstream. */
  up(args: readonly string[], input?: string | Uint8Array): Promise<string>;
}

export async function beginScene(
  settings: Partial<ShellSettings> = {},
  urlOf?: (root: string) => string,
): Promise<Scene> {
  const shell: { -readonly [K in keyof ShellSettings]: ShellSettings[K] } = {
    id: "s0123",
    key: saveKey,
    url: "",
    ...settings,
  };
  const pod = await Pod.start(shell);
  const upstream = makeRepository(pod.root, "upstream", {
    files: { "a.txt": "one\n", "b.txt": "two\n", "dir/c.txt": "three\n" },
  });
  shell.url = settings.url ?? urlOf?.(pod.root) ?? upstream;
  await pod.writeHome();
  const scene: Scene = {
    pod,
    upstream,
    clone: async () => {
      const cloned = await pod.run(["git", "clone", "-q", upstream, pod.path("work")]);
      if (cloned.code !== 0) throw new Error(cloned.stderr);
    },
    write: (name, content) => writeFile(join(pod.path("work"), name), content),
    refs: (pattern) => scene.up(["for-each-ref", "--format=%(objectname) %(refname)", pattern]),
    up: async (args, input) => {
      const ran = await pod.run(["git", `--git-dir=${upstream}`, ...args], input === undefined ? {} : { input });
      if (ran.code !== 0) throw new Error(ran.stderr);
      return ran.stdout.toString().trimEnd();
    },
  };
  await scene.clone();
  return scene;
}
