// Owns the proof that ids are what names in a cluster and cursors in a list need them to be.
// Must not know what they name.

import { describe, expect, it } from "vitest";
import { isEventId, makeEventId, makeUserId } from "../../../worker/db/ids.ts";

describe("ids", () => {
  it("of users are 20 digits fit for a DNS label, each new", () => {
    const ids = new Set(Array.from({ length: 1000 }, makeUserId));
    expect(ids.size).toBe(1000);
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{20}$/);
  });

  it("of events sort by time, and by order within one millisecond", () => {
    const moments = [1, 1, 1, 2, 1_000, 1_764_000_000_000, 1_764_000_000_000, 1_764_000_000_001];
    const ids = moments.map(makeEventId);
    expect([...ids].sort()).toEqual(ids);
    for (const id of ids) expect(isEventId(id)).toBe(true);
  });

  it("of many events in one millisecond sort too", () => {
    const ids = Array.from({ length: 5000 }, () => makeEventId(5));
    expect([...ids].sort()).toEqual(ids);
  });

  it.each(["", "x", "A".repeat(26), `${"0".repeat(26)}\n`, "0".repeat(27)])("of events are not like %j", (text) => {
    expect(isEventId(text)).toBe(false);
  });
});
