import { describe, expect, it } from "vitest";
import { ExpiryWarnings, expiryWarning, type WarningStorage } from "../../../durable/io/expiry-warnings.ts";

const minute = 60_000;
const warnMs = [15 * minute, 5 * minute];

function storage(): WarningStorage {
  const kept = new Map<string, unknown>();
  return {
    get: (key) => structuredClone(kept.get(key)),
    put: (key, value) => void kept.set(key, structuredClone(value)),
  };
}

describe("warnings of the end", () => {
  const end = 100 * minute;

  it("come at each time once, and then no more", () => {
    const warnings = new ExpiryWarnings(storage(), warnMs);
    expect(warnings.next(end, 0)).toBe(85 * minute);
    expect(warnings.take(end, 85 * minute - 1)).toBe(false);
    expect(warnings.take(end, 85 * minute)).toBe(true);
    expect(warnings.take(end, 85 * minute)).toBe(false);
    expect(warnings.next(end, 85 * minute)).toBe(95 * minute);
    expect(warnings.take(end, 96 * minute)).toBe(true);
    expect(warnings.next(end, 96 * minute)).toBeNull();
    expect(warnings.take(end, end)).toBe(false);
  });

  it("are due still after the object slept over their time, and given are not given again", () => {
    const kept = storage();
    expect(new ExpiryWarnings(kept, warnMs).next(end, 0)).toBe(85 * minute);
    const woken = new ExpiryWarnings(kept, warnMs);
    expect(woken.next(end, 86 * minute)).toBe(85 * minute);
    expect(woken.take(end, 86 * minute)).toBe(true);
    expect(new ExpiryWarnings(kept, warnMs).next(end, 87 * minute)).toBe(95 * minute);
  });

  it("of which two were slept over are one", () => {
    const warnings = new ExpiryWarnings(storage(), warnMs);
    warnings.next(end, 0);
    expect(warnings.take(end, 97 * minute)).toBe(true);
    expect(warnings.next(end, 97 * minute)).toBeNull();
  });

  it("begin anew with an end that moved, but not with what is past then", () => {
    const warnings = new ExpiryWarnings(storage(), warnMs);
    warnings.next(end, 0);
    expect(warnings.take(end, 95 * minute)).toBe(true);
    expect(warnings.next(end + 60 * minute, 95 * minute)).toBe(145 * minute);
    // Ten minutes are left: the page was told of the new end as it is.
    expect(warnings.next(105 * minute, 95 * minute)).toBe(100 * minute);
    expect(warnings.take(105 * minute, 95 * minute)).toBe(false);
  });

  it("are none where there is no end, or nothing that can be read was kept", () => {
    const kept = storage();
    kept.put("expiry-warning", { expiresAt: end, given: null });
    const broken: WarningStorage = { get: () => ({ expiresAt: "soon" }), put: () => undefined };
    expect(new ExpiryWarnings(broken, warnMs).next(null, 0)).toBeNull();
    expect(new ExpiryWarnings(broken, warnMs).next(end, 0)).toBe(85 * minute);
    expect(new ExpiryWarnings(kept, []).next(end, 0)).toBeNull();
  });

  it("say how long there is, and whether that can be changed", () => {
    const extendableUntil = 200 * minute;
    expect(expiryWarning({ expiresAt: end, extendableUntil }, 85 * minute)).toBe(
      "This shell ends in about 15 minutes unless somebody keeps it going.",
    );
    expect(expiryWarning({ expiresAt: end, extendableUntil: end }, end - 10_000)).toMatch(
      /^This shell ends in about a minute: it has reached the longest life/,
    );
  });
});
