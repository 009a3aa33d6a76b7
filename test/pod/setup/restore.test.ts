// Owns the proof of the whole way: a pod is set up, worked in, saved and lost; the next one is set up and has it all.
// Must not know how work is saved: it runs `save` as a pod does.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SetupLine } from "../../../worker/shells/setup-line.ts";
import { type HttpGitServer, startHttpGitServer } from "../../git-servers/http-git-server.ts";
import { git, makeRepository } from "../../git-servers/repositories.ts";
import { capability, PodEdge } from "../home/pod-edge.ts";
import { makeLine, Pod } from "./pod.ts";

const execute = promisify(execFile);
const token = "tok-secret-123";
const pods: Pod[] = [];
let root: string;
let edge: PodEdge;
let server: HttpGitServer;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "limpet-git-"));
  makeRepository(root, "team/infra", {
    files: { "main.tf": "one\n", "staged.tf": "one\n", ".gitignore": "*.tfstate\n" },
  });
  edge = await PodEdge.start();
  server = await startHttpGitServer({ root, users: [{ name: "x-access-token", password: token, write: true }] });
});
afterEach(async () => {
  for (const pod of pods.splice(0)) pod.close();
  await server.close();
  await edge.close();
  rmSync(root, { recursive: true });
});

function newPod(): Pod {
  const pod = new Pod();
  pods.push(pod);
  return pod;
}

/** As the edge makes it (worker/shells/setup-sources.ts): with a snapshot, wherever there is one, in every set-up of a pod. */
function line(saveUpstream: boolean, given: Partial<SetupLine> = {}): SetupLine {
  const plain = makeLine(edge.url, { snapshot: edge.snapshots.size === 0 ? null : edge.wish, ...given });
  return {
    ...plain,
    edge: { url: edge.url, capability },
    git: {
      url: server.url("team/infra"),
      branch: null,
      workspace: "work/infra",
      key: null,
      token: { user: "x-access-token", token },
      saveUpstream,
    },
    kubeconfig: "apiVersion: v1\nkind: Config\nclusters: []\n",
    aws: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "0123456789abcdef0123456789abcdef" },
    save: { ...plain.save, fileLimitBytes: 50_000_000, homeLimitBytes: 50_000_000, include: ["*.tfstate*"] },
  };
}

async function inPod(pod: Pod, program: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute(program, args, { env: pod.env, cwd: pod.home, timeout: 60_000 });
  return stdout.trim();
}

/** Work of every kind, of which git status, the index and the files speak. */
async function work(pod: Pod): Promise<void> {
  pod.write(".gitconfig", `${pod.read(".gitconfig")}[alias]\n\tst = status\n`);
  pod.write("notes.txt", "outside of repositories\n");
  pod.write("work/infra/main.tf", "two\n");
  pod.write("work/infra/staged.tf", "two\n");
  await inPod(pod, "git", "-C", "work/infra", "add", "staged.tf");
  pod.write("work/infra/new file.tf", "untracked\n");
  pod.write("work/infra/a.tfstate", "ignored, and it matters\n");
}

const status = (pod: Pod): Promise<string> => inPod(pod, "git", "-C", "work/infra", "status", "--porcelain=v2");

test.each([true, false])("a pod is lost and the next one has it all (saved upstream: %s)", async (saveUpstream) => {
  const first = newPod();
  const begun = await first.setup(line(saveUpstream));
  expect(begun.checks).toMatchObject({
    edge: { state: "done" },
    home: { state: "skipped" },
    clone: { state: "done" },
    work: { state: "skipped", code: null },
  });
  await work(first);
  const before = await status(first);
  await inPod(first, join(first.image, "save"));
  expect(edge.snapshots.size).toBe(1);
  const hidden = git(join(root, "team/infra.git"), "for-each-ref", "refs/limpet");
  expect(hidden === "").toBe(!saveUpstream);
  // A set-up later in the life of the pod puts nothing back over what is newer.
  first.write("notes.txt", "newer\n");
  const again = await first.setup(line(saveUpstream));
  expect(again.checks).toMatchObject({ home: { state: "skipped" }, work: { state: "skipped" } });
  expect(first.read("notes.txt")).toBe("newer\n");

  const second = newPod();
  const run = await second.setup(line(saveUpstream));
  expect(run.checks.home).toMatchObject({ state: "done", code: null });
  expect(run.checks.clone).toMatchObject({ state: "done" });
  expect(run.checks.work?.code ?? null).toBe(null);
  expect(second.read("notes.txt")).toBe("outside of repositories\n");
  expect(await status(second)).toBe(before);
  expect(second.read("work/infra/main.tf")).toBe("two\n");
  expect(second.read("work/infra/new file.tf")).toBe("untracked\n");
  expect(second.read("work/infra/a.tfstate")).toBe("ignored, and it matters\n");
  // The dotfiles came back first; ours was merged into them, for this pod.
  expect(second.read(".gitconfig")).toBe(
    `[include] # Limpet\n\tpath = "${second.state}/git/person"\n[alias]\n\tst = status\n`,
  );
  expect(run.checks).toMatchObject({
    aws: { state: "done" },
    kubeconfig: { state: "done" },
    identity: { state: "done" },
  });
  expect(second.read(".aws/credentials").match(/\[default\]/g)).toHaveLength(1);
  expect(run.code).toBe(0);
});

test("an edge that fails: the home is said to be missing, no save takes its place, and the next set-up puts it back", async () => {
  const first = newPod();
  await first.setup(line(true));
  await work(first);
  await inPod(first, join(first.image, "save"));
  const wish = edge.wish;
  const second = newPod();
  const failed = await second.setup(line(true, { snapshot: { ...wish, ticket: "lt1.of-yesterday" } }));
  expect(failed.checks.home).toMatchObject({ state: "failed" });
  expect(failed.checks.work?.state).not.toBe("failed");
  await inPod(second, join(second.image, "save")).catch(() => "");
  expect(edge.snapshots.size).toBe(1);
  const mended = await second.setup(line(true));
  expect(mended.checks.home).toMatchObject({ state: "done" });
  expect(second.read("notes.txt")).toBe("outside of repositories\n");
});
