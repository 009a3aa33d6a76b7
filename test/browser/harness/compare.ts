// Owns comparing what two places keep of the same lines, when each keeps only so many.
// Must not know where the lines come from.

import { expect } from "vitest";

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
