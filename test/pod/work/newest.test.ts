// Owns which of several saves of one repository is put back: the newest, as it was; and of the others what it has not got.
// Must not know where `setup` finds them.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Pod, type Said } from "./pod.ts";
import { readState } from "./repository-state.ts";
import { beginScene, type Scene } from "./scene.ts";

let scene: Scene;
let bundle: string;
beforeEach(async () => {
  scene = await beginScene();
  bundle = join(scene.pod.root, "saved.bundle");
});
afterEach(() => scene.pod.end());

const saveBundle = (): Promise<Said> => scene.pod.script("save-repository", ["bundle", scene.pod.path("work"), bundle]);
const pull = (): Promise<Said> => scene.pod.script("restore-repository", ["pull", scene.pod.path("work"), bundle]);

/** The pod is lost; the next one has a clone, in which nothing was put back. */
async function nextPod(): Promise<void> {
  await scene.pod.lose();
  await scene.clone();
  // Times are whole seconds.
  await sleep(1_100);
}

const branches = async (): Promise<string[]> =>
  (await scene.pod.git("work", ["for-each-ref", "--format=%(refname:short)", "refs/heads"]))
    .toString()
    .trimEnd()
    .split("\n");

test("the newer one lies in the bundle and knows nothing of the other: it is back, and the other beside it", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "first\n");
  await pod.push("work");
  await nextPod();
  await scene.write("b.txt", "second\n");
  await pod.git("work", ["add", "b.txt"]);
  await saveBundle();
  const before = await readState(pod, "work");
  await nextPod();
  const said = await pull();
  expect(said).toMatchObject({ state: "conflict", code: "RESTORE_CONFLICT" });
  expect(said.text).toContain("Work of before that is beside it");
  const after = await readState(pod, "work");
  expect({ ...after, refs: [] }).toEqual({ ...before, refs: [] });
  const beside = (await branches()).filter((name) => name !== "main");
  expect(beside).toEqual([expect.stringMatching(/^limpet\/saved-.*\/work$/)]);
  expect((await pod.git("work", ["show", `${beside[0]}:a.txt`])).toString()).toBe("first\n");
  // Both are dealt with: neither comes twice, and the next save replaces the one upstream.
  expect((await pull()).state).toBe("nothing");
  expect((await pod.script("restore-repository", ["bundle", bundle, pod.path("work")])).state).toBe("nothing");
  expect(await pod.push("work")).toMatchObject({ state: "saved", skipped: [] });
});

test("the newer one is upstream and knows nothing of the bundle: likewise", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "first\n");
  await saveBundle();
  await nextPod();
  await scene.write("b.txt", "second\n");
  await pod.push("work");
  const before = await readState(pod, "work");
  await nextPod();
  expect(await pull()).toMatchObject({ state: "conflict", code: "RESTORE_CONFLICT" });
  expect({ ...(await readState(pod, "work")), refs: [] }).toEqual({ ...before, refs: [] });
  const [beside] = (await branches()).filter((name) => name !== "main");
  expect((await pod.git("work", ["show", `${beside}:a.txt`])).toString()).toBe("first\n");
  expect((await pull()).state).toBe("nothing");
});

test("the same work in both, saved by pods that knew nothing of each other: nothing is beside it", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "mine\n");
  await pod.git("work", ["commit", "-q", "-a", "-m", "mine"]);
  await scene.write("b.txt", "mine\n");
  await saveBundle();
  await pod.git("work", ["push", "-q"]);
  await nextPod();
  await scene.write("b.txt", "mine\n");
  await pod.push("work");
  await nextPod();
  expect((await pull()).state).toBe("restored");
  expect(await branches()).toEqual(["main"]);
});

test("what a pod got back is part of what it saves: whatever the clocks say, and however often it was handed on", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "first\n");
  await pod.push("work");
  await nextPod();
  expect((await pod.pull("work")).state).toBe("restored");
  await scene.write("a.txt", "second\n");
  // The clock of this pod is an hour behind.
  await writeFile(
    join(pod.root, "date"),
    '#!/bin/sh\n[ "$*" = +%s ] || exec /bin/date "$@"\nexpr "$(/bin/date +%s)" - 3600\n',
    {
      mode: 0o755,
    },
  );
  const env = { PATH: `${pod.root}:${process.env["PATH"]}` };
  const said = await pod.script("save-repository", ["bundle", pod.path("work"), bundle], { env });
  expect(said.state).toBe("saved");
  const before = await readState(pod, "work");
  await nextPod();
  expect((await pull()).state).toBe("restored");
  expect(await readState(pod, "work")).toEqual(before);
  expect(await branches()).toEqual(["main"]);
});

test("an older save that keeps one of before inside itself hands that on, though nothing else of it is wanted", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "first\n");
  await pod.push("work");
  await nextPod();
  await scene.write("a.txt", "second\n");
  expect((await pod.push("work")).skipped.join()).toContain("has not been put back");
  // As where the answer to that push was lost, and the host with it.
  await pod.run(["rm", join(pod.state, "save", pod.hash("work"), "earlier")]);
  await scene.write("a.txt", "third\n");
  await sleep(1_100);
  await saveBundle();
  await nextPod();
  expect((await pull()).state).toBe("conflict");
  expect((await pod.git("work", ["diff"])).toString()).toContain("+third");
  const beside = (await branches()).filter((name) => name !== "main");
  expect(beside).toHaveLength(1);
  expect((await pod.git("work", ["show", `${beside[0]}:a.txt`])).toString()).toBe("first\n");
});

test("a bundle that cannot be put back is no obstacle to what is upstream", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "mine\n");
  await pod.push("work");
  const other = await Pod.start({ id: "s0123", key: "aa".repeat(32), url: scene.upstream });
  try {
    await other.run(["git", "clone", "-q", scene.upstream, other.path("work")]);
    await writeFile(other.path("work/a.txt"), "evil\n");
    await sleep(1_100);
    await other.script("save-repository", ["bundle", other.path("work"), bundle]);
  } finally {
    await other.end();
  }
  await nextPod();
  expect((await pull()).state).toBe("restored");
  expect((await pod.git("work", ["diff"])).toString()).toContain("+mine");
  expect(await pod.script("restore-repository", ["bundle", bundle, pod.path("work")])).toMatchObject({
    state: "failed",
    code: "FOREIGN_SAVE",
  });
  await nextPod();
  await writeFile(bundle, "no bundle");
  expect((await pull()).state).toBe("restored");
});

test("a save of this shell under another folder's name is taken where it is of the same remote, and of no other", async () => {
  const { pod } = scene;
  await pod.run(["git", "clone", "-q", scene.upstream, pod.path("old")]);
  await writeFile(pod.path("old/a.txt"), "renamed\n");
  await pod.push("old");
  // Of a repository that was connected to another address, and kept here by somebody.
  const elsewhere = join(pod.root, "elsewhere.git");
  await pod.run(["git", "clone", "-q", "--bare", scene.upstream, elsewhere]);
  await pod.run(["git", "clone", "-q", elsewhere, pod.path("foreign")]);
  await writeFile(pod.path("foreign/b.txt"), "of elsewhere\n");
  await pod.push("foreign");
  await nextPod();
  expect(await pod.pull("work")).toMatchObject({ state: "restored" });
  expect((await pod.git("work", ["status", "--porcelain"])).toString()).toBe(" M a.txt\n");
  expect(await pod.push("work")).toMatchObject({ state: "saved", skipped: [] });
  expect(await scene.refs("refs/limpet")).not.toContain(pod.ref("old"));
  expect(await scene.refs("refs/limpet")).toContain(pod.ref("foreign"));
});

test("a save from a folder that this pod still has stays that folder's", async () => {
  const { pod } = scene;
  await pod.run(["git", "clone", "-q", scene.upstream, pod.path("old")]);
  await writeFile(pod.path("old/a.txt"), "of the old folder\n");
  await pod.push("old");
  expect((await pod.pull("work")).state).toBe("nothing");
  expect((await pod.git("work", ["status", "--porcelain"])).toString()).toBe("");
});
