// Owns a save's way to its host: which ref, with which lease, what is removed when, what is said when the host refuses.
// Must not know what is in a save.

import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startHttpGitServer } from "../../git-servers/http-git-server.ts";
import { readState } from "./repository-state.ts";
import { beginScene, type Scene } from "./scene.ts";

let scene: Scene;
beforeEach(async () => {
  scene = await beginScene();
});
afterEach(() => scene.pod.end());

const branchOf = (ref: string): string => ref.replace("refs/limpet", "refs/heads/limpet");

test("nothing to save: nothing upstream; then saved, unchanged without a push, and gone once the work is pushed", async () => {
  const { pod } = scene;
  expect(await pod.push("work")).toMatchObject({ state: "clean", skipped: [] });
  expect(await scene.refs("refs/limpet")).toBe("");
  await scene.write("a.txt", "mine\n");
  expect((await pod.push("work")).state).toBe("saved");
  const first = await scene.refs("refs/limpet");
  expect((await pod.push("work")).state).toBe("unchanged");
  // Touched, and the same: no push either.
  await scene.write("a.txt", "mine\n");
  expect((await pod.push("work")).state).toBe("unchanged");
  expect(await scene.refs("refs/limpet")).toBe(first);
  await pod.git("work", ["commit", "-q", "-a", "-m", "mine"]);
  expect((await pod.push("work")).state).toBe("saved");
  expect(await scene.refs("refs/limpet")).not.toBe(first);
  await pod.git("work", ["push", "-q"]);
  expect((await pod.push("work")).state).toBe("clean");
  expect(await scene.refs("refs/limpet")).toBe("");
  expect((await pod.push("work")).state).toBe("clean");
});

test.each([
  ["refuses refs of that name", "receive.hideRefs"],
  ["takes them and shows them to nobody", "uploadpack.hideRefs"],
])("where the host %s, a branch of that name is taken, and is restored from", async (_, setting) => {
  const { pod } = scene;
  await scene.up(["config", setting, "refs/limpet"]);
  await scene.write("a.txt", "mine\n");
  expect((await pod.push("work")).state).toBe("saved");
  expect(await scene.refs("refs/heads/limpet")).toContain(branchOf(pod.ref("work")));
  await scene.write("b.txt", "mine\n");
  expect((await pod.push("work")).state).toBe("saved");
  const before = await readState(pod, "work");
  await pod.lose();
  await scene.clone();
  expect((await pod.pull("work")).state).toBe("restored");
  expect((await readState(pod, "work")).files).toEqual(before.files);
  await pod.git("work", ["checkout", "-q", "-f"]);
  expect((await pod.push("work")).state).toBe("clean");
  expect(await scene.refs("refs/heads/limpet")).toBe("");
});

test("a host that takes neither is quoted", async () => {
  const hook = join(scene.upstream, "hooks/pre-receive");
  await mkdir(join(scene.upstream, "hooks"), { recursive: true });
  await writeFile(hook, "#!/bin/sh\necho 'policy: no such thing' >&2\nexit 1\n");
  await chmod(hook, 0o755);
  await scene.write("a.txt", "mine\n");
  const said = await scene.pod.push("work");
  expect(said).toMatchObject({ state: "failed", code: "PUSH_REFUSED" });
  expect(said.text).toContain("pre-receive hook declined");
});

test("a push whose answer was lost is known again, not taken for somebody else's", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "mine\n");
  expect((await pod.push("work")).state).toBe("saved");
  const upstream = join(pod.state, "save", pod.hash("work"), "upstream");
  await pod.run(["rm", upstream]);
  await scene.write("a.txt", "mine again\n");
  expect(await pod.push("work")).toMatchObject({ state: "saved", skipped: [] });
});

test("a save that was never put back is kept inside the next one, and the person gets both", async () => {
  const { pod } = scene;
  await scene.write("a.txt", "first\n");
  await pod.push("work");
  await pod.lose();
  await scene.clone();
  // The restore of this pod failed; the person works on.
  await scene.write("a.txt", "second\n");
  const said = await pod.push("work");
  expect(said.state).toBe("partial");
  expect(said.skipped.join()).toContain("has not been put back");
  await pod.lose();
  await scene.clone();
  const restored = await pod.pull("work");
  expect(restored).toMatchObject({ state: "conflict", code: "RESTORE_CONFLICT" });
  expect((await pod.git("work", ["show", ":a.txt"])).toString()).toBe("one\n");
  expect((await readState(pod, "work")).status.join()).toContain("a.txt");
  const [branch] = (await pod.git("work", ["for-each-ref", "--format=%(refname)", "refs/heads/limpet"]))
    .toString()
    .split("\n");
  expect((await pod.git("work", ["show", `${branch}:a.txt`])).toString()).toBe("first\n");
  expect(restored.text).toContain("git merge");
});

test("over http with a token: from Limpet's own configuration, never from the repository's", async () => {
  const { pod } = scene;
  const server = await startHttpGitServer({
    root: pod.root,
    users: [
      { name: "ada", password: "right", write: true },
      { name: "eve", password: "reads", write: false },
    ],
  });
  try {
    const shell = pod.shell as { url: string; gitConfig?: string };
    shell.url = server.url("upstream");
    const helper = (user: string, password: string): string =>
      `[credential]\n\thelper = "!f() { echo username=${user}; echo password=${password}; }; f"\n`;
    await pod.git("work", ["config", "credential.helper", "!f() { touch $HOME/asked; }; f"]);
    await scene.write("a.txt", "mine\n");

    shell.gitConfig = helper("ada", "wrong");
    await pod.writeHome();
    expect(await pod.push("work")).toMatchObject({ state: "failed", code: "GIT_SIGN_IN" });
    shell.gitConfig = helper("eve", "reads");
    await pod.writeHome();
    expect(await pod.push("work")).toMatchObject({ state: "failed", code: "GIT_SIGN_IN" });
    shell.gitConfig = helper("ada", "right");
    await pod.writeHome();
    expect((await pod.push("work")).state).toBe("saved");
    expect((await pod.run(["test", "-e", pod.path("asked")])).code).toBe(1);
    expect(server.requests.some((request) => request.user === "ada" && request.target.includes("receive-pack"))).toBe(
      true,
    );

    const before = await readState(pod, "work");
    await pod.lose();
    await scene.clone();
    expect((await pod.pull("work")).state).toBe("restored");
    expect(await readState(pod, "work")).toEqual(before);
  } finally {
    await server.close();
  }
  // Nobody listens there any more.
  await scene.write("a.txt", "offline\n");
  expect(await pod.push("work")).toMatchObject({ state: "failed", code: "GIT_UNREACHABLE" });
});
