import { describe, expect, it } from "vitest";
import { heard as heardAmid } from "../../../worker/shells/answers.ts";
import {
  type Life,
  type Moment,
  resumed,
  type ShellCall,
  type ShellHeard,
  type Step,
} from "../../../worker/shells/life.ts";
import type { ShellRecord } from "../../../worker/shells/shell-record.ts";
import { expiryStepMs, lookNow, used, wishEnd, wishPresent } from "../../../worker/shells/wishes.ts";
import { allTrue, lost, refused, stateIn } from "./model-cluster.ts";
import { readyShell } from "./ready-shell.ts";

const hour = 3_600_000;
const rules = { idleMs: 6 * hour, lifeMs: 24 * hour };
const start = 1_800_000_000_000;
const at = (ms: number): Moment => ({ rules, nowMs: start + ms, random: 0.5, attended: false });
const user = "0123456789abcdefghjk";

function record(more: Partial<ShellRecord> = {}): ShellRecord {
  return readyShell(start, { userId: user, podName: `limpet-${user}`, ...more });
}

/** A life with this record and nothing due. */
function lifeOf(more: Partial<ShellRecord> = {}, rest: Partial<Life> = {}): Life {
  return { ...resumed(record(more), start), next: null, marks: { expiresAt: start + 6 * hour, busy: false }, ...rest };
}

function found(phase: Parameters<typeof stateIn>[0], more: Partial<Parameters<typeof stateIn>[1] & object> = {}) {
  const state = stateIn(phase, more);
  return {
    type: "pod",
    pod: { uid: "uid-1", ours: true, marks: { expiresAt: start + 6 * hour, busy: false }, state },
  } satisfies ShellHeard;
}

const look: ShellCall = { type: "look" };
const create: ShellCall = { type: "create" };
const remove: ShellCall = { type: "delete", uid: "uid-1" };

/** The answer of a call during which nothing else was asked for. */
function heard(life: Life, call: ShellCall, what: ShellHeard, moment: Moment): Step {
  return heardAmid({ ...life, next: null }, call, what, moment);
}

function types({ events }: Step): string[] {
  return events.map(({ type }) => type);
}

describe("a wish for a shell", () => {
  it("makes a record and asks for a pod at once", () => {
    const step = wishPresent(resumed(null, start), user, "shell-9", at(0));
    expect(step.life.record).toMatchObject({
      id: "shell-9",
      podName: `limpet-${user}`,
      podUid: null,
      desired: "present",
      phase: "creating",
      startedAt: start,
      expiresAt: start + 6 * hour,
    });
    expect(step.life.next).toEqual({ call: create, atMs: start });
    expect(types(step)).toEqual(["SHELL_CREATED"]);
  });

  it("leaves a ready shell as it is, and looks whether it is still there", () => {
    const step = wishPresent(lifeOf(), user, "shell-9", at(1_000));
    expect(step.life.record).toEqual(record());
    expect(step.life.next).toEqual({ call: look, atMs: start + 1_000 });
    expect(step.events).toEqual([]);
  });

  it("does not hurry a create by another one", () => {
    const first = wishPresent(resumed(null, start), user, "shell-1", at(0));
    const second = wishPresent({ ...first.life, next: null }, user, "shell-2", at(5));
    expect(second.life.record?.id).toBe("shell-1");
    expect(second.life.next?.call).toEqual(look);
  });

  it("waits for the pod before it while that one ends, then creates", () => {
    const wished = wishPresent(lifeOf({ desired: "deleted", phase: "stopping" }), user, "shell-2", at(0));
    expect(wished.life.record).toMatchObject({ id: "shell-2", phase: "creating", desired: "present" });
    expect(wished.life.next?.call).toEqual(look);
    const ending = heard(wished.life, look, found("stopping"), at(10));
    expect(ending.life.record).toMatchObject({ phase: "creating", reason: "Terminating" });
    expect(ending.life.next?.call).toEqual(look);
    const gone = heard(ending.life, look, { type: "missing" }, at(2_000));
    expect(gone.life.record).toMatchObject({ phase: "creating", podUid: null });
    expect(gone.life.next).toEqual({ call: create, atMs: start + 2_000 });
  });

  it.each([
    ["gone", { type: "missing" } as ShellHeard, create],
    ["evicted", found("failed", { reason: "Evicted", ended: true }), remove],
  ])("on a shell whose pod turns out to be %s gets a new one", (_, what, next) => {
    const step = heard(wishPresent(lifeOf(), user, "x", at(0)).life, look, what, at(10));
    expect(step.life.record).toMatchObject({ id: "shell-1", phase: "creating", startedAt: start + 10 });
    expect(step.life.next?.call).toEqual(next);
    expect(types(step)).toEqual(["SHELL_REBOOTED"]);
  });

  it("on a shell whose pod is ending takes that one's last save before there is another", () => {
    const ending = found("stopping", { reason: "EvictionByEvictionAPI", detail: "It ends.", endsBy: start + 60_000 });
    const waits = heard(wishPresent(lifeOf(), user, "x", at(0)).life, look, ending, at(10));
    expect(waits.life.record).toMatchObject({
      phase: "stopping",
      reason: "EvictionByEvictionAPI",
      replacing: "uid-1",
      podUid: "uid-1",
      capabilityGeneration: 0,
    });
    expect(types(waits)).toEqual(["SHELL_REBOOTED"]);
    expect(waits.life.next?.call).toEqual(look);
    const gone = heard(waits.life, look, { type: "missing" }, at(9_000));
    expect(gone.life.record).toMatchObject({ phase: "creating", podUid: null, capabilityGeneration: 1 });
    expect(gone.life.next?.call).toEqual(create);
    expect(gone.events).toEqual([]);
  });

  it.each([
    ["asked", 0],
    ["expired", 25 * hour],
  ] as const)(
    "on a shell that was stopped (%s) leaves its pod what it needs to save, then makes another",
    (why, ms) => {
      const { life: stopped } = wishEnd(lifeOf(), "stopped", why, start + ms);
      const started = wishPresent(stopped, user, "x", at(ms + 5));
      expect(started.life.record).toMatchObject({
        id: "shell-1",
        phase: "stopping",
        replacing: "uid-1",
        podUid: "uid-1",
        capabilityGeneration: 0,
        reason: null,
        // Or the clock would stop it again at once.
        expiresAt: start + ms + 5 + 6 * hour,
      });
      expect(types(started)).toEqual(["SHELL_STARTED"]);
      // The stop may never have reached the cluster; the pod's own longest life has been running since it began.
      const runs = heard(started.life, look, found("ready"), at(ms + 10));
      expect(runs.life.next?.call).toEqual(remove);
      const gone = heard(runs.life, look, { type: "missing" }, at(ms + 9_000));
      expect(gone.life.record).toMatchObject({ phase: "creating", startedAt: start + ms + 9_000, replacing: null });
      expect(gone.life.next?.call).toEqual(create);
    },
  );

  it("on a failed shell removes what is left of its pod before it creates", () => {
    const wished = wishPresent(lifeOf({ phase: "failed", reason: "Evicted" }), user, "x", at(0));
    expect(types(wished)).toEqual(["SHELL_REBOOTED"]);
    const left = heard(wished.life, look, found("failed", { reason: "Evicted", ended: true }), at(10));
    expect(left.life.next).toEqual({ call: remove, atMs: start + 10 });
    const ending = heard(left.life, remove, { type: "ending" }, at(20));
    expect(ending.life.next?.call).toEqual(look);
    expect(heard(ending.life, look, { type: "missing" }, at(300)).life.next?.call).toEqual(create);
  });
});

describe("a create", () => {
  const creating = () =>
    lifeOf({ phase: "creating", podUid: null, setUpFor: null, conditions: stateIn("starting").conditions });

  it("takes up the pod that it made and follows it", () => {
    const made = heard(creating(), create, found("scheduling"), at(5));
    expect(made.life.record).toMatchObject({ phase: "scheduling", podUid: "uid-1" });
    expect(made.life.next).toEqual({ call: look, atMs: start + 255 });
    const up = heard(made.life, look, found("ready"), at(255));
    expect(up.life.record).toMatchObject({ phase: "setting-up", conditions: allTrue });
    expect(up.life.setUp).toMatchObject({ dueMs: start + 255 });
    expect(types(up)).toEqual([]);
  });

  it("that finds its name taken takes up the pod that has it", () => {
    const taken = heard(creating(), create, { type: "taken" }, at(5));
    expect(taken.life.next?.call).toEqual(look);
    expect(heard(taken.life, look, found("ready"), at(300)).life.record).toMatchObject({
      phase: "setting-up",
      podUid: "uid-1",
    });
  });

  it("never takes up, nor deletes, a pod that is not ours", () => {
    const foreign: ShellHeard = {
      type: "pod",
      pod: { uid: "uid-x", ours: false, marks: { expiresAt: null, busy: false }, state: stateIn("ready") },
    };
    const step = heard(creating(), look, foreign, at(5));
    expect(step.life.record).toMatchObject({ phase: "failed", reason: "NameTaken", podUid: null });
    expect(step.life.next).toBeNull();
    const unwanted = heard(wishEnd(step.life, "deleted", "asked", at(9).nowMs).life, look, foreign, at(10_000));
    expect(unwanted.life.next?.call).toEqual({ type: "forget" });
  });

  it.each([
    [403, "Forbidden", 'pods is forbidden: User "x" cannot create resource "pods"'],
    [404, "NotFound", 'namespaces "shells" not found'],
    [422, "Invalid", "Pod is invalid"],
    [400, "BadRequest", "json: cannot unmarshal"],
  ])("refused with %i %s is not tried again", (status, reason, message) => {
    const step = heard(creating(), create, refused(status, reason, message), at(5));
    expect(step.life.record).toMatchObject({ phase: "failed", reason, desired: "present" });
    expect(step.life.record?.detail).toContain(message);
    expect(step.life.next).toBeNull();
    expect(types(step)).toEqual(["SHELL_FAILED"]);
  });

  it.each([
    ["lost", lost, 8],
    ["500", refused(500, "InternalError"), 8],
    ["503", refused(503, null), 8],
    ["429", refused(429, "TooManyRequests"), 8],
    ["401", refused(401, "Unauthorized"), 8],
    ["409 of a quota", refused(409, "Conflict"), 8],
    ["quota", refused(403, "Forbidden", "pods is forbidden: exceeded quota: shells"), 5],
  ])("whose answer is %s is tried again, then given up", (_, answer, tries) => {
    let life = creating();
    for (let n = 1; n < tries; n += 1) {
      const step = heard(life, create, answer, at(n * 100));
      expect(step.life.record?.phase).toBe("creating");
      expect(step.life.record?.detail).not.toBeNull();
      expect(step.life.next?.call).toEqual(create);
      expect(step.life.next?.atMs).toBeGreaterThan(start + n * 100);
      expect(step.events).toEqual([]);
      life = step.life;
    }
    const last = heard(life, create, answer, at(tries * 100));
    expect(last.life.record?.phase).toBe("failed");
    expect(last.life.next).toBeNull();
    expect(types(last)).toEqual(["SHELL_FAILED"]);
  });

  it("waits as long as the cluster asks", () => {
    const busy: ShellHeard = {
      type: "failed",
      failure: { kind: "refused", status: 429, reason: "TooManyRequests", message: "later", retryAfterMs: 7_000 },
    };
    expect(heard(creating(), create, busy, at(0)).life.next?.atMs).toBe(start + 7_000);
  });
});

describe("a look at a wanted pod", () => {
  it.each([
    ["lost", lost],
    ["403", refused(403, "Forbidden")],
    ["500", refused(500, "InternalError")],
    ["429", refused(429, "TooManyRequests")],
  ])("that fails (%s) changes no phase, says why and goes on", (_, answer) => {
    let life = lifeOf();
    for (let n = 0; n < 30; n += 1) {
      const step = heard(life, look, answer, at(n * 1_000));
      expect(step.life.record).toMatchObject({ phase: "ready", podUid: "uid-1", conditions: allTrue });
      expect(step.life.record?.detail).not.toBeNull();
      expect(step.life.next?.call).toEqual(look);
      expect(step.events).toEqual([]);
      life = step.life;
    }
    const well = heard(life, look, found("ready"), at(60_000));
    expect(well.life.record).toEqual(record());
    expect(well.life.next).toBeNull();
  });

  it("that is gone is a failure with a next step, told once", () => {
    const step = heard(lifeOf(), look, { type: "missing" }, at(10));
    expect(step.life.record).toMatchObject({ phase: "failed", reason: "PodGone", podUid: "uid-1" });
    expect(step.life.record?.detail).toMatch(/started again when you open it/);
    expect(types(step)).toEqual(["SHELL_FAILED"]);
    expect(heard(step.life, look, { type: "missing" }, at(20))).toMatchObject({ life: { next: null }, events: [] });
  });

  it("that fails where it may yet come right is looked at again, slowly, and may recover", () => {
    const crash = found("failed", { reason: "CrashLoopBackOff", detail: "It ends." });
    const step = heard(lifeOf({ phase: "starting" }), look, crash, at(0));
    expect(step.life.record).toMatchObject({ phase: "failed", reason: "CrashLoopBackOff" });
    expect(step.life.next).toEqual({ call: look, atMs: start + 60_000 });
    expect(types(heard(step.life, look, crash, at(60_000)))).toEqual([]);
    const well = heard(step.life, look, found("ready", { restarts: 3 }), at(60_000));
    expect(well.life.record).toMatchObject({ phase: "setting-up", reason: null });
  });

  it("that somebody else is ending is followed to its end", () => {
    const ending = heard(lifeOf(), look, found("stopping", { reason: "EvictionByEvictionAPI" }), at(0));
    expect(ending.life.record).toMatchObject({ phase: "stopping", desired: "present" });
    expect(ending.life.next).toEqual({ call: look, atMs: start + 250 });
    expect(heard(ending.life, look, { type: "missing" }, at(300)).life.record).toMatchObject({
      phase: "failed",
      reason: "EvictionByEvictionAPI",
    });
  });

  it("writes the expiry on it where its label lags far behind, and only once", () => {
    const late = lifeOf({ expiresAt: start + 7 * hour });
    const step = heard(late, look, found("ready"), at(0));
    expect(step.life.next).toEqual({ call: { type: "mark", uid: "uid-1", busy: false }, atMs: start });
    expect(heard(step.life, { type: "mark", uid: "uid-1", busy: false }, found("ready"), at(5)).life.next).toBeNull();
    expect(heard(step.life, { type: "mark", uid: "uid-1", busy: false }, lost, at(5)).life).toMatchObject({
      next: { call: { type: "mark" }, atMs: start + 60_005 },
      record: { phase: "ready", reason: null },
    });
  });
});

describe("a wish for no shell", () => {
  it("deletes this very pod, follows it to its end and forgets it", () => {
    const wished = wishEnd(lifeOf(), "deleted", "asked", start);
    expect(wished.life.record).toMatchObject({ desired: "deleted", phase: "stopping" });
    expect(wished.life.next).toEqual({ call: remove, atMs: start });
    const ending = heard(wished.life, remove, { type: "ending" }, at(10));
    expect(ending.life.next?.call).toEqual(look);
    const gone = heard(ending.life, look, { type: "missing" }, at(2_000));
    expect(gone.life).toMatchObject({ record: { desired: "deleted" }, next: { call: { type: "forget" } } });
    expect(types(gone)).toEqual([]);
    const forget: ShellCall = { type: "forget" };
    const left = heard(gone.life, forget, { type: "remembered" }, at(2_100));
    expect(left.life.next?.call).toEqual(forget);
    const forgotten = heard(left.life, forget, { type: "forgotten" }, at(2_500));
    expect(forgotten.life).toMatchObject({ record: null, next: null });
    expect(types(forgotten)).toEqual(["SHELL_DELETED"]);
  });

  it("a second time changes nothing", () => {
    const { life } = wishEnd(lifeOf(), "deleted", "asked", start);
    expect(wishEnd(life, "deleted", "asked", start + 5)).toEqual({ life, events: [] });
    expect(wishEnd(resumed(null, start), "deleted", "asked", start)).toMatchObject({
      life: { record: null },
      events: [],
    });
  });

  it("that comes while a create is under way ends what the create makes", () => {
    const creating = wishPresent(resumed(null, start), user, "shell-1", at(0));
    const wished = wishEnd({ ...creating.life, next: null }, "deleted", "asked", start + 5);
    const made = heard(wished.life, create, found("scheduling"), at(10));
    expect(made.life.record).toMatchObject({ desired: "deleted", phase: "stopping", podUid: "uid-1" });
    expect(made.life.next).toEqual({ call: remove, atMs: start + 10 });
  });

  it("after a create whose answer was lost does not believe the first 'no such pod'", () => {
    const creating = wishPresent(resumed(null, start), user, "shell-1", at(0));
    const wished = wishEnd({ ...creating.life, next: null }, "deleted", "asked", start + 5);
    const failed = heard(wished.life, create, lost, at(10));
    expect(failed.life.next?.call).toEqual(look);
    const missing = heard(failed.life, look, { type: "missing" }, at(300));
    expect(missing.life.record).toMatchObject({ desired: "deleted" });
    expect(missing.life.next?.call).toEqual(look);
    expect(heard(missing.life, look, { type: "missing" }, at(6_000)).life.next?.call).toEqual({ type: "forget" });
  });

  it("that cannot be carried out is a failure, and is tried for as long as it takes", () => {
    const step = heard(wishEnd(lifeOf(), "deleted", "asked", start).life, remove, refused(403, "Forbidden"), at(0));
    expect(step.life.record).toMatchObject({ phase: "failed", desired: "deleted", reason: "Forbidden" });
    expect(step.life.next).toEqual({ call: remove, atMs: start + 60_000 });
    const later = heard(step.life, remove, { type: "ending" }, at(60_000));
    expect(heard(later.life, look, found("stopping"), at(60_300)).life.record).toMatchObject({ phase: "stopping" });
  });

  it("of a pod that was replaced meanwhile looks before it deletes the other", () => {
    const step = heard(wishEnd(lifeOf(), "deleted", "asked", start).life, remove, { type: "other" }, at(0));
    expect(step.life.next?.call).toEqual(look);
    const other: ShellHeard = {
      type: "pod",
      pod: { uid: "uid-2", ours: true, marks: { expiresAt: null, busy: false }, state: stateIn("ready") },
    };
    expect(heard(step.life, look, other, at(300)).life.next?.call).toEqual({ type: "delete", uid: "uid-2" });
  });

  it("because its time is over says so, once", () => {
    const step = wishEnd(lifeOf(), "deleted", "expired", start + 6 * hour);
    expect(step.life.record).toMatchObject({ phase: "stopping", reason: "TimeOver" });
    expect(types(step)).toEqual(["SHELL_EXPIRED"]);
    expect(wishEnd(step.life, "deleted", "expired", start + 6 * hour).events).toEqual([]);
  });

  it.each([
    ["runs", {}, /its work is saved, then it ends/, / Its work is saved first/],
    ["could not be replaced", { phase: "failed", replacing: "uid-1" }, /its work is saved/, / Its work is saved first/],
    ["is gone", { phase: "failed", reason: "PodGone" }, /no pod was running/, /is being ended\.$/],
    ["was never there", { phase: "failed", podUid: null }, /no pod was running/, /is being ended\.$/],
  ] as const)("because its time is over promises a save only of a pod that %s", (_, kept, message, detail) => {
    const step = wishEnd(lifeOf(kept), "stopped", "expired", start + 6 * hour);
    expect(step.events[0]?.message).toMatch(message);
    expect(step.life.record?.detail).toMatch(detail);
  });
});

describe("a pod whose node is lost", () => {
  const late = 2 * 60_000 + 1;
  const stuck = found("stopping", { reason: "DeletionByTaintManager", endsBy: start });
  const force: ShellCall = { type: "delete", uid: "uid-1", force: true };

  it.each([
    ["is to be stopped", { phase: "stopping", desired: "stopped" }],
    ["is to be deleted", { phase: "stopping", desired: "deleted" }],
    ["is to be restarted", { phase: "stopping", replacing: "uid-1" }],
    ["was to make room for another", { phase: "creating", podUid: null }],
    ["of a shell forgotten was to make room", { phase: "creating", podUid: null, replacing: "uid-1" }],
  ] as const)("and that %s is waited for no longer than its time, and a little", (_, kept) => {
    expect(heard(lifeOf(kept), look, stuck, at(late - 1)).life.next?.call).toEqual(look);
    const given = heard(lifeOf(kept), look, stuck, at(late));
    expect(given.life.next).toEqual({ call: force, atMs: start + late });
  });

  it("is waited for where the cluster does not say until when", () => {
    const step = heard(lifeOf({ phase: "stopping", desired: "stopped" }), look, found("stopping"), at(10 * hour));
    expect(step.life.next?.call).toEqual(look);
  });

  it("is a failure while nobody looks, told once, and is forced out at the next visit", () => {
    const ending = heard(lifeOf(), look, stuck, at(late - 1));
    expect(ending.life.record).toMatchObject({ phase: "stopping", reason: "DeletionByTaintManager" });
    const failed = heard(ending.life, look, stuck, at(late));
    expect(failed.life.record).toMatchObject({ phase: "failed", reason: "NodeLost", podUid: "uid-1" });
    expect(failed.life.record?.detail).toMatch(/does not answer.*started again when you open it/);
    expect(failed.life.next).toBeNull();
    expect(types(failed)).toEqual(["SHELL_FAILED"]);
    expect(heard(failed.life, look, stuck, at(late + 1))).toMatchObject({ life: { next: null }, events: [] });
    const visited = wishPresent(failed.life, user, "x", at(hour));
    expect(heard(visited.life, look, stuck, at(hour)).life.next?.call).toEqual(force);
  });

  it("is replaced at once where somebody looks", () => {
    const step = heard(lifeOf(), look, stuck, { ...at(late), attended: true });
    expect(step.life.record).toMatchObject({ phase: "creating", podUid: null, capabilityGeneration: 1 });
    expect(step.life.next?.call).toEqual(force);
    expect(types(step)).toEqual(["SHELL_RECREATED"]);
  });

  it("is replaced by somebody's wish for a shell that was not known to have lost it", () => {
    const step = heard(wishPresent(lifeOf(), user, "x", at(0)).life, look, stuck, at(late));
    expect(step.life.record).toMatchObject({ phase: "creating", podUid: null });
    expect(step.life.next?.call).toEqual(force);
  });
});

describe("use", () => {
  it("moves the end away, in steps worth a row", () => {
    expect(used(lifeOf(), rules, start + expiryStepMs(rules) - 1).record?.expiresAt).toBe(start + 6 * hour);
    expect(used(lifeOf(), rules, start + hour).record?.expiresAt).toBe(start + 7 * hour);
  });

  it("never past the longest life", () => {
    const old = lifeOf({ expiresAt: start + 20 * hour });
    expect(used(old, rules, start + 23 * hour).record?.expiresAt).toBe(start + 24 * hour);
  });

  it("does not revive what is being ended", () => {
    const { life } = wishEnd(lifeOf(), "deleted", "expired", start + 6 * hour);
    expect(used(life, rules, start + 6 * hour)).toBe(life);
  });
});

describe("a life taken up again", () => {
  it.each([
    ["creating", { phase: "creating", podUid: null }, { type: "missing" } as ShellHeard, create],
    ["creating, done", { phase: "creating", podUid: null }, found("starting"), look],
    ["stopping", { phase: "stopping", desired: "deleted" }, found("ready"), remove],
  ] as const)("goes on where it was: %s", (_, kept, what, next) => {
    const life = resumed(record(kept), start);
    expect(life.next).toEqual({ call: look, atMs: start });
    expect(heard(life, look, what, at(5)).life.next?.call).toEqual(next);
  });

  it("is looked at when somebody asks, never later than planned", () => {
    expect(lookNow(lifeOf(), start + 7).next).toEqual({ call: look, atMs: start + 7 });
    expect(lookNow(resumed(null, start), start).next).toBeNull();
  });
});
