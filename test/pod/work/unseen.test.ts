// Owns what a save must see although git, the shadow or the repository itself does not show it: work after a save that broke
// off, files under skip-worktree, tags that nobody pushed, and all else of a repository of which a part is not there.
// Must not know how a save travels.

import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readState } from "./repository-state.ts";
import { beginScene, type Scene } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await beginScene();
});
afterEach(() => scene.pod.end());

const saved = (name: string): Promise<string> => scene.up(["show", `${scene.pod.ref("work")}:worktree/${name}`]);

test("the shadow's index is gone, as on a disk that was full: the next save still sees what changed", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "first\n");
  expect((await pod.push("work")).state).toBe("saved");
  await rm(join(pod.state, "save", pod.hash("work"), "index"));
  await scene.write("a.txt", "second\n");
  expect((await pod.push("work")).state).toBe("saved");
  expect(await saved("a.txt")).toBe("second");
  expect((await pod.push("work")).state).toBe("unchanged");
});

test("a save that did not come through is made again, although its files were seen", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "first\n");
  expect((await pod.push("work")).state).toBe("saved");
  await scene.write("a.txt", "second\n");
  await pod.run(["mv", scene.upstream, `${scene.upstream}.away`]);
  expect((await pod.push("work")).state).toBe("failed");
  await pod.run(["mv", `${scene.upstream}.away`, scene.upstream]);
  expect((await pod.push("work")).state).toBe("saved");
  expect(await saved("a.txt")).toBe("second");
});

test("files under skip-worktree: as they lie there, and with the flag again; one that is not there is as it is staged", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "local settings\n");
  await pod.git("work", ["update-index", "--skip-worktree", "a.txt", "dir/c.txt"]);
  await pod.git("work", ["update-index", "--assume-unchanged", "b.txt"]);
  await scene.write("b.txt", "also local\n");
  await rm(pod.path("work/dir/c.txt"));
  expect(await pod.push("work")).toMatchObject({ state: "saved", skipped: [] });
  expect(await saved("a.txt")).toBe("local settings");
  expect(await saved("dir/c.txt")).toBe("three");
  await scene.write("a.txt", "local settings, changed\n");
  expect((await pod.push("work")).state).toBe("saved");
  await pod.lose();
  await scene.clone();
  expect((await pod.pull("work")).state).toBe("restored");
  expect(await readFile(pod.path("work/a.txt"), "utf8")).toBe("local settings, changed\n");
  expect((await pod.git("work", ["ls-files", "-v"])).toString()).toBe("S a.txt\nh b.txt\nH dir/c.txt\n");
});

test("tags that nobody pushed come back, and what only they name; those that upstream has are no reason to save", async () => {
  const { pod } = scene;
  // A release of which no branch has the commit.
  const tree = await scene.up(["rev-parse", "main^{tree}"]);
  const release = await scene.up([
    "-c",
    "user.name=x",
    "-c",
    "user.email=x@example.com",
    "commit-tree",
    "-m",
    "r",
    tree,
  ]);
  await scene.up(["tag", "v1.0", release]);
  await pod.git("work", ["fetch", "-q", "--tags"]);
  expect(await pod.push("work")).toMatchObject({ state: "clean", skipped: [] });
  await pod.git("work", ["commit", "-q", "--allow-empty", "-m", "mine"]);
  await pod.git("work", ["tag", "-a", "-m", "kept words", "kept"]);
  await pod.git("work", ["tag", "-a", "-m", "a tag of a tag", "twice", "kept"]);
  await pod.git("work", ["reset", "-q", "--hard", "HEAD^"]);
  await pod.git("work", ["tag", "of-a-file", "HEAD:a.txt"]);
  // A name of one's own for what upstream has.
  await pod.git("work", ["tag", "here", "HEAD"]);
  const said = await pod.push("work");
  expect(said).toMatchObject({ state: "partial", skipped: [expect.stringMatching(/^of-a-file: /)] });
  await pod.git("work", ["tag", "-d", "of-a-file"]);
  expect((await pod.push("work")).skipped).toEqual([]);
  const before = await readState(pod, "work");
  const bundle = join(pod.root, "saved");
  const bundled = await pod.script("save-repository", ["bundle", pod.path("work"), bundle]);
  expect(bundled).toMatchObject({ state: "saved", skipped: [] });
  await pod.lose();
  await scene.clone();
  expect((await pod.pull("work")).state).toBe("restored");
  expect(await readState(pod, "work")).toEqual(before);
  expect((await pod.git("work", ["cat-file", "tag", "kept"])).toString()).toContain("kept words");
  await pod.git("work", ["fsck", "--strict", "--connectivity-only"]);
  await pod.lose();
  expect((await pod.script("restore-repository", ["bundle", bundle, pod.path("work")])).state).toBe("restored");
  expect((await readState(pod, "work")).refs).toEqual(before.refs);
  // Beside work that is in the folder already they come back too.
  await pod.lose();
  await scene.clone();
  await scene.write("b.txt", "since\n");
  await pod.pull("work");
  expect((await pod.git("work", ["tag", "--list"])).toString()).toBe("here\nkept\ntwice\nv1.0\n");
  // Pushed, they are upstream's.
  await pod.git("work", ["checkout", "-q", "b.txt"]);
  await pod.git("work", ["push", "-q", "--tags"]);
  expect((await pod.push("work")).state).toBe("clean");
  expect(await scene.refs("refs/limpet")).toBe("");
});

test("a partial clone with a sparse checkout is saved, without fetching what it has not got", async () => {
  const { pod } = scene;
  await scene.up(["config", "uploadpack.allowFilter", "true"]);
  await rm(pod.path("work"), { recursive: true });
  const url = `file://${scene.upstream}`;
  await pod.run(["git", "clone", "-q", "--filter=blob:none", "--sparse", url, pod.path("work")]);
  const missing = async (): Promise<string> =>
    (await pod.git("work", ["rev-list", "--objects", "--all", "--missing=print"])).toString().match(/^\?.*$/m)?.[0] ??
    "";
  const lacking = await missing();
  expect(lacking).toMatch(/^\?/);
  await scene.write("a.txt", "mine\n");
  const said = await pod.push("work");
  expect(said).toMatchObject({ state: "partial", skipped: [expect.stringMatching(/^a sparse checkout/)] });
  const bundled = await pod.script("save-repository", ["bundle", pod.path("work"), join(pod.root, "saved")]);
  expect(bundled.state).toBe("partial");
  expect(await missing()).toBe(lacking);
  expect(await saved("dir/c.txt")).toBe("three");
  await pod.lose();
  await scene.clone();
  expect((await pod.pull("work")).state).toBe("restored");
  expect((await pod.git("work", ["status", "--porcelain"])).toString()).toBe(" M a.txt\n");
});

test("branches that name what is not there are named, and all else is saved", async () => {
  const { pod } = scene;
  await pod.git("work", ["checkout", "-q", "-b", "lost"]);
  await pod.git("work", ["commit", "-q", "--allow-empty", "-m", "lost"]);
  const lost = (await pod.git("work", ["rev-parse", "HEAD"])).toString().trim();
  await pod.git("work", ["checkout", "-q", "main"]);
  await rm(pod.path(`work/.git/objects/${lost.slice(0, 2)}/${lost.slice(2)}`));
  await writeFile(pod.path("work/.git/refs/heads/garbled"), "x\n");
  await scene.write("a.txt", "mine\n");
  const said = await pod.push("work");
  expect(said.state).toBe("partial");
  expect(said.skipped.toSorted()).toEqual([
    expect.stringMatching(/^refs\/heads\/garbled: names a commit that is not there/),
    expect.stringMatching(/^refs\/heads\/lost: names a commit that is not there/),
  ]);
  expect(await saved("a.txt")).toBe("mine");
  expect((await pod.push("work")).skipped).toHaveLength(2);
  expect(await readdir(pod.path("work/.git/refs/heads"))).toContain("garbled");
});
