// Owns every state that a shell's record can stand in, every event that can reach it, and a short way to say what comes of it.
// Must not know what ought to come of it.

import { heard } from "../../../worker/shells/answers.ts";
import {
  type Life,
  type Moment,
  resumed,
  type ShellCall,
  type ShellHeard,
  type Step,
} from "../../../worker/shells/life.ts";
import { heardActivity, heardReceipt } from "../../../worker/shells/reports.ts";
import { setUpEnded } from "../../../worker/shells/setup-lane.ts";
import type { ShellRecord } from "../../../worker/shells/shell-record.ts";
import { lookNow, type Refused, wishEnd, wishExtend, wishPresent, wishRestart } from "../../../worker/shells/wishes.ts";
import { lost, refused, stateIn } from "./model-cluster.ts";
import { readyShell } from "./ready-shell.ts";

export const hour = 3_600_000;
export const start = 1_800_000_000_000;
/** The moment of the event: an hour after the pod was asked for. */
export const nowMs = start + hour;
export const moment: Moment = {
  rules: { idleMs: 6 * hour, lifeMs: 24 * hour },
  nowMs,
  random: 0.5,
  attended: false,
};
const attended: Moment = { ...moment, attended: true };

function record(more: Partial<ShellRecord>): ShellRecord {
  return readyShell(start, more);
}

const pending = { podUid: null, setUpFor: null };

export const states: Readonly<Record<string, ShellRecord | null>> = {
  none: null,
  creating: record({ phase: "creating", ...pending }),
  "creating, the one before ends": record({ phase: "creating", ...pending, replacing: "uid-1" }),
  scheduling: record({ phase: "scheduling", setUpFor: null }),
  starting: record({ phase: "starting", setUpFor: null }),
  "setting-up": record({ phase: "setting-up", setUpFor: null }),
  ready: record({}),
  "stopping, by somebody else": record({ phase: "stopping", reason: "EvictionByEvictionAPI" }),
  "stopping, to be restarted": record({ phase: "stopping", replacing: "uid-1" }),
  "failed, its pod lost": record({ phase: "failed", reason: "PodGone" }),
  "failed, never there": record({ phase: "failed", reason: "Forbidden", ...pending }),
  "stopping, to be stopped": record({ phase: "stopping", desired: "stopped" }),
  "failed, to be stopped": record({ phase: "failed", desired: "stopped", reason: "Forbidden" }),
  "absent, stopped": record({ phase: "absent", desired: "stopped" }),
  "stopping, to be deleted": record({ phase: "stopping", desired: "deleted" }),
  "failed, to be deleted": record({ phase: "failed", desired: "deleted", reason: "Forbidden" }),
};

const look: ShellCall = { type: "look" };
/** What a pod carries where it is as its record says. */
const asKept = { expiresAt: start + 6 * hour, busy: false };

function found(...state: Parameters<typeof stateIn>): ShellHeard {
  return { type: "pod", pod: { uid: "uid-1", ours: true, marks: asKept, state: stateIn(...state) } };
}

type Event = (life: Life) => Step | Refused | null;

function ofShell(rule: (life: Life & { readonly record: ShellRecord }) => Step | Refused): Event {
  return (life) =>
    life.record === null || life.record.desired === "deleted" ? null : rule({ ...life, record: life.record });
}

function answer(what: ShellHeard, at: Moment = moment, call: ShellCall = look): Event {
  return (life) => heard(life, call, what, at);
}

const saved = { kind: "edge", state: "saved", at: nowMs, text: "Saved.", skipped: [], snapshot: null } as const;
const key = "uid-1/0/0";

function setUpOver(outcome: Parameters<typeof setUpEnded>[2]): Event {
  return (life) => {
    const running = { ...life, restarts: 0, setUp: { ...life.setUp, runningFor: key } };
    return setUpEnded(running, key, outcome, moment);
  };
}

export const events: Readonly<Record<string, Event>> = {
  create: (life) => wishPresent(life, "u", "shell-2", moment),
  stop: (life) => wishEnd(life, "stopped", "asked", nowMs),
  delete: (life) => wishEnd(life, "deleted", "asked", nowMs),
  restart: ofShell((life) => wishRestart(life, moment)),
  extend: ofShell((life) => wishExtend(life, moment)),
  "time over": (life) => wishEnd(life, "stopped", "expired", nowMs),
  look: (life) => ({ life: lookNow(life, nowMs), events: [] }),
  missing: answer({ type: "missing" }),
  "missing, seen": answer({ type: "missing" }, attended),
  "pod waits": answer(found("scheduling", { reason: "Unschedulable" })),
  "pod starts": answer(found("starting")),
  "pod runs": answer(found("ready")),
  "pod ends": answer(found("stopping", { reason: "Terminating" })),
  "pod ended": answer(found("failed", { reason: "Evicted", ended: true })),
  "pod ended, seen": answer(found("failed", { reason: "Evicted", ended: true }), attended),
  "pod outlived": answer(found("failed", { reason: "DeadlineExceeded", ended: true }), attended),
  "pod crashes": answer(found("failed", { reason: "CrashLoopBackOff" }), attended),
  "pod of others": answer({
    type: "pod",
    pod: { uid: "uid-x", ours: false, marks: { expiresAt: null, busy: false }, state: stateIn("ready") },
  }),
  "create: taken": answer({ type: "taken" }, moment, { type: "create" }),
  "create: lost": answer(lost, moment, { type: "create" }),
  "create: 403": answer(refused(403, "Forbidden"), moment, { type: "create" }),
  "delete: ending": answer({ type: "ending" }, moment, { type: "delete", uid: "uid-1" }),
  "delete: 403": answer(refused(403, "Forbidden"), moment, { type: "delete", uid: "uid-1" }),
  "look: 500": answer(refused(500, "InternalError")),
  "mark: lost": answer(lost, moment, { type: "mark", uid: "uid-1", busy: false }),
  forgotten: answer({ type: "forgotten" }, moment, { type: "forget" }),
  remembered: answer({ type: "remembered" }, moment, { type: "forget" }),
  "set-up done": setUpOver({ type: "receipt", checks: [] }),
  "set-up failed": setUpOver({ type: "none", code: "SETUP_FAILED", text: "No.", final: false, checks: [] }),
  receipt: (life) => heardReceipt(life, "shell-1", saved),
  busy: (life) => ({
    life: heardActivity(life, "shell-1", { busy: true, commands: [], ending: false }, moment.rules, nowMs),
    events: [],
  }),
};

/** A life with nothing under way, an hour after its pod was asked for. */
export function settled(kept: ShellRecord | null): Life {
  const life = resumed(kept, nowMs);
  return { ...life, next: null, restarts: 0, marks: asKept, doubtUntilMs: 0, movingSinceMs: nowMs };
}

/**
 * `=` for nothing at all; otherwise `DESIRED/PHASE ID? replaces? > next call and its delay; set-up; EVENTS`, or a refusal's
 * code.
 */
export function said(before: Life, after: ReturnType<Event>): string {
  if (after === null) return "no shell";
  if ("refused" in after) return after.refused;
  const { life, events: told } = after;
  const { record, next, setUp } = life;
  const call = next === null ? "" : ` > ${next.call.type}${next.atMs > nowMs ? " later" : ""}`;
  const run = setUp.dueMs === null ? "" : ` ; set-up${setUp.dueMs > nowMs ? " later" : ""}`;
  const types = told.map(({ type }) => type.replace(/^SHELL_/, "").toLowerCase()).join(" ");
  const news = types === "" ? "" : ` : ${types}`;
  const how =
    record === null
      ? "none"
      : `${record.desired}/${record.phase}${record.id === "shell-2" ? " anew" : ""}${record.replacing === null ? "" : " replacing"}`;
  const isSame = record === before.record && call === "" && run === "" && news === "";
  return isSame ? "=" : how + call + run + news;
}
