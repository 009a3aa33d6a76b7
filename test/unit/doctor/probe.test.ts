// Owns the proof that a probe pod is nobody's shell and that the reaper treats it as it should, should it ever be left.
// Must not know the cluster.

import { describe, expect, it } from "vitest";
import { probeLifeMs, usualPatience } from "../../../worker/doctor/patience.ts";
import { makeProbeId } from "../../../worker/doctor/probe-id.ts";
import type { Pod } from "../../../worker/kubernetes/pod.ts";
import { judgePod, orphanAgeMs } from "../../../worker/reaper/verdict.ts";
import { podNameOf } from "../../../worker/shells/shell-record.ts";

const createdAt = 1_800_000_000_000;
const rules = { installId: "limpet" };

function probe(phase: string): Pod {
  return {
    name: podNameOf(makeProbeId()),
    uid: "u",
    labels: { "app.kubernetes.io/name": "limpet-shell", "limpet.dev/install": "limpet", "limpet.dev/user": "d0ct0r" },
    annotations: {},
    createdAt,
    deleting: false,
    endsBy: null,
    phase,
    reason: null,
    message: null,
    conditions: [],
    containers: [],
  };
}

describe("a probe pod", () => {
  it("has an id as a person's is, another each time, that tells it from theirs", () => {
    const ids = Array.from({ length: 100 }, makeProbeId);
    for (const id of ids) expect(id).toMatch(/^d0ct0r[0-9a-hjkmnp-tv-z]{14}$/);
    expect(new Set(ids).size).toBe(100);
  });

  it("is no orphan while it may live: the cluster ends it before the reaper would take it for one", () => {
    expect(judgePod(probe("Running"), null, { ...rules, nowMs: createdAt + probeLifeMs })).toBe("leave");
    expect(probeLifeMs).toBeLessThan(orphanAgeMs - 60_000);
  });

  it("is cleared by the reaper once the cluster ended it and nobody took it away", () => {
    expect(judgePod(probe("Failed"), null, { ...rules, nowMs: createdAt + probeLifeMs + 60_000 })).toBe("clear");
  });

  it("is waited for by a run that is over before the pod is", () => {
    const { machineMs, imageMs, startMs, setupMs, gitMs, endMs } = usualPatience;
    expect(machineMs + imageMs + startMs + setupMs + gitMs + endMs).toBeLessThan(probeLifeMs);
  });
});
