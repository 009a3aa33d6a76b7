// Owns the proof of a sweep over many pages: what is counted and kept, and when nobody is touched.
// Must not know the cluster.

import { describe, expect, it } from "vitest";
import {
  addPage,
  beginSweep,
  decideOrphans,
  encodeSweep,
  type PodSweep,
  parseSweep,
} from "../../../worker/reaper/pod-sweep.ts";
import { nowMs } from "./build.ts";

function suspects(from: number, count: number) {
  return Array.from({ length: count }, (_, index) => ({ name: `limpet-${from + index}`, uid: `uid-${from + index}` }));
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `limpet-${index}`);
}

/** A whole sweep of one page. */
function swept(pods: number, orphans: number): PodSweep {
  return addPage(beginSweep(nowMs), { names: names(pods), orphans: suspects(0, orphans), next: null });
}

describe("a sweep", () => {
  it("counts over its pages and ends with the last", () => {
    const first = addPage(beginSweep(nowMs), {
      names: ["limpet-a", "limpet-b"],
      orphans: suspects(0, 1),
      next: "more",
    });
    expect(first).toMatchObject({ next: "more", after: "limpet-b", listed: false, pods: 2, orphans: 1 });
    const empty = addPage(first, { names: [], orphans: [], next: "more" });
    expect(empty).toMatchObject({ after: "limpet-b", listed: false });
    const last = addPage(empty, { names: ["limpet-c"], orphans: suspects(7, 1), next: null });
    expect(last).toMatchObject({ next: null, after: "limpet-c", listed: true, pods: 3, orphans: 2 });
    expect(last.suspects).toEqual([...suspects(0, 1), ...suspects(7, 1)]);
    expect(last.startedAt).toBe(nowMs);
  });

  it("keeps a bounded number of suspects and counts them all", () => {
    let sweep = beginSweep(nowMs);
    for (let page = 0; page < 10; page += 1) {
      sweep = addPage(sweep, { names: names(1_000), orphans: suspects(page * 100, 100), next: "more" });
    }
    expect(sweep.orphans).toBe(1_000);
    expect(sweep.suspects).toHaveLength(500);
    expect(new TextEncoder().encode(encodeSweep(sweep)).byteLength).toBeLessThan(100_000);
  });

  it.each([
    [0, 0, "go"],
    [5, 1, "go"],
    [100, 20, "go"],
    [4, 1, "too-many"],
    [100, 21, "too-many"],
    [1, 1, "too-many"],
  ] as const)("of %i pods %i without a record: %s", (pods, orphans, decision) => {
    const decided = decideOrphans(swept(pods, orphans));
    if (decision === "go") expect(decided).toEqual(suspects(0, orphans));
    else expect(decided).toBe("too-many");
  });

  it("counts those that it did not keep too: the fifth is of all", () => {
    const many = swept(2_000, 600);
    expect(many.suspects).toHaveLength(500);
    expect(decideOrphans(many)).toBe("too-many");
  });
});

describe("a sweep's cursor", () => {
  it("comes back as it was", () => {
    for (const sweep of [beginSweep(nowMs), swept(3, 1), { ...swept(3, 1), next: "more", listed: false }]) {
      expect(parseSweep(encodeSweep(sweep))).toEqual(sweep);
    }
  });

  it.each([
    ["no JSON", "{"],
    ["null", "null"],
    ["a number", "7"],
    ["another version's", '{"next":null}'],
    ["a suspect without a uid", encodeSweep(swept(5, 1)).replace(/,"uid":"[^"]*"/, "")],
    ["a count below nothing", encodeSweep(swept(5, 1)).replace('"pods":5', '"pods":-5')],
    ["a page that is no text", encodeSweep(swept(5, 1)).replace('"next":null', '"next":7')],
  ])("that is %s is none", (_what, text) => {
    expect(parseSweep(text)).toBeNull();
  });
});
