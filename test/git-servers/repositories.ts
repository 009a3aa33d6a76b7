// Owns making the bare repositories that the test's git servers serve, and looking into them.
// Must not know who serves them.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Files by path; a value is what is in it. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** git without anybody's settings; its output without the last newline. @throws Error with what git said */
export function git(folder: string, ...args: readonly string[]): string {
  const out = execFileSync("git", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env });
  return out.replace(/\n$/, "");
}

const person = { name: "A Person", email: "person@example.com", date: "2026-01-01T12:00:00Z" };
const env = {
  PATH: process.env["PATH"] ?? "",
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_AUTHOR_NAME: person.name,
  GIT_AUTHOR_EMAIL: person.email,
  GIT_AUTHOR_DATE: person.date,
  GIT_COMMITTER_NAME: person.name,
  GIT_COMMITTER_EMAIL: person.email,
  GIT_COMMITTER_DATE: person.date,
};

/**
 * Makes the bare repository `ROOT/NAME.git` with a commit of `files` on `main`, and one more on each of `branches`.
 * @returns its path
 */
export function makeRepository(
  root: string,
  name: string,
  {
    files = { "README.md": "# A repository\n" },
    branches = {},
  }: { files?: Files; branches?: Record<string, Files> } = {},
): string {
  const bare = join(root, `${name}.git`);
  mkdirSync(dirname(bare), { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "limpet-repository-"));
  try {
    git(work, "init", "-q", "-b", "main");
    commit(work, files, "A beginning");
    for (const [branch, more] of Object.entries(branches)) {
      git(work, "checkout", "-q", "-b", branch, "main");
      commit(work, more, `More on ${branch}`);
    }
    git(work, "checkout", "-q", "main");
    git(root, "clone", "-q", "--bare", work, bare);
    git(bare, "remote", "remove", "origin");
  } finally {
    rmSync(work, { recursive: true });
  }
  return bare;
}

function commit(work: string, files: Files, message: string): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(work, path)), { recursive: true });
    writeFileSync(join(work, path), content);
  }
  git(work, "add", "-A");
  git(work, "commit", "-q", "-m", message);
}
