// Owns files that a filter keeps outside of git, as git-lfs does: pointers stay pointers, what changed is saved as it lies there.
// Must not know git-lfs itself: a filter of its name, in nine lines, stands where the person has theirs.

import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readState } from "./repository-state.ts";
import { beginScene, type Scene } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await beginScene({ fileLimitBytes: 10_000 });
});
afterEach(() => scene.pod.end());

/** Contents by their hash in `store`; a pointer in git. */
const filter = (store: string): string => `#!/bin/sh
file=$(mktemp)
cat >"$file"
if [ "$1" = clean ]; then
  if head -c 7 "$file" | grep -q '^version'; then cat "$file"; exit; fi
  hash=$(sha256sum <"$file" | cut -c 1-64)
  cp "$file" "${store}/$hash"
  printf 'version x\\noid sha256:%s\\nsize %s\\n' "$hash" "$(stat -c %s "$file")"
else
  cat "${store}/$(sed -n 's/^oid sha256://p' "$file")"
fi
`;

async function useFilter(): Promise<void> {
  const { pod } = scene;
  const store = join(pod.root, "store");
  await mkdir(store, { recursive: true });
  await writeFile(join(pod.root, "lfs"), filter(store));
  await chmod(join(pod.root, "lfs"), 0o755);
  for (const way of ["clean", "smudge"]) {
    await pod.run(["git", "config", "--global", `filter.lfs.${way}`, `${join(pod.root, "lfs")} ${way}`]);
  }
}

test("an unchanged one is not carried, an unpushed one is named, a changed one is saved; all are back", async () => {
  const { pod } = scene;
  await useFilter();
  await scene.write(".gitattributes", "*.bin filter=lfs\n");
  for (const name of ["pushed.bin", "changed.bin"]) await scene.write(name, name.repeat(2_000));
  await pod.git("work", ["add", "-A"]);
  await pod.git("work", ["commit", "-q", "-m", "large files"]);
  await pod.git("work", ["push", "-q"]);
  await scene.write("unpushed.bin", "unpushed".repeat(2_000));
  await pod.git("work", ["add", "-A"]);
  await scene.write("changed.bin", "changed since");
  // git cannot tell a file of this very second from a changed one: it is looked at once more.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  await pod.run(["touch", "-d", "2020-01-01", pod.path("work/pushed.bin"), pod.path("work/unpushed.bin")]);
  await pod.git("work", ["status"]);

  const said = await pod.push("work");
  expect(said.skipped).toEqual([expect.stringMatching(/^unpushed\.bin: in git-lfs/)]);
  const show = (name: string): Promise<string> => scene.up(["show", `${pod.ref("work")}:worktree/${name}`]);
  expect(await show("pushed.bin")).toMatch(/^version x\n/);
  expect(await show("unpushed.bin")).toMatch(/^version x\n/);
  expect(await show("changed.bin")).toBe("changed since");

  const before = await readState(pod, "work");
  await pod.lose();
  await useFilter();
  await scene.clone();
  expect((await pod.pull("work")).state).toBe("restored");
  expect(await readState(pod, "work")).toEqual(before);
  expect(await readFile(pod.path("work/pushed.bin"), "utf8")).toBe("pushed.bin".repeat(2_000));
});
