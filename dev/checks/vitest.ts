// Owns one run of vitest over some kinds of tests: shown, and counted when it is over.
// Must not know the tests.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseResults, type TestResults } from "./results.ts";

export interface VitestRun {
  /** Parts of the names of files; none: all of them. */
  readonly filters?: readonly string[];
  /** As it goes; else when it is over, in one piece. */
  readonly isShown?: boolean;
  /** Everybody else on this machine goes first. */
  readonly isPatient?: boolean;
}

/** @param projects names of test/vitest.config.ts */
export async function runVitest(
  root: string,
  projects: readonly string[],
  { filters = [], isShown = true, isPatient = false }: VitestRun = {},
): Promise<TestResults> {
  const folder = await mkdtemp(join(tmpdir(), "limpet-results-"));
  const file = join(folder, "results.json");
  try {
    const reporters = ["--reporter=default", "--reporter=./dev/checks/results-reporter.ts"];
    const kinds = projects.flatMap((project) => ["--project", project]);
    const vitest = ["vitest", "run", "--config", "test/vitest.config.ts", ...kinds, ...reporters, ...filters];
    const [program = "", ...args] = isPatient ? ["nice", "-n", "10", ...vitest] : vitest;
    const child = spawn(program, args, {
      cwd: root,
      stdio: isShown ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
      env: { ...process.env, LIMPET_TEST_RESULTS: file },
    });
    const said: Buffer[] = [];
    child.stdout?.on("data", (piece: Buffer) => said.push(piece));
    child.stderr?.on("data", (piece: Buffer) => said.push(piece));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    process.stdout.write(Buffer.concat(said));
    const results = parseResults(await readFile(file, "utf8").catch(() => ""));
    // A run that broke off, or that vitest calls failed for a reason of its own, is never taken for a good one.
    if (results === null) return { passed: 0, failed: 1, skipped: [] };
    return code !== 0 && results.failed === 0 ? { ...results, failed: 1 } : results;
  } finally {
    await rm(folder, { recursive: true });
  }
}
