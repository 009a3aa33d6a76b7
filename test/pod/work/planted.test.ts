// Owns who may say what is restored: nobody but this shell, for this repository; a planted ref is refused, and said.
// Must not know how a save is restored.

import { afterEach, beforeEach, expect, test } from "vitest";
import { Pod } from "./pod.ts";
import { readState } from "./repository-state.ts";
import { beginScene, type Scene } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await beginScene();
  await scene.write("a.txt", "mine\n");
});
afterEach(() => scene.pod.end());

/** The pod is lost; a new one finds what `plant` put in the place of its save. */
async function refusesWhat(plant: (saved: string) => Promise<string>): Promise<void> {
  const { pod } = scene;
  expect((await pod.push("work")).state).toBe("saved");
  const saved = await scene.up(["rev-parse", pod.ref("work")]);
  const planted = await plant(saved);
  await scene.up(["update-ref", pod.ref("work"), planted]);
  await pod.lose();
  await scene.clone();
  const before = await readState(pod, "work");
  expect(await pod.pull("work")).toMatchObject({ state: "failed", code: "FOREIGN_SAVE" });
  expect(await readState(pod, "work")).toEqual(before);
  // Work that is saved now takes its place, by lease, and that is said too.
  await scene.write("a.txt", "anew\n");
  const next = await pod.push("work");
  expect(next.state).toBe("partial");
  expect(next.skipped.join()).toContain("did not write");
  expect(await scene.up(["show", `${pod.ref("work")}:worktree/a.txt`])).toBe("anew");
}

const committed = "author A <a@b> 1700000000 +0000\ncommitter A <a@b> 1700000000 +0000\n";

test("a commit without a MAC", () => refusesWhat(() => scene.up(["rev-parse", "main"])));

test("the save's own tree under another commit", () =>
  refusesWhat(async (saved) => {
    const tree = await scene.up(["rev-parse", `${saved}^{tree}`]);
    return scene.up(
      ["hash-object", "-w", "-t", "commit", "--stdin"],
      `tree ${tree}\n${committed}\nx\n\nmac: ${"0".repeat(64)}\n`,
    );
  }));

test("another tree under the save's own words", () =>
  refusesWhat(async (saved) => {
    const tree = await scene.up(["rev-parse", "main^{tree}"]);
    const commit = await scene.up(["cat-file", "commit", saved]);
    return scene.up(
      ["hash-object", "-w", "-t", "commit", "--stdin"],
      `${commit.replace(/^tree .*/, `tree ${tree}`)}\n`,
    );
  }));

test("a parent more", () =>
  refusesWhat(async (saved) => {
    const commit = await scene.up(["cat-file", "commit", saved]);
    return scene.up(
      ["hash-object", "-w", "-t", "commit", "--stdin"],
      `${commit.replace(/\nauthor/, `\nparent ${saved}\nauthor`)}\n`,
    );
  }));

test("words after the MAC", () =>
  refusesWhat(async (saved) => {
    const commit = await scene.up(["cat-file", "commit", saved]);
    return scene.up(["hash-object", "-w", "-t", "commit", "--stdin"], `${commit}\n\nmore\n`);
  }));

test("a file instead of a commit", () => refusesWhat((saved) => scene.up(["rev-parse", `${saved}:manifest`])));

test.each([
  ["another shell with the same key", { id: "s9999" }],
  ["this shell with another key", { key: "aa".repeat(32) }],
])("a save of %s", (_, other) =>
  refusesWhat(async () => {
    const theirs = await Pod.start({ id: "s0123", key: "0f".repeat(32), url: scene.upstream, ...other });
    try {
      await theirs.run(["git", "clone", "-q", scene.upstream, theirs.path("work")]);
      await theirs.run(["sh", "-c", "echo evil >a.txt"], { cwd: theirs.path("work") });
      // The ref is there by now: this shell's own save is moved away for the other's.
      await scene.up(["update-ref", "-d", theirs.ref("work")]);
      expect((await theirs.push("work")).state).toBe("saved");
      return await scene.up(["rev-parse", theirs.ref("work")]);
    } finally {
      await theirs.end();
    }
  }),
);

test("a save of another repository of this shell", () =>
  refusesWhat(async () => {
    const { pod } = scene;
    await pod.run(["git", "clone", "-q", scene.upstream, pod.path("other")]);
    await pod.git("other", ["remote", "set-url", "origin", `${scene.upstream}.other`]);
    await pod.run(["sh", "-c", "echo other >a.txt"], { cwd: pod.path("other") });
    expect((await pod.push("other")).state).toBe("saved");
    return scene.up(["rev-parse", pod.ref("other")]);
  }));

test("a bundle that was changed, or is another shell's, brings nothing", async () => {
  const { pod } = scene;
  const bundle = `${pod.root}/saved`;
  expect((await pod.script("save-repository", ["bundle", pod.path("work"), bundle])).state).toBe("saved");
  await pod.lose();
  const other = await Pod.start({ id: "s0123", key: "aa".repeat(32), url: null });
  try {
    expect(await other.script("restore-repository", ["bundle", bundle, other.path("work")])).toMatchObject({
      state: "failed",
      code: "FOREIGN_SAVE",
    });
  } finally {
    await other.end();
  }
  expect(await pod.script("restore-repository", ["bundle", bundle, pod.path("elsewhere")])).toMatchObject({
    state: "failed",
    code: "FOREIGN_SAVE",
  });
  await pod.run(["truncate", "-s", "-30", bundle]);
  expect(await pod.script("restore-repository", ["bundle", bundle, pod.path("work")])).toMatchObject({
    state: "failed",
    code: "BUNDLE",
  });
});
