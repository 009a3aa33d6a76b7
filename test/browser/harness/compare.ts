// Owns comparing what the page shows with what tmux has: screens when both are at rest, lines as far as both keep them.
// Must not know how either is asked.

import { expect } from "vitest";
import type { PodTmux } from "./pod-tmux.ts";
import type { ShellPage } from "./shell-page.ts";
import { until } from "./until.ts";

/** The page draws a moment after tmux knows: so the two are compared until they agree. */
export async function expectSameScreen(shell: ShellPage, tmux: PodTmux): Promise<void> {
  await until(
    "the screen to be as tmux has it",
    async () => ({ seen: await shell.rows(), truth: await tmux.rows() }),
    ({ seen, truth }) => firstDifference(seen, truth) === null,
  );
}

/**
 * The last lines are equal, as far back as both keep them, and that is at least `least` lines. The oldest common line is
 * left out: it may be the end of a line that was cut.
 */
export function expectSameTail(seen: readonly string[], truth: readonly string[], least: number): void {
  const common = Math.min(seen.length, truth.length) - 1;
  expect(common).toBeGreaterThanOrEqual(least);
  expect(firstDifference(seen.slice(-common), truth.slice(-common))).toBeNull();
}

/** `null`, or where the two part, with a few lines around it: a whole diff of thousands of lines helps nobody. */
export function firstDifference(
  seen: readonly string[],
  truth: readonly string[],
): { readonly at: number; readonly seen: readonly string[]; readonly truth: readonly string[] } | null {
  const at = seen.findIndex((line, index) => line !== truth[index]);
  if (at < 0 && seen.length >= truth.length) return null;
  const place = at < 0 ? seen.length : at;
  const around = (lines: readonly string[]) => lines.slice(Math.max(0, place - 2), place + 4);
  return { at: place, seen: around(seen), truth: around(truth) };
}
