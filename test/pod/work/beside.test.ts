// Owns what a restore must never do: overwrite work, what others pushed, or what an interrupted restore left for the next.
// Must not know how a save is made.

import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readState } from "./repository-state.ts";
import { beginScene, type Scene } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await beginScene();
});
afterEach(() => scene.pod.end());

const branches = async (): Promise<string[]> =>
  (await scene.pod.git("work", ["for-each-ref", "--format=%(refname:short)", "refs/heads"]))
    .toString()
    .trimEnd()
    .split("\n");

/** Somebody else pushes a commit to `main`. */
async function others(): Promise<string> {
  const { pod } = scene;
  await pod.run(["git", "clone", "-q", scene.upstream, pod.path("theirs")]);
  await writeFile(pod.path("theirs/theirs.txt"), "theirs\n");
  await pod.git("theirs", ["add", "."]);
  await pod.git("theirs", ["commit", "-q", "-m", "theirs"]);
  await pod.git("theirs", ["push", "-q"]);
  return (await pod.git("theirs", ["rev-parse", "HEAD"])).toString().trim();
}

test("work that is in the folder already stays; what was saved becomes branches, with how to join them", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "staged\n");
  await pod.git("work", ["add", "a.txt"]);
  await scene.write("a.txt", "not staged\n");
  await pod.git("work", ["branch", "idea"]);
  await pod.git("work", ["stash", "push", "-q", "--keep-index", "-m", "kept"]);
  await scene.write("a.txt", "not staged\n");
  await pod.git("work", ["commit", "-q", "--allow-empty", "-m", "unpushed"]);
  expect((await pod.push("work")).state).toBe("saved");
  await pod.lose();
  await scene.clone();
  await scene.write("b.txt", "done since\n");
  const before = await readState(pod, "work");
  const said = await pod.pull("work");
  expect(said).toMatchObject({ state: "conflict", code: "RESTORE_CONFLICT" });
  expect(said.text).toMatch(/git merge/);
  const after = await readState(pod, "work");
  expect(after.files).toEqual(before.files);
  expect(after.index).toEqual(before.index);
  expect(after.head).toEqual(before.head);
  expect(after.stashes.join()).toContain("kept");
  const work = (await branches()).find((name) => name.endsWith("/work"));
  expect((await pod.git("work", ["show", `${work}:a.txt`])).toString()).toBe("not staged\n");
  expect((await branches()).some((name) => name.endsWith("/heads/main"))).toBe(true);
  // Twice does no harm, and the next save may take the place of what is put back.
  expect((await pod.pull("work")).state).toBe("nothing");
  expect(await pod.push("work")).toMatchObject({ state: "saved", skipped: [] });
});

test("what others pushed meanwhile: both are there, and one sentence says how to join them", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "mine\n");
  await pod.git("work", ["commit", "-q", "-a", "-m", "mine"]);
  await scene.write("b.txt", "also mine\n");
  await pod.push("work");
  const mine = (await pod.git("work", ["rev-parse", "HEAD"])).toString();
  const before = await readState(pod, "work");
  const theirs = await others();
  await pod.lose();
  await scene.clone();
  const said = await pod.pull("work");
  expect(said).toMatchObject({ state: "conflict", code: "RESTORE_CONFLICT" });
  expect(said.text).toContain("git pull --rebase");
  expect((await pod.git("work", ["rev-parse", "HEAD"])).toString()).toBe(mine);
  expect((await pod.git("work", ["rev-parse", "origin/main"])).toString().trim()).toBe(theirs);
  expect((await readState(pod, "work")).files).toEqual(before.files);
  expect(await scene.up(["rev-parse", "main"])).toBe(theirs);
});

test("changes without commits of one's own come back on the commit that they were made on", async () => {
  const { pod } = scene;
  await scene.write("b.txt", "mine\n");
  await pod.push("work");
  const before = await readState(pod, "work");
  const theirs = await others();
  await pod.lose();
  await scene.clone();
  expect((await pod.pull("work")).state).toBe("restored");
  const after = await readState(pod, "work");
  expect(after.files).toEqual(before.files);
  expect(after.head).toEqual(before.head);
  expect((await pod.git("work", ["rev-parse", "origin/main"])).toString().trim()).toBe(theirs);
});

test("files in the way that git does not know are moved aside, not lost", async () => {
  const { pod } = scene;
  await scene.write("new.txt", "saved\n");
  await scene.write(".env", "saved\n");
  await pod.git("work", ["rm", "-q", "--cached", "b.txt"]);
  await pod.push("work");
  await pod.lose();
  await scene.clone();
  await scene.write(".env", "from the home's snapshot\n");
  await mkdir(pod.path("work/new.txt"));
  await scene.write("new.txt/inside", "x\n");
  const said = await pod.pull("work");
  expect(said.state).toBe("restored");
  expect(said.skipped.join()).toContain(".kept");
  const read = (name: string): Promise<string> => readFile(join(pod.path("work"), name), "utf8");
  expect(await read(".env")).toBe("saved\n");
  expect(await read(".env.kept")).toBe("from the home's snapshot\n");
  expect(await read("new.txt")).toBe("saved\n");
  expect(await read("new.txt.kept/inside")).toBe("x\n");
});

test("a restore that was broken off goes on; not over what was written since", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "mine\n");
  await scene.write("new.txt", "new\n");
  await pod.push("work");
  const before = await readState(pod, "work");
  await pod.lose();
  await scene.clone();
  // As it is where the files are back and nothing else is.
  const shadow = join(pod.state, "save", pod.hash("work"));
  const saved = `${await scene.up(["rev-parse", pod.ref("work")])} ${await scene.up(["rev-parse", "main^{tree}"])}`;
  await mkdir(shadow, { recursive: true });
  await writeFile(join(shadow, "restoring"), `${saved}\n`);
  await scene.write("a.txt", "mine\n");
  expect((await pod.pull("work")).state).toBe("restored");
  expect(await readState(pod, "work")).toEqual(before);

  await pod.lose();
  await scene.clone();
  await mkdir(shadow, { recursive: true });
  await writeFile(join(shadow, "restoring"), `${saved}\n`);
  await scene.write("a.txt", "neither the clone's nor the save's\n");
  expect((await pod.pull("work")).state).toBe("conflict");
  expect(await readFile(pod.path("work/a.txt"), "utf8")).toBe("neither the clone's nor the save's\n");
});

test("a bundle less what its remote has: cloned from there; kept where it cannot be", async () => {
  const { pod } = scene;
  const bundle = join(pod.root, "saved");
  await scene.write("a.txt", "mine\n");
  await pod.git("work", ["tag", "mine"]);
  const thin = { env: { LIMPET_WHOLE_BUNDLE_BYTES: "0" } };
  expect((await pod.script("save-repository", ["bundle", pod.path("work"), bundle], thin)).state).toBe("saved");
  expect(await readFile(bundle, "latin1")).toMatch(/^# v2 git bundle\n-/);
  const before = await readState(pod, "work");
  await pod.lose();
  await pod.run(["mv", scene.upstream, `${scene.upstream}.away`]);
  expect(await pod.script("restore-repository", ["bundle", bundle, pod.path("work")])).toMatchObject({
    state: "failed",
    code: "BASE_UNREACHABLE",
  });
  await pod.run(["mv", `${scene.upstream}.away`, scene.upstream]);
  expect(await pod.script("restore-repository", ["bundle", bundle, pod.path("work")])).toMatchObject({
    state: "restored",
  });
  expect(await readState(pod, "work")).toEqual(before);
  await appendFile(pod.path("work/a.txt"), "more\n");
  expect((await pod.script("restore-repository", ["bundle", bundle, pod.path("work")])).state).toBe("nothing");
});

test("a repository without a remote comes back whole, into a folder where files of the home are already", async () => {
  const { pod } = scene;
  const bundle = join(pod.root, "saved");
  await pod.git("work", ["remote", "remove", "origin"]);
  await scene.write("a.txt", "mine\n");
  expect((await pod.script("save-repository", ["bundle", pod.path("work"), bundle])).state).toBe("saved");
  const before = await readState(pod, "work");
  await pod.lose();
  await mkdir(pod.path("work"));
  await scene.write("terraform.tfstate", "{}\n");
  expect((await pod.script("restore-repository", ["bundle", bundle, pod.path("work")])).state).toBe("restored");
  const after = await readState(pod, "work");
  expect({ ...after, status: [], files: {} }).toEqual({ ...before, status: [], files: {} });
  expect(after.files).toMatchObject(before.files);
  expect(await readFile(pod.path("work/terraform.tfstate"), "utf8")).toBe("{}\n");
});

test("what was a bare one comes into an ordinary clone as branches: no file of the clone is touched", async () => {
  const { pod } = scene;
  await pod.run(["rm", "-rf", pod.path("work")]);
  await pod.run(["git", "clone", "-q", "--bare", scene.upstream, pod.path("work/.bare")]);
  await scene.write(".git", "gitdir: ./.bare\n");
  await scene.write("notes", "beside\n");
  await pod.git("work", ["worktree", "add", "-q", "-b", "idea", pod.path("tree")]);
  await pod.git("tree", ["commit", "-q", "--allow-empty", "-m", "mine"]);
  expect(await pod.push("work")).toMatchObject({ state: "saved", skipped: [] });
  await pod.lose();
  await scene.clone();
  const before = await readState(pod, "work");
  const said = await pod.pull("work");
  expect(said).toMatchObject({ state: "conflict", code: "RESTORE_CONFLICT" });
  expect(said.text).toContain("no bare one, as it was");
  expect({ ...(await readState(pod, "work")), refs: [] }).toEqual({ ...before, refs: [] });
  const beside = (await branches()).filter((name) => name !== "main");
  expect(beside).toEqual([expect.stringMatching(/heads\/idea$/), expect.stringMatching(/\/work$/)]);
  expect((await pod.git("work", ["ls-tree", "-r", "--name-only", beside[1] ?? ""])).toString()).toBe("notes\n");
});
