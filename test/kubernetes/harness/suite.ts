// Owns a run of tests of another kind as they stand, in a process of its own, told by variables what to run on.
// Must not know the tests, nor the variables.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { field, listOf } from "./json.ts";

const root = resolve(import.meta.dirname, "../../..");

export interface SuiteWish {
  /** Of test/vitest.config.ts. */
  readonly project: string;
  /** Of a file or folder, relative to the repository. */
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  readonly limitMs: number;
}

export interface SuiteResult {
  readonly passed: number;
  /** Titles. */
  readonly skipped: readonly string[];
  /** `FILE > TEST: what went wrong`, each at most 1,000 characters. */
  readonly failures: readonly string[];
}

/** @throws Error with its last words where it ended without a report, or broke off before its tests */
export async function runSuite({ project, path, env, limitMs }: SuiteWish): Promise<SuiteResult> {
  const folder = await mkdtemp(join(tmpdir(), "limpet-suite-"));
  const file = join(folder, "report.json");
  const options = ["--project", project, "--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
  const program = join(root, "node_modules/vitest/vitest.mjs");
  const args = [program, "run", "--config", "test/vitest.config.ts", ...options, path];
  // SIGINT: what a suite has started is ended by itself.
  const how = { cwd: root, env: { ...ownEnvironment(), ...env }, timeout: limitMs, killSignal: "SIGINT" } as const;
  try {
    const said = await new Promise<string>((done) => {
      execFile(process.execPath, args, { ...how, maxBuffer: 64 * 1024 * 1024 }, (error, out, errors) =>
        done(`${error?.message ?? ""}\n${out}\n${errors}`.slice(-2_000)),
      );
    });
    const text = await readFile(file, "utf8").catch(() => null);
    if (text === null) throw new Error(`${path} left no report: ${said}`);
    const report: unknown = JSON.parse(text);
    const result = parseReport(report);
    // What breaks before the first test is in no test's place.
    if (field(report, "success") !== true && result.failures.length === 0)
      throw new Error(`${path} broke off: ${said}`);
    return result;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Without what vitest tells its own children. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV$|NODE_OPTIONS$|CONTRACT_)/.test(name));
  return Object.fromEntries(own);
}

/** Of vitest's JSON reporter, which writes as jest's does. */
function parseReport(report: unknown): SuiteResult {
  const tests = listOf(report, "testResults").flatMap((file) => {
    const results = listOf(file, "assertionResults");
    // One that did not even begin has no tests, and a message of its own.
    const broken = results.length === 0 && field(file, "status") === "failed";
    return broken
      ? [{ file, test: { status: "failed", title: "(all of it)", failureMessages: [field(file, "message")] } }]
      : results.map((test) => ({ file, test }));
  });
  const having = (status: string) => tests.filter(({ test }) => field(test, "status") === status);
  const [passed, failed] = [having("passed"), having("failed")];
  return {
    passed: passed.length,
    skipped: tests
      .filter((test) => !passed.includes(test) && !failed.includes(test))
      .map(({ test }) => String(field(test, "title"))),
    failures: failed.map(({ file, test }) => {
      const name = String(field(file, "name")).split("/").at(-1);
      return `${name} > ${String(field(test, "title"))}: ${listOf(test, "failureMessages").join(" ")}`.slice(0, 1_000);
    }),
  };
}
