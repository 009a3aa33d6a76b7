// Owns `npm test`: every check and every kind of test, which of them share the machine, and the sum at the end.
// Must not know what any of them looks for.

import { resolve } from "node:path";
import { checks } from "./checks.ts";
import type { TestResults } from "./results.ts";
import { runVitest } from "./vitest.ts";

const root = resolve(import.meta.dirname, "../..");

interface Lane {
  /** One after the other; each is the kinds of tests that one run of vitest takes together. */
  readonly runs: readonly (readonly string[])[];
  /** Shown as it goes; of the others each run when it is over, so that no failure is torn apart. */
  readonly isShown?: boolean;
  /** Takes what the others leave of the machine. */
  readonly isPatient?: boolean;
}

/**
 * All at the same time. What runs its files one by one waits more than it computes, and has a lane of its own. A person's
 * patience is measured in none of the seeded proofs, so they make room for all others.
 */
const lanes: readonly Lane[] = [
  { runs: [["unit", "tmux", "contract", "pod", "ingress"], ["start"], ["browser"]], isShown: true },
  { runs: [["worker"], ["reaping"]] },
  { runs: [["proof"]], isPatient: true },
];

/** @param wanted names of checks and kinds of tests; none: all of them */
async function main(wanted: readonly string[]): Promise<number> {
  const known = [...Object.keys(checks), ...lanes.flatMap(({ runs }) => runs.flat())];
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
  const wantedLanes = lanes
    .map((lane) => ({ ...lane, runs: lane.runs.map((run) => run.filter(isWanted)).filter((run) => run.length > 0) }))
    .filter(({ runs }) => runs.length > 0);
  const [only] = wantedLanes.length === 1 ? wantedLanes : [];
  const shownLanes = only === undefined ? wantedLanes : [{ ...only, isShown: true }];
  for (const results of (await Promise.all(shownLanes.map(runLane))).flat()) {
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

async function runLane({ runs, isShown = false, isPatient = false }: Lane): Promise<TestResults[]> {
  const ended: TestResults[] = [];
  for (const projects of runs) {
    console.log(`· Tests: ${projects.join(", ")}${isShown ? "" : " (shown when they are over)"}`);
    ended.push(await runVitest(root, projects, { isShown, isPatient }));
  }
  return ended;
}

process.exitCode = await main(process.argv.slice(2));
