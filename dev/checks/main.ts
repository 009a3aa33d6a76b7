// Owns `npm test`: every check and every kind of test, which of them share the machine, and the sum at the end.
// Must not know what any of them looks for.

import { resolve } from "node:path";
import { checks } from "./checks.ts";
import type { TestResults } from "./results.ts";
import { runVitest } from "./vitest.ts";

const root = resolve(import.meta.dirname, "../..");

/** Kinds of tests that one run of vitest takes together. */
type Run = readonly string[];

/**
 * The stages come one after the other; the lanes of a stage at the same time; the runs of a lane one after the other.
 * What runs its files one by one waits more than it computes and has a lane of its own. The browser's tests are a person
 * with a person's patience: beside them nothing else runs.
 */
const stages: readonly (readonly (readonly Run[])[])[] = [
  [[["unit", "tmux", "contract", "pod", "ingress"]], [["worker"], ["reaping"], ["start"]]],
  [[["browser"]]],
];

/** @param wanted names of checks and kinds of tests; none: all of them */
async function main(wanted: readonly string[]): Promise<number> {
  const known = [...Object.keys(checks), ...stages.flat(3)];
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
  for (const stage of stages) {
    const lanes = stage
      .map((lane) => lane.map((run) => run.filter(isWanted)).filter((run) => run.length > 0))
      .filter((lane) => lane.length > 0);
    const ended = await Promise.all(lanes.map((lane, index) => runLane(lane, index === 0)));
    for (const results of ended.flat()) {
      passed += results.passed;
      failed += results.failed;
      skipped.push(...results.skipped);
    }
  }
  if (skipped.length > 0) {
    console.log(`Skipped, ${skipped.length}:`);
    for (const { name, reason } of skipped) console.log(`  ${name}: ${reason ?? "no reason was given"}`);
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

/** @param isFirst of a stage: it is shown as it goes; the others run by run, so that no failure is torn apart. */
async function runLane(lane: readonly Run[], isFirst: boolean): Promise<TestResults[]> {
  const ended: TestResults[] = [];
  for (const projects of lane) {
    console.log(`· Tests: ${projects.join(", ")}${isFirst ? "" : " (shown when they are over)"}`);
    ended.push(await runVitest(root, projects, [], isFirst ? "as it goes" : "when it is over"));
  }
  return ended;
}

process.exitCode = await main(process.argv.slice(2));
