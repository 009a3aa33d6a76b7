// Owns the tests of what the page says of saved work and of when things were.
// Must not know the page.

import { describe, expect, test } from "vitest";
import type { SetupCheck } from "../../../web/api/shell.ts";
import { putBack, savedWords, stoppedWords } from "../../../web/state/receipts.ts";
import { ago, clockTime, inLocalTime, sizeOf } from "../../../web/state/time-words.ts";

const nowMs = 1_800_000_000_000;
const check = (part: Partial<SetupCheck>): SetupCheck => ({
  step: "WORK",
  state: "DONE",
  code: null,
  text: "Your work is back.",
  at: nowMs,
  ...part,
});

test.each([
  [-5_000, "just now"],
  [44_000, "just now"],
  [45_000, "1 minute ago"],
  [59 * 60_000, "59 minutes ago"],
  [90 * 60_000, "2 hours ago"],
  [25 * 3_600_000, "1 day ago"],
  [6 * 86_400_000, "6 days ago"],
])("%i ms ago", (ageMs, words) => expect(ago(nowMs - ageMs, nowMs)).toBe(words));

test.each([
  [812, "812 bytes"],
  [4_200, "4 kB"],
  [4_200_000, "4.2 MB"],
])("%i bytes", (bytes, words) => expect(sizeOf(bytes)).toBe(words));

test("times of Limpet are said by the person's own clock", () => {
  const at = (text: string) => clockTime(Date.parse(text), nowMs);
  expect(inLocalTime("The work of 2026-11-23 14:03 UTC is back (2026-11-24 00:00 UTC).", nowMs)).toBe(
    `The work of ${at("2026-11-23T14:03:00Z")} is back (${at("2026-11-24T00:00:00Z")}).`,
  );
  expect(inLocalTime("2026-99-99 99:99 UTC", nowMs)).toBe("2026-99-99 99:99 UTC");
});

test("nothing saved, nothing said", () => {
  expect(savedWords(null, nowMs)).toBeNull();
  expect(savedWords(nowMs - 180_000, nowMs)).toBe("Saved 3 minutes ago");
});

describe("what was put back", () => {
  test("is said with every step of it, once", () => {
    const setup = [
      check({ step: "CLONE", text: "Cloned." }),
      check({ step: "HOME", text: "Your home is back.", at: nowMs - 10 }),
      check({}),
    ];
    const receipt = putBack({ setup }, nowMs - 60_000, nowMs);
    expect(receipt).toEqual({ at: nowMs, text: "Your home is back. Your work is back.", warning: false });
    expect(putBack({ setup }, nowMs, nowMs)).toBeNull();
  });

  test("nothing to put back is not said", () => {
    expect(putBack({ setup: [check({ state: "SKIPPED" })] }, 0, nowMs)).toBeNull();
    expect(putBack({ setup: [] }, 0, nowMs)).toBeNull();
  });

  test.each(["CONFLICT", "FAILED"] as const)("%s is a warning", (state) => {
    expect(putBack({ setup: [check({ state })] }, 0, nowMs)?.warning).toBe(true);
  });
});

describe("a shell without a pod", () => {
  const ended = { reason: null, lastSavedAt: nowMs - 60_000, expiresAt: nowMs, extendableUntil: nowMs + 60_000 };
  test.each([
    ["stopped", {}, "Your shell is stopped", /^Your work was saved 1 minute ago\. It comes back/],
    ["with nothing saved", { lastSavedAt: null }, "Your shell is stopped", /^Nothing had been saved/],
    ["not used", { reason: "TimeOver" }, "Your shell has ended", /^Nobody had used it.* saved 1 minute ago/],
    [
      "at its longest life",
      { reason: "TimeOver", extendableUntil: nowMs },
      "Your shell has ended",
      /^It had reached its longest life/,
    ],
  ])("%s", (_name, part, title, sentence) => {
    const words = stoppedWords({ ...ended, ...part }, nowMs);
    expect(words.title).toBe(title);
    expect(words.sentence).toMatch(sentence);
  });
});
