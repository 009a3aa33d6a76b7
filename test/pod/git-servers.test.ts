// Owns the proof that the tests' git servers are what they say: real git, sign-in on, read-only where it is said.
// Must not know the scripts of the pod.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type HttpGitServer, startHttpGitServer } from "../git-servers/http-git-server.ts";
import { git, makeRepository } from "../git-servers/repositories.ts";
import { makeKeyPair, type SshGitServer, startSshGitServer } from "../git-servers/ssh-git-server.ts";
import { findSshd } from "../git-servers/sshd.ts";

const run = promisify(execFile);
const root = mkdtempSync(join(tmpdir(), "limpet-git-"));

beforeAll(() => {
  makeRepository(root, "team/infra", { files: { "main.tf": "terraform {}\n" }, branches: { next: { "next.tf": "" } } });
});
afterAll(() => rmSync(root, { recursive: true }));

/** What git says when it fails, else nothing. */
async function tryGit(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const quiet = { PATH: process.env["PATH"] ?? "", HOME: root, GIT_TERMINAL_PROMPT: "0", LC_ALL: "C", ...env };
  return run("git", args, { env: quiet }).then(
    () => "",
    (error: Error) => error.message,
  );
}

describe("over http", () => {
  let server: HttpGitServer;
  const withUser = (user: string, url: string): string => url.replace("//", `//${user}@`);

  beforeEach(async () => {
    server = await startHttpGitServer({
      root,
      users: [
        { name: "writer", password: "right", write: true },
        { name: "reader", password: "right", write: false },
      ],
    });
    return () => server.close();
  });

  test("clones and pushes with the right password, whatever the size of the body", async () => {
    const work = mkdtempSync(join(root, "work-"));
    expect(await tryGit(["clone", "-q", withUser("writer:right", server.url("team/infra")), work])).toBe("");
    // Above http.postBuffer (1 MiB) git sends it in chunks.
    writeFileSync(join(work, "large"), Buffer.alloc(3 * 1024 * 1024, Math.random().toString(36)));
    git(work, "checkout", "-q", "-b", "large");
    git(work, "add", "large");
    git(work, "commit", "-q", "-m", "Large");
    expect(await tryGit(["-C", work, "push", "-q", "origin", "large"])).toBe("");
    expect(git(join(root, "team/infra.git"), "rev-parse", "large")).toBe(git(work, "rev-parse", "HEAD"));
    expect(server.requests.at(-1)).toMatchObject({ user: "writer", status: 200 });
  });

  test("refuses a wrong password, no password, a reader's push, and knows no other repository", async () => {
    const wish = ["ls-remote"];
    expect(await tryGit([...wish, withUser("writer:wrong", server.url("team/infra"))])).toContain(
      "Authentication failed",
    );
    expect(await tryGit([...wish, server.url("team/infra")])).toContain("could not read Username");
    expect(await tryGit([...wish, withUser("writer:right", server.url("team/none"))])).toContain("not found");
    const push = ["-C", join(root, "team/infra.git"), "push", withUser("reader:right", server.url("team/infra"))];
    expect(await tryGit([...push, "main:refs/heads/other"])).toContain("403");
  });
});

describe("over ssh", () => {
  const keys = { writer: makeKeyPair(), reader: makeKeyPair(), stranger: makeKeyPair() };
  let server: SshGitServer;

  beforeEach(async (context) => {
    const sshd = findSshd();
    if ("missing" in sshd) return context.skip(sshd.missing);
    server = await startSshGitServer({
      root,
      keys: [
        { publicKey: keys.writer.publicKey, write: true },
        { publicKey: keys.reader.publicKey, write: false },
      ],
    });
    return () => server.close();
  });

  /** ssh with one key, and the server's host keys as they were when this is called. */
  function withKey(privateKey: string): { GIT_SSH_COMMAND: string } {
    const folder = mkdtempSync(join(root, "ssh-"));
    writeFileSync(join(folder, "key"), privateKey, { mode: 0o600 });
    writeFileSync(join(folder, "known"), server.knownHosts());
    const options = `-o IdentitiesOnly=yes -o BatchMode=yes -o UserKnownHostsFile=${folder}/known`;
    return { GIT_SSH_COMMAND: `ssh -F none -i ${folder}/key ${options}` };
  }

  test("serves the keys that it knows, the reader's for reading", async () => {
    const work = mkdtempSync(join(root, "work-"));
    expect(await tryGit(["clone", "-q", server.url("team/infra"), work], withKey(keys.reader.privateKey))).toBe("");
    git(work, "commit", "-q", "--allow-empty", "-m", "Empty");
    const push = ["-C", work, "push", "-q", "origin", "HEAD:refs/heads/over-ssh"];
    expect(await tryGit(push, withKey(keys.reader.privateKey))).toContain("read only");
    expect(await tryGit(push, withKey(keys.writer.privateKey))).toBe("");
    expect(server.log()).toContain("Accepted publickey for git");
  });

  test("refuses a stranger's key, other repositories, and is not itself under another host key", async () => {
    const wish = ["ls-remote", server.url("team/infra")];
    expect(await tryGit(wish, withKey(keys.stranger.privateKey))).toContain("Permission denied (publickey)");
    const none = await tryGit(["ls-remote", server.url("../etc")], withKey(keys.writer.privateKey));
    expect(none).toContain("Repository not found");
    const known = withKey(keys.writer.privateKey);
    server.changeHostKey();
    expect(await tryGit(wish, known)).toContain("REMOTE HOST IDENTIFICATION HAS CHANGED");
  });
});
