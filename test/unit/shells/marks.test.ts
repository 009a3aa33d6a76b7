import { describe, expect, it } from "vitest";
import { askForPeace, asksForPeace } from "../../../worker/kubernetes/pod-manifest.ts";
import { heard } from "../../../worker/shells/answers.ts";
import { type Life, resumed, type ShellCall } from "../../../worker/shells/life.ts";
import { busyForMs, jobsOver, type PodMarks } from "../../../worker/shells/marks.ts";
import { mostFailures, slowRetryMs } from "../../../worker/shells/pace.ts";
import { heardActivity } from "../../../worker/shells/reports.ts";
import type { ShellRecord } from "../../../worker/shells/shell-record.ts";
import { lost, refused, stateIn } from "./model-cluster.ts";
import { readyShell } from "./ready-shell.ts";

const hour = 3_600_000;
const start = Date.UTC(2026, 10, 23, 14, 0);
const rules = { idleMs: 6 * hour, lifeMs: 24 * hour };
const idle: PodMarks = { expiresAt: start + 6 * hour, busy: false };
const busy: PodMarks = { ...idle, busy: true };
const look: ShellCall = { type: "look" };

function mark(isBusy: boolean): ShellCall {
  return { type: "mark", uid: "uid-1", busy: isBusy };
}

/** Ready, and nothing under way. */
function lifeOf(marks: PodMarks | null, more: Partial<ShellRecord> = {}): Life {
  return { ...resumed(readyShell(start, more), start), next: null, restarts: 0, marks };
}

function at(nowMs: number) {
  return { rules, nowMs, random: 0.5, attended: false };
}

function reported(life: Life, atWork: boolean, nowMs: number): Life {
  return heardActivity(life, "shell-1", { busy: atWork, commands: [], ending: false }, rules, nowMs);
}

function found(marks: PodMarks, restarts = 0) {
  return { type: "pod", pod: { uid: "uid-1", ours: true, marks, state: stateIn("ready", { restarts }) } } as const;
}

describe("a pod in which a job runs", () => {
  it("is marked once, not with each report, and loses its marks when the job ends", () => {
    const begun = reported(lifeOf(idle), true, start);
    expect(begun.next).toEqual({ call: mark(true), atMs: start });
    const written = heard({ ...begun, next: null }, mark(true), found(busy), at(start + 20)).life;
    expect(written.next).toBeNull();
    const again = reported(written, true, start + 180_000);
    expect(again.next).toBeNull();
    const over = reported(again, false, start + 360_000);
    expect(over.next).toEqual({ call: mark(false), atMs: start + 360_000 });
    expect(heard({ ...over, next: null }, mark(false), found(idle), at(start + 360_020)).life.next).toBeNull();
  });

  it("loses its marks where it says no more, by the record alone", () => {
    const begun = reported(lifeOf(idle), true, start);
    const { record } = heard({ ...begun, next: null }, mark(true), found(busy), at(start + 20)).life;
    // Another object, which knows only what was kept.
    const woken = { ...resumed(record, start + busyForMs), next: null };
    expect(jobsOver({ ...woken, marks: busy }, start + busyForMs - 1).next).toBeNull();
    const silent = jobsOver({ ...woken, marks: busy }, start + busyForMs);
    expect(silent.record?.busyUntil).toBeNull();
    expect(silent.next?.call).toEqual(mark(false));
    // It has not looked yet: the look does the same.
    const looked = heard(jobsOver(woken, start + busyForMs), look, found(busy), at(start + busyForMs)).life;
    expect(looked.next?.call).toEqual(mark(false));
  });

  it.each([
    ["busy and unmarked", idle, start + 1_000, true],
    ["busy and marked", busy, start + 1_000, null],
    ["idle and marked", busy, null, false],
    ["idle and unmarked", idle, null, null],
  ] as const)("that is found %s after a crash comes to be as its record says", (_, marks, busyUntil, written) => {
    const { next } = heard(lifeOf(null, { busyUntil }), look, found(marks), at(start)).life;
    expect(next?.call ?? null).toEqual(written === null ? null : mark(written));
  });

  it("that changes its mind while it is marked is marked anew", () => {
    const begun = { ...reported(lifeOf(idle), true, start), next: null };
    const over = reported(begun, false, start + 10);
    expect(over.next).toBeNull();
    expect(heard(over, mark(true), found(busy), at(start + 20)).life.next?.call).toEqual(mark(false));
    // Whether it was marked is not known.
    const next = { call: mark(false), atMs: start + 20 + slowRetryMs };
    expect(heard(over, mark(true), lost, at(start + 20)).life.next).toEqual(next);
  });

  it("is no trouble for a cluster that does not keep the marks", () => {
    const begun = { ...reported(lifeOf(idle), true, start), next: null };
    expect(heard(begun, mark(true), found(idle), at(start + 20)).life.next).toBeNull();
  });

  it("is marked later where the cluster does not answer, and within bounds", () => {
    let life: Life = { ...reported(lifeOf(busy, { busyUntil: start + 1 }), false, start), next: null };
    let tries = 0;
    for (let nowMs = start; tries < 50; nowMs += slowRetryMs) {
      life = heard(life, mark(false), lost, at(nowMs)).life;
      tries += 1;
      expect(life.record).toMatchObject({ phase: "ready", reason: null });
      if (life.next === null) break;
      expect(life.next).toEqual({ call: mark(false), atMs: nowMs + slowRetryMs });
      life = { ...life, next: null };
    }
    expect(tries).toBe(mostFailures);
    // A report or a look begins again.
    expect(reported(life, false, start + hour).next?.call).toEqual(mark(false));
  });

  it("is left as it is where the cluster refuses, until the next report", () => {
    const begun = { ...reported(lifeOf(idle), true, start), next: null };
    const { life } = heard(begun, mark(true), refused(403, "Forbidden"), at(start + 20));
    expect(life).toMatchObject({ next: null, record: { phase: "ready", reason: null } });
    expect(reported(life, true, start + 180_000).next?.call).toEqual(mark(true));
  });

  it("has none once its container was started again, or another pod took its place", () => {
    const life = lifeOf(busy, { busyUntil: start + hour });
    const again = heard(life, look, found(busy, 1), at(start)).life;
    expect(again.record).toMatchObject({ phase: "setting-up", busyUntil: null });
    expect(again.next?.call).toEqual(look);
    const set = { ...again, next: null, record: readyShell(start, { setUpFor: "uid-1/1/0" }) };
    expect(heard(set, look, found(busy, 1), at(start)).life.next?.call).toEqual(mark(false));
    const gone = heard({ ...life, recreate: true }, look, { type: "missing" }, at(start)).life;
    expect(gone).toMatchObject({ marks: null, record: { phase: "creating", busyUntil: null } });
  });

  it("is not marked while it ends", () => {
    const ending = lifeOf(idle, { desired: "stopped", phase: "stopping" });
    expect(reported(ending, true, start)).toMatchObject({ next: null, record: { busyUntil: null } });
    const evicted = lifeOf(idle, { phase: "stopping" });
    expect(reported(evicted, true, start)).toMatchObject({ next: null, record: { busyUntil: null } });
  });
});

describe("the annotations", () => {
  it("are set together and taken away together", () => {
    const asked = askForPeace(true);
    expect(asked).toEqual({
      "karpenter.sh/do-not-disrupt": "true",
      "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    });
    expect(Object.values(askForPeace(false))).toEqual([null, null]);
    expect(Object.keys(askForPeace(false))).toEqual(Object.keys(asked));
    expect(asksForPeace({ other: "1", "karpenter.sh/do-not-disrupt": "true" })).toBe(false);
    expect(
      asksForPeace({
        "karpenter.sh/do-not-disrupt": "true",
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
      }),
    ).toBe(true);
  });
});

describe("a container that was started again in its pod", () => {
  it("is told of once, with why, and is set up again", () => {
    const state = stateIn("ready", { restarts: 1, lastEnd: { reason: "OOMKilled", exitCode: 137 } });
    const again = { type: "pod", pod: { uid: "uid-1", ours: true, marks: idle, state } } as const;
    const first = heard(lifeOf(idle), look, again, at(start));
    expect(first.events).toMatchObject([{ type: "SHELL_CRASHED", notice: true }]);
    expect(first.events[0]?.message).toMatch(/more memory than it may.*files in its home are there/);
    expect(first.life.record).toMatchObject({ phase: "setting-up" });
    expect(first.life.setUp.dueMs).toBe(start);
    expect(heard({ ...first.life, next: null }, look, again, at(start + 2_000)).events).toEqual([]);
  });

  it("is not told of where a pod is set up for the first time", () => {
    const { events } = heard(lifeOf(idle, { setUpFor: null, phase: "starting" }), look, found(idle), at(start));
    expect(events).toEqual([]);
  });
});
