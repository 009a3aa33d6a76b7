// Owns the proof of what becomes of a pod or a record that the reaper finds, case by case.
// Must not know how either is found.

import { describe, expect, it } from "vitest";
import type { Pod } from "../../../worker/kubernetes/pod.ts";
import type { SweptShell } from "../../../worker/reaper/swept-shell.ts";
import { judgeMissing, judgePod, userBound, userOfPod, type Verdict } from "../../../worker/reaper/verdict.ts";
import { installId, labelIn, minuteMs, nowMs, pod, record } from "./build.ts";

const rules = { installId, nowMs };
const ago = (minutes: number): number => nowMs - minutes * minuteMs;
const expiresAt = (minutes: number) => ({ "limpet.dev/expires-at": labelIn(minutes) });

type Case = readonly [what: string, pod: Pod, record: SweptShell | null, verdict: Verdict];

const cases: readonly Case[] = [
  ["a pod that its record knows", pod(), record(), "leave"],

  // Not ours, whatever else is said of it.
  ["another installation's", pod({}, { "limpet.dev/install": "there" }), null, "leave"],
  ["one of no installation", pod({ labels: {} }), null, "leave"],
  ["another program's", pod({}, { "app.kubernetes.io/name": "database" }), null, "leave"],
  ["another's, that failed", pod({ phase: "Failed" }, { "limpet.dev/install": "there" }), null, "leave"],
  ["another's, long over", pod({}, { "limpet.dev/install": "there", ...expiresAt(-999) }), record(), "leave"],

  // Without a record.
  ["an orphan", pod(), null, "orphan"],
  ["an orphan of exactly ten minutes", pod({ createdAt: ago(10) }), null, "orphan"],
  ["one that is younger", pod({ createdAt: ago(10) + 1 }), null, "leave"],
  ["one from the future", pod({ createdAt: ago(-60) }), null, "leave"],
  ["one that does not say how old it is", pod({ createdAt: null }), null, "leave"],
  ["an orphan that ends already", pod({ deleting: true }), null, "leave"],
  ["an orphan that waits for a node", pod({ phase: "Pending" }), null, "orphan"],
  ["an orphan on a lost node", pod({ phase: "Unknown" }), null, "orphan"],
  ["a failed one", pod({ phase: "Failed", createdAt: ago(0) }), null, "clear"],
  ["a finished one", pod({ phase: "Succeeded" }), null, "clear"],

  // At its end, with a record.
  ["a failed one, its object not told", pod({ phase: "Failed" }), record(), "tell"],
  ["a failed one, its object told", pod({ phase: "Failed" }), record({ phase: "failed" }), "clear"],
  ["a finished one of a stopped shell", pod({ phase: "Succeeded" }), record({ phase: "absent" }), "clear"],
  ["a failed one, its object at it", pod({ phase: "Failed" }), record({ updatedAt: ago(1) }), "leave"],
  ["a failed one that goes", pod({ phase: "Failed", deleting: true }), record({ phase: "failed" }), "leave"],

  // Running, and the record wants or knows something else.
  ["one of a stopped shell", pod(), record({ desired: "stopped", phase: "absent" }), "tell"],
  ["one of a stopping shell", pod(), record({ desired: "stopped", phase: "stopping" }), "tell"],
  ["one of a deleted shell", pod(), record({ desired: "deleted", phase: "stopping" }), "tell"],
  ["the same a moment after", pod(), record({ desired: "deleted", phase: "stopping", updatedAt: ago(1) }), "leave"],
  ["the same, ending", pod({ deleting: true }), record({ desired: "deleted", phase: "stopping" }), "leave"],
  ["one that the record does not know", pod(), record({ podUid: null, phase: "creating" }), "tell"],
  ["one in the place of the record's", pod(), record({ podUid: "another" }), "tell"],
  ["the same a moment after", pod(), record({ podUid: "another", updatedAt: ago(1) }), "leave"],
  ["one that crashes in a loop", pod(), record({ phase: "failed" }), "leave"],
  ["a record with words nobody knows", pod(), record({ desired: "?", phase: "?" }), "tell"],

  // Its time is over: the object's own business, unless it did nothing for long.
  ["over by the record", pod(), record({ expiresAt: ago(60) }), "leave"],
  ["over by the label, which lags", pod({}, expiresAt(-60)), record(), "leave"],
  ["over by both, just now", pod({}, expiresAt(-9)), record({ expiresAt: ago(9) }), "leave"],
  ["over by both, long ago", pod({}, expiresAt(-10)), record({ expiresAt: ago(10) }), "expire"],
  ["the record five minutes ahead", pod({}, expiresAt(-12)), record({ expiresAt: ago(7) }), "leave"],
  ["the record five minutes behind", pod({}, expiresAt(-7)), record({ expiresAt: ago(12) }), "leave"],
  ["five minutes apart, both long ago", pod({}, expiresAt(-15)), record({ expiresAt: ago(10) }), "expire"],
  ["over, with its object at it", pod({}, expiresAt(-20)), record({ expiresAt: ago(20), updatedAt: ago(0) }), "expire"],
  ["over, and ending", pod({ deleting: true }, expiresAt(-20)), record({ expiresAt: ago(20) }), "leave"],
  ["over, a stopped shell's", pod({}, expiresAt(-20)), record({ expiresAt: ago(20), desired: "stopped" }), "expire"],
  [
    "over by a label that is none",
    pod({}, { "limpet.dev/expires-at": "soon" }),
    record({ expiresAt: ago(99) }),
    "leave",
  ],
  ["over by a record that is none", pod({}, expiresAt(-99)), record({ expiresAt: null }), "leave"],
];

describe("a pod that was found", () => {
  it.each(cases)("%s", (_what, found, known, verdict) => {
    expect(judgePod(found, known, rules)).toBe(verdict);
  });
});

describe("a record whose pod was not found", () => {
  it.each([
    ["says it runs", record(), "tell"],
    ["says it is being made", record({ phase: "creating", podUid: null }), "tell"],
    ["was written a moment ago", record({ updatedAt: ago(1) }), "leave"],
    ["says its pod failed", record({ phase: "failed" }), "leave"],
    ["is stopped: it stays", record({ desired: "stopped", phase: "absent" }), "leave"],
    ["waits for the end of a stop", record({ desired: "stopped", phase: "stopping" }), "tell"],
    ["waits to be forgotten", record({ desired: "deleted", phase: "stopping" }), "tell"],
    ["waits to be forgotten and failed at it", record({ desired: "deleted", phase: "failed" }), "tell"],
    ["does not say when it was written", record({ updatedAt: null }), "tell"],
  ] as const)("%s", (_what, known, verdict) => {
    expect(judgeMissing(known, nowMs)).toBe(verdict);
  });
});

describe("names and people", () => {
  it("gives the person of a pod's name, where it can be one's", () => {
    expect(userOfPod("limpet-abc")).toBe("abc");
    expect(userOfPod("limpet-")).toBeNull();
    expect(userOfPod("other-abc")).toBeNull();
  });

  it("bounds people's ids as the cluster's list is bounded", () => {
    const ids = ["0", "5zz", "a", "azz", "m", "z"];
    const names = [
      "a-database",
      "limpet",
      "limpet-",
      "limpet-5",
      "limpet-a",
      "limpet-m0",
      "limpet-zz",
      "limpets",
      "zoo",
    ];
    for (const name of names) {
      const wanted = ids.filter((id) => `limpet-${id}` > name);
      expect(
        ids.filter((id) => id > userBound(name)),
        name,
      ).toEqual(wanted);
    }
  });
});
