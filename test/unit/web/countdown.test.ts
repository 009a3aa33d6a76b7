// Owns the tests of when the page counts down, and what it says then.
// Must not know the page.

import { describe, expect, test } from "vitest";
import { countdownOf, endOf, nextCountMs, spokenCountdown } from "../../../web/state/countdown.ts";

const minute = 60_000;
const warnMs = 15 * minute;
/** An arbitrary moment of the page's clock. */
const nowMs = 1_800_000_000_000;

const end = (leftMs: number, extendableMs: number) => ({
  atMs: nowMs + leftMs,
  untilMs: nowMs + leftMs + extendableMs,
});

describe("endOf", () => {
  test.each([
    ["the same clock", 0],
    ["a page that is five minutes ahead", 5 * minute],
    ["a page that is an hour behind", -60 * minute],
  ])("%s: as much is left as the object says", (_name, ahead) => {
    const now = nowMs - ahead;
    expect(endOf({ at: now + 10 * minute, until: now + 20 * minute, now }, nowMs)).toEqual(
      end(10 * minute, 10 * minute),
    );
  });

  test("no end is set", () => expect(endOf({ at: null, until: null, now: nowMs }, nowMs)).toBeNull());

  test("no bound is known: it is taken for the end", () => {
    expect(endOf({ at: nowMs + minute, until: null, now: nowMs }, nowMs)).toEqual(end(minute, 0));
  });
});

describe("countdownOf", () => {
  test.each<[string, number, string | null]>([
    ["not while the end is far away", 15 * minute + 1, null],
    ["from the longest warning on", 15 * minute, "15:00"],
    ["a second is shown until it is over", 4 * minute + 4_001, "4:05"],
    ["the last one", 1, "0:01"],
    ["over", 0, "0:00"],
    ["long over", -minute, "0:00"],
  ])("%s", (_name, leftMs, clock) => {
    expect(countdownOf(end(leftMs, 60 * minute), warnMs, nowMs)?.clock ?? null).toBe(clock);
  });

  test("hours are shown where the warning is so long", () => {
    expect(countdownOf(end(64 * minute, 0), 120 * minute, nowMs)?.clock).toBe("1:04:00");
  });

  test.each([
    ["a minute more is worth a button", minute, true],
    ["less is not", minute - 1, false],
    ["at the longest life", 0, false],
  ])("%s", (_name, moreMs, extendable) => {
    expect(countdownOf(end(minute, moreMs), warnMs, nowMs)?.extendable).toBe(extendable);
  });

  test("where warnings are of seconds, seconds are worth a button", () => {
    expect(countdownOf(end(10_000, 5_000), 48_000, nowMs)?.extendable).toBe(true);
  });
});

test.each([
  ["far away: when the warning begins", 20 * minute, nowMs + 5 * minute],
  ["within it: at the end of this second", 90_300, nowMs + 300],
  ["at a full second: at the end of that one", 90_000, nowMs + 1_000],
  ["over: never", 0, null],
])("the next look, %s", (_name, leftMs, at) => {
  expect(nextCountMs(end(leftMs, 0), warnMs, nowMs)).toBe(at);
});

test("each next look shows another second, down to nothing", () => {
  const shown: (string | undefined)[] = [];
  let at: number | null = nowMs;
  const last = end(3_400, 0);
  while (at !== null) {
    shown.push(countdownOf(last, warnMs, at)?.clock);
    at = nextCountMs(last, warnMs, at);
  }
  expect(shown).toEqual(["0:04", "0:03", "0:02", "0:01", "0:00"]);
});

test("what is read aloud changes at a few times only", () => {
  const said = new Set<string>();
  for (let leftMs = 15 * minute; leftMs >= 0; leftMs -= 1_000) {
    const count = countdownOf(end(leftMs, 60 * minute), warnMs, nowMs);
    if (count !== null) said.add(spokenCountdown(count));
  }
  expect([...said]).toEqual(
    [15, 10, 5, 2, 1].map(
      (most) => `This shell ends in less than ${most} minute${most === 1 ? "" : "s"}. You can keep it going.`,
    ),
  );
});
