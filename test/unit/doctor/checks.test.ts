// Owns the proof of the list of checks: its order, and what is not looked at because of what.
// Must not know what any check sees.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Finding, failed, ok, skipped, warning } from "../../../worker/doctor/check.ts";
import { type CheckId, checks, whySkipped } from "../../../worker/doctor/checks.ts";

/** Every check in order: `wrong` says which fail, the rest are right where they are looked at. */
function walk(wrong: ReadonlySet<string>, otherwise: Finding = ok("")): Map<CheckId, Finding> {
  const found = new Map<CheckId, Finding>();
  for (const { id } of checks) {
    const why = whySkipped(id, found);
    found.set(id, why === null ? (wrong.has(id) ? failed("", "") : otherwise) : skipped(why));
  }
  return found;
}

function skippedBy(id: CheckId): readonly string[] {
  return [...walk(new Set([id]))].filter(([, { state }]) => state === "skipped").map(([name]) => name);
}

const inPod = ["setup", "programs", "network", "pod-to-edge", "git"];
const ofPod = ["policy-changes", "policy-endings", "policy-reach"];

describe("the list of checks", () => {
  it("has each once, and what is needed before what needs it", () => {
    const ids: readonly string[] = checks.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [index, { id, needs }] of checks.entries()) {
      for (const need of needs) expect(ids.slice(0, index), `${id} needs ${need}`).toContain(need);
    }
  });

  it("has a title for each that fits a narrow column", () => {
    for (const { title } of checks) expect(title.length).toBeLessThanOrEqual(18);
  });

  it.each<[CheckId, readonly string[]]>([
    ["database", ["migrations", "seal-keys", "reaper", "limit"]],
    ["storage", []],
    ["issuer", ["redirect"]],
    ["public-url", []],
    ["strangers", []],
    ["git", []],
    ["policy", []],
    ["pod-security", []],
    ["image", ["start", ...inPod]],
    ["node", ["image", "start", ...inPod, ...ofPod]],
    ["setup", ["programs", "network", "pod-to-edge", "git"]],
    ["policy-reach", []],
    ["quota", ["pod-security", "policy", "node", "image", "start", ...inPod, ...ofPod, "ending"]],
  ])("where %s fails, exactly what needs it is not looked at", (id, expected) => {
    expect(skippedBy(id)).toEqual(expected);
  });

  it("looks at D1, R2 and an object although the configuration is wrong", () => {
    const found = walk(new Set(["configuration"]));
    const seen = [...found].filter(([, { state }]) => state === "ok").map(([id]) => id);
    expect(seen).toEqual(["database", "migrations", "storage", "object", "reaper"]);
  });

  it("ends the probe pod whatever failed after it was made", () => {
    for (const { id } of checks.slice(
      checks.findIndex(({ id }) => id === "node"),
      -1,
    )) {
      expect(walk(new Set([id])).get("ending")?.state, id).toBe("ok");
    }
  });

  it("names the root of it, not the check that was skipped for it", () => {
    expect(walk(new Set(["cluster-address"])).get("programs")?.text).toContain("“Cluster address”");
  });

  it("goes on after a warning", () => {
    const found = walk(new Set(), warning("", null));
    expect([...found.values()].every(({ state }) => state === "warning")).toBe(true);
  });

  it("whatever fails: a check is skipped exactly where something that it needs, near or far, failed", () => {
    const needsOf = (id: string): readonly string[] => {
      const near = checks.find((check) => check.id === id)?.needs ?? [];
      return [...near, ...near.flatMap(needsOf)];
    };
    fc.assert(
      fc.property(fc.subarray(checks.map(({ id }) => id)), (wrong) => {
        const found = walk(new Set(wrong));
        for (const { id } of checks) {
          const blocked = needsOf(id).some((need) => found.get(need as CheckId)?.state === "failed");
          expect(found.get(id)?.state === "skipped").toBe(blocked);
        }
      }),
    );
  });
});
