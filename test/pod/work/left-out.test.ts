// Owns what a save leaves out, and that it says so by name; and what it does not run although a repository asks for it.
// Must not know how a save travels.

import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readEveryByte, readState } from "./repository-state.ts";
import { beginScene, type Scene } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await beginScene({ fileLimitBytes: 10_000 });
});
afterEach(() => scene.pod.end());

const savedNames = async (tree = "worktree"): Promise<string[]> =>
  (await scene.up(["ls-tree", "-r", "--name-only", `${scene.pod.ref("work")}:${tree}`])).split("\n");

test("files above the limit: what is staged of them is saved, this version is not; saved once they fit", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "x".repeat(20_000));
  await scene.write("large new\nfile", "x".repeat(10_001));
  await scene.write("fits", "x".repeat(10_000));
  const said = await pod.push("work");
  expect(said.state).toBe("partial");
  expect(said.skipped).toEqual([
    expect.stringMatching(/^a\.txt: 20KiB, more than the limit of 9\.8KiB/),
    expect.stringMatching(/^large new\sfile: /),
  ]);
  expect(await scene.up(["show", `${pod.ref("work")}:worktree/a.txt`])).toBe("one");
  expect(await savedNames()).toEqual(["a.txt", "b.txt", "dir/c.txt", "fits"]);
  expect((await pod.push("work")).state).toBe("unchanged");
  await scene.write("large new\nfile", "small");
  expect((await pod.push("work")).skipped).toHaveLength(1);
  expect((await savedNames()).join()).toContain("large");
});

test("submodules, repositories inside, pipes; and what is under way", async () => {
  const { pod } = scene;
  await pod.git("work", ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", scene.upstream, "sub"]);
  await pod.git("work", ["commit", "-q", "-m", "a submodule"]);
  await writeFile(pod.path("work/sub/a.txt"), "changed inside\n");
  await pod.run(["git", "init", "-q", pod.path("work/inner")]);
  await writeFile(pod.path("work/inner/x"), "x");
  await pod.run(["mkfifo", pod.path("work/pipe")]);
  await pod.git("work", ["checkout", "-q", "-b", "side", "HEAD"]);
  await scene.write("a.txt", "side\n");
  await pod.git("work", ["commit", "-q", "-a", "-m", "side"]);
  await pod.git("work", ["checkout", "-q", "main"]);
  await scene.write("a.txt", "main\n");
  await pod.git("work", ["commit", "-q", "-a", "-m", "main"]);
  await pod.run(["git", "-C", pod.path("work"), "merge", "-q", "side"]);
  const before = await readEveryByte(pod.path("work"));
  const said = await pod.push("work");
  expect(said.state).toBe("partial");
  expect(said.skipped.toSorted()).toEqual([
    expect.stringMatching(/^a merge is in progress/),
    expect.stringMatching(/^a\.txt: in conflict/),
    expect.stringMatching(/^inner: a repository of its own/),
    expect.stringMatching(/^pipe: neither a file/),
    expect.stringMatching(/^sub: a submodule/),
  ]);
  expect(await readEveryByte(pod.path("work"))).toEqual(before);
  expect(await scene.up(["show", `${pod.ref("work")}:worktree/a.txt`])).toContain("<<<<<<<");
  expect((await pod.push("work")).state).toBe("unchanged");
  await pod.lose();
  await scene.clone();
  expect((await pod.pull("work")).state).toBe("restored");
  expect(await readFile(pod.path("work/a.txt"), "utf8")).toContain(">>>>>>> side");
  expect((await pod.git("work", ["status", "--porcelain"])).toString()).toBe(" M a.txt\n");
  expect(await pod.script("save-repository", ["push", pod.path("work/nothing here")])).toMatchObject({
    state: "failed",
    code: "REPOSITORY",
  });
});

test("a git folder of one's own below a folder named modules is no submodule's", async () => {
  const { pod } = scene;
  const separate = pod.path("store/modules/lab");
  await pod.run(["mkdir", "-p", pod.path("store/modules")]);
  await pod.run(["git", "clone", "-q", `--separate-git-dir=${separate}`, scene.upstream, pod.path("lab")]);
  await writeFile(pod.path("lab/a.txt"), "mine\n");
  const bundle = join(pod.root, "saved");
  const said = await pod.script("save-repository", ["bundle", pod.path("lab"), bundle]);
  expect(said).toMatchObject({ state: "saved", skipped: [] });
  await pod.lose();
  expect((await pod.script("restore-repository", ["bundle", bundle, pod.path("lab")])).state).toBe("restored");
  expect((await pod.git("lab", ["status", "--porcelain"])).toString()).toBe(" M a.txt\n");
});

test("a git that the person runs is respected: the index is read as it stands, and the lock stays", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "mine\n");
  await writeFile(pod.path("work/.git/index.lock"), "");
  const said = await pod.push("work");
  expect(said.state).toBe("partial");
  expect(said.skipped.join()).toContain("index.lock");
  expect(await readFile(pod.path("work/.git/index.lock"), "utf8")).toBe("");
  expect(await scene.up(["show", `${pod.ref("work")}:worktree/a.txt`])).toBe("mine");
});

test("a linked working tree and a shallow clone come back as repositories of their own", async () => {
  const { pod } = scene;
  await pod.git("work", ["worktree", "add", "-q", "-b", "linked", pod.path("linked")]);
  await writeFile(pod.path("linked/a.txt"), "linked\n");
  const bundle = join(pod.root, "saved");
  const said = await pod.script("save-repository", ["bundle", pod.path("linked"), bundle]);
  expect(said).toMatchObject({ state: "partial", skipped: [expect.stringContaining("linked working tree")] });
  const before = await readState(pod, "linked").catch(() => null);
  expect(before).toBeNull();
  await pod.lose();
  expect((await pod.script("restore-repository", ["bundle", bundle, pod.path("linked")])).state).toBe("restored");
  expect(await readFile(pod.path("linked/a.txt"), "utf8")).toBe("linked\n");
  expect((await pod.git("linked", ["status", "--porcelain", "--branch"])).toString()).toBe("## linked\n M a.txt\n");

  await pod.run(["git", "clone", "-q", "--depth", "1", `file://${scene.upstream}`, pod.path("work")]);
  await scene.write("a.txt", "shallow\n");
  const shallow = await pod.push("work");
  expect(shallow).toMatchObject({ state: "partial", skipped: [expect.stringContaining("shallow clone")] });
  await pod.run(["rm", "-rf", pod.path("work")]);
  await pod.lose();
  await scene.clone();
  expect((await pod.pull("work")).state).toBe("restored");
  expect(await readFile(pod.path("work/a.txt"), "utf8")).toBe("shallow\n");
});

test("nothing that a repository configures is run: monitors, filters, diffs, hooks, helpers, signatures", async () => {
  const { pod } = scene;
  const trap = join(pod.root, "trap");
  await writeFile(trap, `#!/bin/sh\ntouch ${pod.root}/sprung\ncat 2>/dev/null\n`);
  await chmod(trap, 0o755);
  await scene.write(".gitattributes", "* filter=trap diff=trap ident\n");
  await scene.write("a.txt", "mine\n");
  await pod.git("work", ["add", ".gitattributes"]);
  await pod.git("work", ["stash", "push", "-q", "-m", "x", "a.txt"]).catch(() => Buffer.alloc(0));
  for (const key of [
    "core.fsmonitor",
    "core.sshCommand",
    "core.pager",
    "core.editor",
    "filter.trap.clean",
    "filter.trap.smudge",
  ]) {
    await pod.git("work", ["config", key, trap]);
  }
  for (const key of [
    "filter.trap.process",
    "diff.trap.textconv",
    "diff.trap.command",
    "credential.helper",
    "gpg.program",
    "gpg.ssh.program",
  ]) {
    await pod.git("work", ["config", key, trap]);
  }
  await pod.git("work", ["config", "log.showSignature", "true"]);
  await pod.git("work", ["config", "push.gpgSign", "true"]);
  await pod.git("work", ["config", "core.hooksPath", join(pod.root, "hooks")]);
  await mkdir(join(pod.root, "hooks"));
  for (const hook of ["pre-push", "reference-transaction", "post-index-change", "pre-auto-gc"]) {
    await pod.run(["cp", trap, join(pod.root, "hooks", hook)]);
  }
  await pod.run(["rm", "-f", join(pod.root, "sprung")]);
  await writeFile(pod.path("work/b.txt"), "new\n");
  const env = {
    GIT_DIR: "/nowhere",
    GIT_INDEX_FILE: "/nowhere",
    GIT_SSH_COMMAND: trap,
    GIT_EXTERNAL_DIFF: trap,
    GIT_CONFIG_COUNT: "1",
  };
  expect((await pod.push("work", { env })).state).toBe("saved");
  expect(
    (await pod.script("save-repository", ["bundle", pod.path("work"), join(pod.root, "saved")], { env })).state,
  ).toBe("saved");
  expect((await pod.run(["test", "-e", join(pod.root, "sprung")])).code).toBe(1);
  expect(await scene.up(["show", `${pod.ref("work")}:worktree/b.txt`])).toBe("new");
});

test("what only the home's snapshot may hold does not go upstream: addresses' passwords, Limpet's own folder", async () => {
  const { pod } = scene;
  await pod.git("work", ["remote", "add", "other", "https://ada:secret-word@example.com/x.git"]);
  await scene.write("a.txt", "mine\n");
  await pod.push("work");
  const config = await scene.up(["cat-file", "blob", `${pod.ref("work")}:config`]);
  expect(config).toContain("https://example.com/x.git");
  expect(config).not.toContain("secret-word");
  // A home that is a repository itself: its own new files are the snapshot's.
  await pod.run(["git", "init", "-q", pod.home]);
  await writeFile(pod.path(".profile"), "x\n");
  await pod.run(["git", "-C", pod.home, "add", ".profile"]);
  const bundle = join(pod.root, "home.bundle");
  expect((await pod.script("save-repository", ["bundle", pod.home, bundle])).state).toBe("saved");
  await pod.run(["git", "clone", "-q", "--bare", "--mirror", bundle, join(pod.root, "looked")]);
  const names = await pod.run([
    "git",
    `--git-dir=${pod.root}/looked`,
    "ls-tree",
    "-r",
    "--name-only",
    `refs/limpet/wip/s0123/${pod.hash(".")}:worktree`,
  ]);
  expect(names.stdout.toString()).toBe(".profile\n");
});

test("without set-up there is nothing to save by, and the answer says so", async () => {
  const { pod } = scene;
  await pod.run(["rm", join(pod.state, "config.json")]);
  expect(await pod.push("work")).toMatchObject({ state: "failed", code: "NOT_SET_UP" });
  expect(await pod.pull("work")).toMatchObject({ state: "failed", code: "NOT_SET_UP" });
  expect(await pod.script("save-repository", ["push", "/tmp"])).toMatchObject({
    state: "failed",
    code: "OUTSIDE_HOME",
  });
});
