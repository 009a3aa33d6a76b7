// Owns the proof of git over ssh with a key: host keys pinned and strict, the key for this repository alone, each failure.
// Must not know https.

import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { SetupLine } from "../../../worker/shells/setup-line.ts";
import { makeRepository } from "../../git-servers/repositories.ts";
import { makeKeyPair, type SshGitServer, startSshGitServer } from "../../git-servers/ssh-git-server.ts";
import { findSshd } from "../../git-servers/sshd.ts";
import { makeLine, Pod, startEdge } from "./pod.ts";

const execute = promisify(execFile);
const keys = { deploy: makeKeyPair(), own: makeKeyPair(), stranger: makeKeyPair() };
let root: string;
let edge: Awaited<ReturnType<typeof startEdge>>;
let server: SshGitServer;
let pod: Pod;

beforeEach(async (context) => {
  const sshd = findSshd();
  if ("missing" in sshd) return context.skip(sshd.missing);
  root = mkdtempSync(join(tmpdir(), "limpet-git-"));
  makeRepository(root, "team/infra");
  makeRepository(root, "team/other");
  edge = await startEdge();
  server = await startSshGitServer({ root, keys: [{ publicKey: keys.deploy.publicKey, write: true }] });
  pod = new Pod();
});
afterEach(async () => {
  pod?.close();
  await server?.close();
  await edge?.close();
  if (root !== undefined) rmSync(root, { recursive: true, force: true });
});

function sshLine(
  given: Partial<NonNullable<SetupLine["git"]>> = {},
  knownHosts: string | null = server.knownHosts(),
): SetupLine {
  return makeLine(edge.url, {
    git: {
      url: server.url("team/infra"),
      branch: null,
      workspace: "infra",
      key: keys.deploy.privateKey,
      token: null,
      saveUpstream: true,
      ...given,
    },
    company: { ...makeLine("").company, knownHosts },
  });
}

async function personGit(...args: readonly string[]): Promise<string> {
  const env = { PATH: pod.env["PATH"] ?? "", HOME: pod.home, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  return (await execute("git", args, { env, cwd: pod.home, timeout: 20_000 })).stdout.trim();
}

test("clones with the key; the person's git uses it in that repository and nowhere else", async () => {
  const run = await pod.setup(sshLine());
  expect(run.checks.git).toMatchObject({ state: "done" });
  expect(run.checks.clone).toMatchObject({ state: "done" });
  expect(pod.mode(".local/state/limpet/git/key")).toBe("600");
  await personGit("-C", "infra", "fetch");
  await personGit("-C", "infra", "push", "--quiet", "origin", "HEAD:refs/heads/pushed");
  expect(await personGit("-C", "infra", "config", "core.sshCommand")).toContain("ssh_config");
  // In no other repository, and ~/.ssh is not touched.
  await expect(personGit("config", "core.sshCommand")).rejects.toThrow();
  await personGit("init", "-q", "elsewhere");
  await personGit("-C", "elsewhere", "remote", "add", "origin", server.url("team/other"));
  await expect(personGit("-C", "elsewhere", "config", "core.sshCommand")).rejects.toThrow();
  expect(pod.has(".ssh")).toBe(false);
});

test("a person's own core.sshCommand is stronger than ours", async () => {
  pod.write(".gitconfig", "[core]\n\tsshCommand = my-ssh\n");
  await pod.setup(sshLine());
  expect(await personGit("-C", "infra", "config", "core.sshCommand")).toBe("my-ssh");
});

test("the key goes when it is taken away, and another takes its place", async () => {
  await pod.setup(sshLine());
  server.setKeys([{ publicKey: keys.own.publicKey, write: false }]);
  const stale = await pod.setup(sshLine());
  expect(stale.checks.git).toMatchObject({ state: "failed", code: "GIT_KEY_REFUSED" });
  const renewed = await pod.setup(sshLine({ key: keys.own.privateKey }));
  expect(renewed.checks.git).toMatchObject({ state: "done" });
  await pod.setup(makeLine(edge.url));
  expect(pod.has(".local/state/limpet/git/key")).toBe(false);
  expect(pod.has(".local/state/limpet/git/ssh")).toBe(false);
});

test("a stranger's key: GIT_KEY_REFUSED with ssh's own words", async () => {
  const run = await pod.setup(sshLine({ key: keys.stranger.privateKey }));
  expect(run.checks.git).toMatchObject({
    state: "failed",
    code: "GIT_KEY_REFUSED",
    text: expect.stringContaining("Permission denied (publickey)"),
  });
  expect(run.checks.clone).toMatchObject({ state: "skipped", code: "GIT_NOT_REACHED" });
});

test("no key: says that none was given", async () => {
  const run = await pod.setup(sshLine({ key: null }));
  expect(run.checks.git).toMatchObject({ code: "GIT_KEY_REFUSED", text: expect.stringContaining("none was given") });
});

test.each(["not a key\n", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n"])(
  "what is no key: GIT_KEY_INVALID, without asking anybody",
  async (key) => {
    const run = await pod.setup(sshLine({ key }));
    expect(run.checks.git).toMatchObject({ state: "failed", code: "GIT_KEY_INVALID" });
    expect(server.log()).toBe("");
  },
);

test("a host key that nobody vouches for: GIT_HOST_KEY_UNKNOWN; another than the known one: GIT_HOST_KEY_CHANGED", async () => {
  const unknown = await pod.setup(sshLine({}, null));
  expect(unknown.checks.git).toMatchObject({ state: "failed", code: "GIT_HOST_KEY_UNKNOWN" });
  const known = server.knownHosts();
  server.changeHostKey();
  const changed = await pod.setup(sshLine({}, known));
  expect(changed.checks.git).toMatchObject({ state: "failed", code: "GIT_HOST_KEY_CHANGED" });
  expect(server.log()).not.toContain("Accepted");
});

test("a repository that the key may not see: GIT_NOT_FOUND with the forge's words", async () => {
  const run = await pod.setup(sshLine({ url: server.url("team/none") }));
  expect(run.checks.git).toMatchObject({
    code: "GIT_NOT_FOUND",
    text: expect.stringContaining("Repository not found"),
  });
});

test("an address over ssh with a token: GIT_SIGN_IN_MISMATCH", async () => {
  const run = await pod.setup(sshLine({ key: null, token: { user: "u", token: "t-0123456789" } }));
  expect(run.checks.git).toMatchObject({ state: "failed", code: "GIT_SIGN_IN_MISMATCH" });
});

test("a host that starts like an option is refused", async () => {
  const run = await pod.setup(sshLine({ url: "ssh://-oProxyCommand=touch/x" }));
  expect(run.checks.git).toMatchObject({ state: "failed", code: "GIT_URL_REFUSED" });
});

test("the host keys of the large forges are those whose fingerprints the forges publish", () => {
  const file = resolve(import.meta.dirname, "../../../cluster/image/forges/known_hosts");
  const prints = execFileSync("ssh-keygen", ["-lf", file], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map((line) => line.split(" ").slice(1, 3).join(" ").replace(/,.*/, ""));
  expect(prints).toEqual([
    "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU github.com",
    "SHA256:p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM github.com",
    "SHA256:uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s github.com",
    "SHA256:eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8 gitlab.com",
    "SHA256:HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw gitlab.com",
    "SHA256:ROQFvPThGrW4RuWLoL9tq9I9zJ42fK4XywyRtbOz/EQ gitlab.com",
    "SHA256:ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM bitbucket.org",
    "SHA256:FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0 bitbucket.org",
    "SHA256:46OSHA1Rmj8E8ERTC6xkNcmGOw9oFxYr0WF6zWW8l1E bitbucket.org",
    "SHA256:ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og ssh.dev.azure.com",
  ]);
  expect(
    readFileSync(file, "utf8")
      .split("\n")
      .filter((line) => line.startsWith("#")).length,
  ).toBeGreaterThan(2);
});
