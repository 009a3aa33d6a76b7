// Owns how long a save of a repository of 10,000 files takes: with one change, and with none.
// Must not know the table they end up in. The person's host is a bare repository on this disk: what is measured is the save.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { median } from "./measure.ts";
import type { Row } from "./report.ts";

const script = resolve(import.meta.dirname, "../cluster/image/save-repository");
const files = 10_000;
const run = promisify(execFile);

/** Two rows: medians of `rounds` saves each. */
export async function measureSaves(rounds: number): Promise<readonly Row[]> {
  const root = await mkdtemp(join(tmpdir(), "limpet-bench-save-"));
  try {
    const home = join(root, "home");
    const work = join(home, "work");
    const env = { PATH: process.env["PATH"] ?? "", HOME: home, GIT_AUTHOR_NAME: "A", GIT_AUTHOR_EMAIL: "a@b" };
    const git = (...args: readonly string[]): Promise<unknown> =>
      run("git", ["-C", work, ...args], { env: { ...env, GIT_COMMITTER_NAME: "A", GIT_COMMITTER_EMAIL: "a@b" } });
    await writeFiles(work);
    await writeSettings(home, join(root, "upstream.git"));
    await run("git", ["init", "-q", "--bare", "-b", "main", join(root, "upstream.git")], { env });
    await git("init", "-q", "-b", "main");
    await git("remote", "add", "origin", join(root, "upstream.git"));
    await git("add", "-A");
    await git("commit", "-q", "-m", "all of it");
    await git("push", "-q", "-u", "origin", "main");
    // A person's git has looked at it before any save does.
    await git("status");

    const saveMs = async (expected: string): Promise<number> => {
      const startMs = performance.now();
      const { stdout } = await run("/bin/sh", [script, "push", work], { env });
      const ms = performance.now() - startMs;
      if (!stdout.includes(`"state":"${expected}"`)) throw new Error(`The save was not ${expected}: ${stdout}`);
      return ms;
    };
    await writeFile(join(work, "dir-0/file-0.txt"), "the first change\n");
    await saveMs("saved");
    await saveMs("unchanged");
    const changed: number[] = [];
    const unchanged: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      await writeFile(join(work, `dir-${round + 1}/file-${round}.txt`), `changed in round ${round}\n`);
      changed.push(await saveMs("saved"));
      // The first look after a change settles the index's times.
      await saveMs("unchanged");
      unchanged.push(await saveMs("unchanged"));
    }
    const way = "upstream, 10,000 files";
    return [
      { what: "save, one change", way, value: median(changed), unit: "ms", target: { most: 1_000 } },
      { what: "save, none", way, value: median(unchanged), unit: "ms", target: { most: 200 } },
    ];
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function writeFiles(work: string): Promise<void> {
  const perFolder = 100;
  for (let folder = 0; folder < files / perFolder; folder += 1) {
    const path = join(work, `dir-${folder}`);
    await mkdir(path, { recursive: true });
    await Promise.all(
      Array.from({ length: perFolder }, (_, file) =>
        writeFile(join(path, `file-${file}.txt`), `file ${file} of folder ${folder}\n`.repeat(20)),
      ),
    );
  }
}

async function writeSettings(home: string, url: string): Promise<void> {
  const state = join(home, ".local/state/limpet");
  await mkdir(state, { recursive: true, mode: 0o700 });
  const save = { key: "5a".repeat(32), fileLimitBytes: 50 * 1024 * 1024 };
  const git = { url, branch: null, workspace: "work", saveUpstream: true };
  await writeFile(join(state, "config.json"), JSON.stringify({ version: 1, shell: { id: "bench" }, git, save }), {
    mode: 0o600,
  });
}
