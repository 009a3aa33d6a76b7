// Owns the proof that the newest save is what comes back, wherever it lies: a push failed and the newer work is in the home's
// snapshot, or the home could not be sent and the newer work is upstream.
// Must not know how saves are compared.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
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
  makeRepository(root, "team/infra", { files: { "main.tf": "one\n", "b.tf": "one\n", ".gitignore": "*.tfstate\n" } });
  edge = await PodEdge.start();
  server = await startHttpGitServer({ root, users: [{ name: "x-access-token", password: token, write: true }] });
});
afterEach(async () => {
  for (const pod of pods.splice(0)) pod.close();
  await server.close();
  await edge.close();
  rmSync(root, { recursive: true });
});

/** A new pod of the shell, set up as the edge does it. */
async function start(workspace = "work/infra") {
  const pod = new Pod();
  pods.push(pod);
  return { pod, run: await pod.setup(line(workspace)) };
}

function line(workspace: string): SetupLine {
  const plain = makeLine(edge.url, { snapshot: edge.snapshots.size === 0 ? null : edge.wish });
  return {
    ...plain,
    edge: { url: edge.url, capability },
    git: {
      url: server.url("team/infra"),
      branch: null,
      workspace,
      key: null,
      token: { user: "x-access-token", token },
      saveUpstream: true,
    },
    save: { ...plain.save, fileLimitBytes: 50_000_000, homeLimitBytes: 50_000_000, include: ["*.tfstate*"] },
  };
}

/** The host still lets read, and no push comes through. */
function refusePushes(refused: boolean): void {
  server.intercept((request, response) => {
    if (!refused || !(request.url ?? "").includes("git-receive-pack")) return false;
    response.writeHead(503).end();
    return true;
  });
}

/** The two words of a save: of the connected repository, and of the home. */
async function save(pod: Pod): Promise<{ upstream: string; edge: string; skipped: readonly string[] }> {
  // Times are whole seconds.
  await sleep(1_100);
  const ran = await execute(join(pod.image, "save"), { env: pod.env, cwd: pod.home, timeout: 60_000 }).catch(
    (error: { stdout: string }) => error,
  );
  const last = JSON.parse(ran.stdout.trimEnd().split("\n").at(-1) ?? "");
  return { upstream: last.upstream?.state, edge: last.edge?.state, skipped: last.upstream?.skipped ?? [] };
}

async function inPod(pod: Pod, ...args: readonly string[]): Promise<string> {
  const { stdout } = await execute("git", args, { env: pod.env, cwd: pod.home, timeout: 60_000 });
  return stdout.trim();
}

/** All that tells one state of the work from another. */
async function look(pod: Pod, workspace = "work/infra"): Promise<readonly string[]> {
  return [
    await inPod(pod, "-C", workspace, "status", "--porcelain=v2", "--branch", "--untracked-files=all"),
    await inPod(pod, "-C", workspace, "diff", "HEAD"),
    await inPod(pod, "-C", workspace, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/stash"),
  ];
}

const saves = (): string => git(join(root, "team/infra.git"), "for-each-ref", "--format=%(objectname)", "refs/limpet");

test("a push failed: the newer save lies in the home's snapshot, and comes back as it was, with nothing beside it", async () => {
  const { pod } = await start();
  pod.write("work/infra/main.tf", "first\n");
  pod.write("work/infra/gone later.tf", "first\n");
  expect(await save(pod)).toMatchObject({ upstream: "saved", edge: "saved" });
  refusePushes(true);
  rmSync(pod.path("work/infra/gone later.tf"));
  pod.write("work/infra/main.tf", "second\n");
  await inPod(pod, "-C", "work/infra", "commit", "-q", "-a", "-m", "mine");
  pod.write("work/infra/b.tf", "staged\n");
  await inPod(pod, "-C", "work/infra", "add", "b.tf");
  pod.write("work/infra/main.tf", "third\n");
  // More than once: each try of a push leaves a record of its own behind.
  expect(await save(pod)).toMatchObject({ upstream: "failed", edge: "saved" });
  pod.write("work/infra/new.tf", "fourth\n");
  expect(await save(pod)).toMatchObject({ upstream: "failed", edge: "saved" });
  const before = await look(pod);
  refusePushes(false);

  const next = await start();
  expect(next.run.checks.work).toMatchObject({ state: "done", code: null });
  expect(next.run.checks.work?.text).toContain("is back in work/infra");
  expect(await look(next.pod)).toEqual(before);
  expect(next.run.code).toBe(0);
  // The older one upstream gives its place to the next save.
  const old = saves();
  next.pod.write("work/infra/main.tf", "fifth\n");
  expect(await save(next.pod)).toEqual({ upstream: "saved", edge: "saved", skipped: [] });
  expect(saves()).not.toContain(old);
  expect(saves().split("\n")).toHaveLength(1);
});

test("the home could not be sent: the newer save is upstream, and the older one of the snapshot is not put beside it", async () => {
  const { pod } = await start();
  refusePushes(true);
  pod.write("work/infra/main.tf", "first\n");
  await inPod(pod, "-C", "work/infra", "branch", "idea");
  expect(await save(pod)).toMatchObject({ upstream: "failed", edge: "saved" });
  refusePushes(false);
  await inPod(pod, "-C", "work/infra", "branch", "-D", "idea");
  pod.write("work/infra/main.tf", "second\n");
  edge.fail({ path: "/api/pod/snapshot", do: 403 });
  expect(await save(pod)).toMatchObject({ upstream: "saved", edge: "failed" });
  const before = await look(pod);

  const next = await start();
  expect(next.run.checks.work).toMatchObject({ state: "done", code: null });
  expect(await look(next.pod)).toEqual(before);
  expect(await save(next.pod)).toMatchObject({ upstream: "unchanged", skipped: [] });
});

test("a set-up that could not put the work back: the next save does not take the older one of the two for it", async () => {
  const { pod } = await start();
  refusePushes(true);
  pod.write("work/infra/main.tf", "first\n");
  expect(await save(pod)).toMatchObject({ upstream: "failed" });
  refusePushes(false);
  pod.write("work/infra/main.tf", "second\n");
  edge.fail({ path: "/api/pod/snapshot", do: 403 });
  expect(await save(pod)).toMatchObject({ upstream: "saved" });
  const before = await look(pod);

  // The host answers until the clone is there, and then no more.
  const next = new Pod();
  pods.push(next);
  server.intercept((request, response) => {
    if (!next.has("work/infra/.git") || !(request.url ?? "").includes("info/refs")) return false;
    response.writeHead(503).end();
    return true;
  });
  const run = await next.setup(line("work/infra"));
  expect(run.checks).toMatchObject({ home: { state: "done" }, clone: { state: "done" }, work: { state: "failed" } });
  await save(next);
  expect(await inPod(next, "-C", "work/infra", "status", "--porcelain")).toBe("");
  server.intercept(null);
  expect(await save(next)).toMatchObject({ upstream: "unchanged", skipped: [] });
  expect(await look(next)).toEqual(before);
});

test("the folder was renamed in the settings: what was saved from the old one comes back in the new one", async () => {
  const { pod } = await start();
  pod.write("work/infra/main.tf", "mine\n");
  await inPod(pod, "-C", "work/infra", "branch", "idea");
  expect(await save(pod)).toMatchObject({ upstream: "saved", edge: "saved" });
  const before = await look(pod);

  const next = await start("infra");
  expect(next.run.checks.work).toMatchObject({ state: "done", code: null });
  expect(await look(next.pod, "infra")).toEqual(before);
  // It lies upstream under its old name until it is saved under the new one.
  const old = saves();
  expect(await save(next.pod)).toMatchObject({ upstream: "saved", skipped: [] });
  expect(saves()).not.toContain(old);
  expect(saves().split("\n")).toHaveLength(1);
  const third = await start("infra");
  expect(third.run.checks.work).toMatchObject({ state: "done", code: null });
  expect(await look(third.pod, "infra")).toEqual(before);
});

test("what was saved waits while another repository is in its place, and is in every snapshot meanwhile", async () => {
  const { pod } = await start();
  refusePushes(true);
  pod.write("work/infra/main.tf", "mine\n");
  expect(await save(pod)).toMatchObject({ upstream: "failed", edge: "saved" });
  refusePushes(false);
  const before = await look(pod);

  const next = new Pod();
  pods.push(next);
  // Of another address, and nobody has worked in it.
  await inPod(next, "clone", "-q", join(root, "team/infra.git"), "work/infra");
  const other = await look(next);
  const run = await next.setup(line("work/infra"));
  expect(run.checks).toMatchObject({ clone: { state: "conflict", code: "WORKSPACE_OCCUPIED" } });
  await save(next);
  expect(await look(next)).toEqual(other);
  const third = await start();
  expect(third.run.checks.work).toMatchObject({ state: "done" });
  expect(await look(third.pod)).toEqual(before);
});
