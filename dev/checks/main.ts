// Owns `npm test`: every check and every kind of test, one after the other, and the sum at the end.
// Must not know what any of them looks for.

import { resolve } from "node:path";
import { checks } from "./checks.ts";
import type { TestResults } from "./results.ts";
import { runVitest } from "./vitest.ts";

const root = resolve(import.meta.dirname, "../..");

/** Kinds of tests that may run at the same time; `start` has the machine to itself. */
const testRuns = [["unit", "tmux", "contract", "worker", "pod", "ingress"], ["reaping"], ["start"], ["browser"]];

/** @param wanted names of checks and kinds of tests; none: all of them */
async function main(wanted: readonly string[]): Promise<number> {
  const known = [...Object.keys(checks), ...testRuns.flat()];
  const unknown = wanted.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no ${unknown.join(", ")}. There is: ${known.join(", ")}.`);
    return 64;
  }
  const isWanted = (name: string): boolean => wanted.length === 0 || wanted.includes(name);
  let passed = 0;
  let failed = 0;
  const skipped: TestResults["skipped"][number][] = [];
  for (const [name, check] of Object.entries(checks).filter(([name]) => isWanted(name))) {
    const startedMs = Date.now();
    const seconds = (): string => `${((Date.now() - startedMs) / 1000).toFixed(1)} s`;
    try {
      const word = await check(root);
      passed += 1;
      console.log(`✓ ${name}: ${word} (${seconds()})`);
    } catch (error) {
      failed += 1;
      console.log(`✗ ${name} (${seconds()})\n${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  for (const projects of testRuns.map((run) => run.filter(isWanted)).filter((run) => run.length > 0)) {
    console.log(`· Tests: ${projects.join(", ")}`);
    const results = await runVitest(root, projects);
    passed += results.passed;
    failed += results.failed;
    skipped.push(...results.skipped);
  }
  if (skipped.length > 0) {
    console.log(`Skipped, ${skipped.length}:`);
    for (const { name, reason } of skipped) console.log(`  ${name}: ${reason ?? "no reason was given"}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
