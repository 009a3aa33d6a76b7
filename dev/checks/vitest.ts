// Owns one run of vitest over some kinds of tests: shown as it goes, counted when it is over.
// Must not know the tests.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseResults, type TestResults } from "./results.ts";

/**
 * @param projects names of test/vitest.config.ts
 * @param filters parts of the names of files; none: all of them
 */
export async function runVitest(
  root: string,
  projects: readonly string[],
  filters: readonly string[] = [],
): Promise<TestResults> {
  const folder = await mkdtemp(join(tmpdir(), "limpet-results-"));
  const file = join(folder, "results.json");
  try {
    const reporters = ["--reporter=default", "--reporter=./dev/checks/results-reporter.ts"];
    const kinds = projects.flatMap((project) => ["--project", project]);
    const child = spawn("vitest", ["run", "--config", "test/vitest.config.ts", ...kinds, ...reporters, ...filters], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit"],
      env: { ...process.env, LIMPET_TEST_RESULTS: file },
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", resolve);
    });
    const results = parseResults(await readFile(file, "utf8").catch(() => ""));
    // A run that broke off, or that vitest calls failed for a reason of its own, is never taken for a good one.
    if (results === null) return { passed: 0, failed: 1, skipped: [] };
    return code !== 0 && results.failed === 0 ? { ...results, failed: 1 } : results;
  } finally {
    await rm(folder, { recursive: true });
  }
}
