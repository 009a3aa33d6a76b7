// Owns the proof of git over https with a token: what works with it, and each failure by its own name, with the real error.
// Must not know ssh.

import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { SetupLine } from "../../../worker/shells/setup-line.ts";
import { makeCertificate } from "../../git-servers/certificate.ts";
import { type HttpGitServer, startHttpGitServer } from "../../git-servers/http-git-server.ts";
import { git, makeRepository } from "../../git-servers/repositories.ts";
import { makeLine, Pod, startEdge } from "./pod.ts";

const token = "tok-Zx81-secret-of-the-person==";
const root = mkdtempSync(join(tmpdir(), "limpet-git-"));
let edge: Awaited<ReturnType<typeof startEdge>>;
let server: HttpGitServer;
let pod: Pod;

beforeAll(async () => {
  makeRepository(root, "team/infra", { branches: { "feature/a.b": { "next.tf": "" } } });
  makeRepository(root, "team/other");
  git(root, "init", "-q", "--bare", "-b", "main", "team/empty.git");
  edge = await startEdge();
  server = await startHttpGitServer({ root, users: [{ name: "x-access-token", password: token, write: true }] });
});
afterAll(async () => {
  await server.close();
  await edge.close();
  rmSync(root, { recursive: true });
});
beforeEach(() => {
  pod = new Pod();
});
afterEach(() => {
  server.intercept(null);
  pod.close();
});

type Git = NonNullable<SetupLine["git"]>;

function gitLine(given: Partial<Git> = {}, rest: Partial<SetupLine> = {}): SetupLine {
  const common = { branch: null, workspace: "work/infra", key: null, saveUpstream: true };
  const signIn = { user: "x-access-token", token };
  return makeLine(edge.url, { git: { url: server.url("team/infra"), token: signIn, ...common, ...given }, ...rest });
}

const execute = promisify(execFile);

/** git as the person runs it in a window: by their own configuration, with nobody to ask. */
async function personGit(...args: readonly string[]): Promise<string> {
  const env = { PATH: pod.env["PATH"] ?? "", HOME: pod.home, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C" };
  const { stdout } = await execute("git", args, { env, cwd: pod.home, timeout: 20_000 });
  return stdout.trim();
}

test("clones the branch; the person's own git may fetch and push, and knows the token for that host alone", async () => {
  const run = await pod.setup(gitLine({ branch: "feature/a.b" }));
  expect(run.receipt).toBe(true);
  expect(run.checks.git).toMatchObject({ state: "done" });
  expect(run.checks.clone).toEqual(expect.objectContaining({ state: "done", code: null }));
  expect(await personGit("-C", "work/infra", "branch", "--show-current")).toBe("feature/a.b");
  expect(await personGit("-C", "work/infra", "status", "--porcelain")).toBe("");
  expect(await personGit("-C", "work/infra", "remote", "get-url", "origin")).toBe(server.url("team/infra"));
  expect(pod.mode("work/infra/README.md")).toBe("644");
  expect(await personGit("ls-remote", server.url("team/other"))).toContain("refs/heads/main");
  await personGit("-C", "work/infra", "push", "--quiet", "origin", "HEAD:refs/heads/pushed");
  expect(git(join(root, "team/infra.git"), "rev-parse", "pushed")).not.toBe("");
  const elsewhere = await startHttpGitServer({
    root,
    users: [{ name: "x-access-token", password: token, write: true }],
  });
  await expect(personGit("ls-remote", elsewhere.url("team/other"))).rejects.toThrow(/could not read Username/);
  await elsewhere.close();
});

test("a person's other account at the same host is not answered for", async () => {
  await pod.setup(gitLine());
  const other = server.url("team/other").replace("//", "//somebody@");
  await expect(personGit("ls-remote", other)).rejects.toThrow(/could not read Password/);
});

test("a repository without a commit is cloned, on the branch that is wanted", async () => {
  const run = await pod.setup(gitLine({ url: server.url("team/empty"), branch: "first" }));
  expect(run.checks.clone).toMatchObject({ state: "done" });
  expect(await personGit("-C", "work/infra", "symbolic-ref", "HEAD")).toBe("refs/heads/first");
});

test("a workspace that is there: the same repository is fetched and left alone; anything else is left and said", async () => {
  await pod.setup(gitLine());
  pod.write("work/infra/README.md", "mine\n");
  const bare = join(root, "team/infra.git");
  git(bare, "branch", "-f", "later", "main");
  const again = await pod.setup(gitLine());
  expect(again.checks.clone).toMatchObject({ state: "done" });
  expect(pod.read("work/infra/README.md")).toBe("mine\n");
  expect(await personGit("-C", "work/infra", "branch", "-r")).toContain("origin/later");
  const other = await pod.setup(gitLine({ url: server.url("team/other") }));
  expect(other.checks.clone).toMatchObject({ state: "conflict", code: "WORKSPACE_OCCUPIED" });
  expect(pod.read("work/infra/README.md")).toBe("mine\n");
  expect(await personGit("-C", "work/infra", "remote", "get-url", "origin")).toBe(server.url("team/infra"));
});

test("what is taken away in the settings is taken away here, and the clone stays", async () => {
  await pod.setup(gitLine());
  const run = await pod.setup(makeLine(edge.url, { person: { name: null, email: null } }));
  expect(run.checks.git).toMatchObject({ state: "skipped", code: null });
  expect(pod.has(".local/state/limpet/git/token")).toBe(false);
  expect(pod.has("work/infra/README.md")).toBe(true);
  await expect(personGit("ls-remote", server.url("team/other"))).rejects.toThrow(/could not read Username/);
  await expect(personGit("config", "user.name")).rejects.toThrow();
});

test("a clone that was broken off leaves nothing in the workspace and is begun anew", async () => {
  // The pack never ends: the person's settings change meanwhile, and the exec is ended.
  server.intercept((request, response) => {
    if (!request.url?.endsWith("git-upload-pack") || request.method !== "POST") return false;
    const isFetch = request.headers["content-length"] === undefined || Number(request.headers["content-length"]) > 250;
    if (isFetch) response.writeHead(200, { "content-type": "application/x-git-upload-pack-result" }).write("0");
    return isFetch;
  });
  const first = pod.start(gitLine());
  await expect.poll(() => pod.has(".local/state/limpet/clone"), { timeout: 20_000 }).toBe(true);
  first.child.kill("SIGTERM");
  expect((await first.ended).receipt).toBe(false);
  expect(pod.has("work/infra")).toBe(false);
  server.intercept(null);
  const second = await pod.setup(gitLine());
  expect(second.checks.clone).toMatchObject({ state: "done" });
  expect(pod.has(".local/state/limpet/clone")).toBe(false);
});

/** Each failure of reaching the repository: its code, and a part of what really went wrong. */
const failures: readonly { name: string; code: string; says: RegExp; line: () => SetupLine; before?: () => void }[] = [
  {
    name: "a wrong token",
    code: "GIT_TOKEN_REFUSED",
    says: /invalid credentials|Authentication failed/,
    line: () => gitLine({ token: { user: "x-access-token", token: "tok-of-yesterday" } }),
  },
  {
    name: "no token where one is wanted",
    code: "GIT_SIGN_IN_NEEDED",
    says: /sign in|could not read Username/,
    line: () => gitLine({ token: null }),
  },
  {
    name: "no such repository",
    code: "GIT_NOT_FOUND",
    says: /not found/,
    line: () => gitLine({ url: server.url("team/none") }),
  },
  {
    name: "a forge that forbids",
    code: "GIT_FORBIDDEN",
    says: /403/,
    line: () => gitLine(),
    before: () => server.intercept((_, response) => response.writeHead(403).end() !== undefined),
  },
  {
    name: "a redirect",
    code: "GIT_REDIRECTED",
    says: /30[12]/,
    line: () => gitLine(),
    before: () =>
      server.intercept((request, response) => {
        response.writeHead(302, { location: `http://127.0.0.1:1${request.url}` }).end();
        return true;
      }),
  },
  {
    name: "a port where nobody listens",
    code: "GIT_HOST_UNREACHABLE",
    says: /connect/i,
    line: () => gitLine({ url: "http://127.0.0.1:9/team/infra.git" }),
  },
  {
    name: "a host that does not exist",
    code: "GIT_HOST_UNREACHABLE",
    says: /resolve/,
    line: () => gitLine({ url: "https://nobody.invalid/team/infra.git" }),
  },
  {
    name: "a proxy that is not there",
    code: "GIT_PROXY",
    says: /proxy/i,
    line: () =>
      gitLine(
        { url: "https://forge.invalid/team/infra.git" },
        { company: { ...makeLine("").company, httpsProxy: "http://proxy.invalid:3128" } },
      ),
  },
  {
    name: "an address that is neither https nor ssh",
    code: "GIT_URL_REFUSED",
    says: /https/,
    line: () => gitLine({ url: `file://${root}/team/infra.git` }),
  },
  {
    name: "http to anywhere but this machine",
    code: "GIT_URL_REFUSED",
    says: /https/,
    line: () => gitLine({ url: "http://example.com/team/infra.git" }),
  },
  {
    name: "an address that git would take for an option",
    code: "GIT_URL_REFUSED",
    says: /https/,
    line: () => gitLine({ url: "--upload-pack=touch /tmp/x" }),
  },
];

test.each(failures)("$name: $code", async ({ code, says, line, before }) => {
  before?.();
  const run = await pod.setup(line());
  expect(run.receipt).toBe(true);
  expect(run.code).toBe(1);
  expect(run.checks.git).toMatchObject({ state: "failed", code, text: expect.stringMatching(says) });
  expect(run.checks.clone).toMatchObject({ state: "skipped", code: "GIT_NOT_REACHED" });
  expect(pod.has("work")).toBe(false);
});

test("a branch that is not there: GIT_BRANCH_NOT_FOUND, and nothing is cloned", async () => {
  // `.` is no wildcard in a branch's name.
  const run = await pod.setup(gitLine({ branch: "feature/aXb" }));
  expect(run.checks.clone).toMatchObject({ state: "failed", code: "GIT_BRANCH_NOT_FOUND" });
  expect(pod.has("work/infra")).toBe(false);
});

test("http to this machine is for the local environment alone", async () => {
  const run = await pod.setup(gitLine(), { LIMPET_LOCAL: "" });
  expect(run.checks.git).toMatchObject({ state: "failed", code: "GIT_URL_REFUSED" });
});

test("a server that never answers: GIT_TIMEOUT within the limit", async () => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const at = silent.address();
  const port = typeof at === "object" && at !== null ? at.port : 0;
  const run = await pod.setup(gitLine({ url: `http://127.0.0.1:${port}/a.git` }), { LIMPET_GIT_SECONDS: "1" });
  silent.close();
  expect(run.checks.git).toMatchObject({ state: "failed", code: "GIT_TIMEOUT" });
});

test("a company's own certificate: GIT_TLS without it, and git, curl and new shells take it", async () => {
  const { key, cert } = makeCertificate();
  const users = [{ name: "x-access-token", password: token, write: true }];
  const secure = await startHttpGitServer({ root, users, tls: { key, cert } });
  const given = { url: secure.url("team/infra") };
  const stranger = await pod.setup(gitLine(given));
  expect(stranger.checks.git).toMatchObject({
    state: "failed",
    code: "GIT_TLS",
    text: expect.stringMatching(/certificate/),
  });
  const company = { ...makeLine("").company, caBundle: cert };
  const known = await pod.setup(gitLine(given, { company }));
  expect(known.checks.clone).toMatchObject({ state: "done" });
  expect(await personGit("ls-remote", secure.url("team/other"))).toContain("refs/heads/main");
  const script = `. .local/state/limpet/environment; curl -sS -o /dev/null -w '%{http_code}' https://127.0.0.1:${secure.port}/`;
  const { stdout: status } = await execute("sh", ["-c", script], {
    cwd: pod.home,
    env: { PATH: pod.env["PATH"] ?? "" },
    encoding: "utf8",
  });
  expect(status).toBe("401");
  const gone = await pod.setup(gitLine(given));
  expect(gone.checks.git).toMatchObject({ code: "GIT_TLS" });
  expect(pod.has(".local/state/limpet/ca.pem")).toBe(false);
  await secure.close();
});

test.each(["../escape", "/etc/x", "a/../../b", ".", "a//b"])(
  "a workspace outside the home is none: %s",
  async (workspace) => {
    const run = await pod.setup(gitLine({ workspace }));
    expect(run.checks.clone).toMatchObject({ state: "failed", code: "WORKSPACE_INVALID" });
  },
);

test("a fetch of ours writes no branch of the person's, whatever their refspecs say, and takes nothing away", async () => {
  await pod.setup(gitLine());
  pod.write("work/infra/README.md", "mine\n");
  await personGit("-C", "work/infra", "-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "-qam", "mine");
  const mine = await personGit("-C", "work/infra", "rev-parse", "HEAD");
  await personGit("-C", "work/infra", "branch", "kept");
  await personGit("-C", "work/infra", "switch", "-q", "--detach");
  for (const [name, value] of [
    ["remote.origin.fetch", "+refs/heads/*:refs/heads/*"],
    ["fetch.prune", "true"],
    ["remote.origin.tagOpt", "--tags"],
  ] as const) {
    await personGit("-C", "work/infra", "config", name, value);
  }
  git(join(root, "team/infra.git"), "branch", "-f", "mirrored", "main");
  const run = await pod.setup(gitLine());
  expect(run.checks.clone).toMatchObject({ state: "done" });
  expect(await personGit("-C", "work/infra", "rev-parse", "main", "kept")).toBe(`${mine}\n${mine}`);
  expect(await personGit("-C", "work/infra", "branch", "-r")).toContain("origin/mirrored");
  // What they narrowed it to stays narrow.
  await personGit("-C", "work/infra", "config", "remote.origin.fetch", "+refs/heads/main:refs/remotes/origin/main");
  git(join(root, "team/infra.git"), "branch", "-f", "not-wanted", "main");
  await pod.setup(gitLine());
  expect(await personGit("-C", "work/infra", "branch", "-r")).not.toContain("not-wanted");
});

test("a fetch of ours runs no program that the repository's own settings name, and shows none the token", async () => {
  await pod.setup(gitLine());
  const log = join(pod.root, "ran");
  pod.write("hooks/reference-transaction", `#!/bin/sh\necho "hook" >>'${log}'\n`, 0o755);
  const settings = {
    "core.hooksPath": pod.path("hooks"),
    "core.fsmonitor": `echo fsmonitor >>'${log}'; false #`,
    "credential.helper": `!f() { echo "helper $1" >>'${log}'; cat >>'${log}'; }; f`,
  };
  for (const [name, value] of Object.entries(settings)) await personGit("-C", "work/infra", "config", name, value);
  git(join(root, "team/infra.git"), "branch", "-f", "for-hooks", "main");
  const run = await pod.setup(gitLine());
  expect(run.checks.clone).toMatchObject({ state: "done" });
  expect(await personGit("-C", "work/infra", "branch", "-r")).toContain("origin/for-hooks");
  expect(existsSync(log) ? readFileSync(log, "utf8") : "").toBe("");
});
