// Owns what a wish does to a shell's life: to have one, to end it, to begin it anew, to use it, to look at it.
// Must not know what a call's answer does, the database, the network or a clock.

import type { ErrorCode } from "../errors.ts";
import { noConditions } from "../kubernetes/pod-state.ts";
import {
  type Life,
  type Living,
  lookAt,
  type Moment,
  newPod,
  newTimes,
  type Rules,
  renew,
  replacing,
  type ShellCall,
  type ShellEvent,
  type Step,
  unseen,
} from "./life.ts";
import { marked } from "./marks.ts";
import { nothingSetUp, podNameOf, type ShellRecord } from "./shell-record.ts";
import { age, utcTime } from "./words.ts";

/** A wish that cannot be granted: a stable code and a sentence with a next step. */
export interface Refused {
  readonly refused: ErrorCode;
  readonly message: string;
}

/** Why a shell was stopped, where nobody asked for it. Kubernetes' own `Expired` is another word (410). */
export const timeOver = "TimeOver";

/** An expiry that moved by less is not written: it would cost a row each time. */
export function expiryStepMs({ idleMs }: Rules): number {
  return Math.min(60_000, idleMs / 20);
}

export function rebooted({ id }: ShellRecord): ShellEvent {
  return { type: "SHELL_REBOOTED", shellId: id, message: "The shell was started again, with a new pod." };
}

/** Somebody wants a shell. Where there is one, it stays; where its pod is gone or broken, it gets a new one. */
export function wishPresent(life: Life, userId: string, newId: string, moment: Moment): Step {
  const { record } = life;
  const { nowMs } = moment;
  if (record === null || record.desired === "deleted") return begin(life, userId, newId, moment);
  if (record.desired === "stopped") return start({ ...life, record }, moment);
  if (record.phase === "failed" && record.replacing === null) {
    const asked = { ...life, record: { ...record, recreations: 0 }, failures: 0 };
    return renew(asked, lookAt(nowMs), moment, [rebooted(record)]);
  }
  // As far as is known all is well; a look finds out whether it is.
  return { life: { ...life, next: soonest(life, nowMs), recreate: true }, events: [] };
}

/** The first shell of this person, or one in place of another that is going for good. */
function begin(life: Life, userId: string, newId: string, moment: Moment): Step {
  const { record: before } = life;
  const record: ShellRecord = {
    id: newId,
    userId,
    podName: podNameOf(userId),
    podUid: null,
    desired: "present",
    phase: "creating",
    reason: null,
    detail: null,
    conditions: noConditions,
    ...newTimes(moment),
    ...nothingSetUp,
    // What ran in the pod of the shell before is not this one's.
    replacing: before?.podUid ?? null,
    createdAt: moment.nowMs,
  };
  // Where one is still ending, only a look says when its name is free.
  const call: ShellCall = before === null ? { type: "create" } : { type: "look" };
  const event = { type: "SHELL_CREATED", shellId: newId, message: "A shell was asked for." } as const;
  return { life: moving({ ...life, ...unseen, record }, call, moment.nowMs), events: [event] };
}

/**
 * A stopped shell goes on under the same id: what is saved of it is its own. A pod that is there yet ends first: it saves
 * its work, and the longest life has been running for it since it began.
 */
function start(life: Living, moment: Moment): Step {
  const { record } = life;
  const event = { type: "SHELL_STARTED", shellId: record.id, message: "The shell was started again." } as const;
  if (record.phase !== "absent" && record.podUid !== null) {
    const why = {
      reason: null,
      detail: "The pod before is ending: its work is saved, then a new one takes its place.",
    };
    const waiting = replacing({ ...life, record: { ...record, recreations: 0 } }, record.podUid, why, moment);
    return { life: moving(waiting, { type: "look" }, moment.nowMs), events: [event] };
  }
  const begun: ShellRecord = {
    ...record,
    ...newPod(record),
    ...newTimes(moment),
    recreations: 0,
  };
  const call: ShellCall = record.phase === "absent" ? { type: "create" } : { type: "look" };
  return { life: moving({ ...life, ...unseen, record: begun }, call, moment.nowMs), events: [event] };
}

/** The shell is to end: `stopped` keeps record, secrets and saves, `deleted` nothing. */
export function wishEnd(life: Life, to: "stopped" | "deleted", why: "asked" | "expired", nowMs: number): Step {
  const { record } = life;
  if (record === null || record.desired === "deleted" || record.desired === to) {
    // A failed end is tried again at once.
    const again = record !== null && record.desired !== "present" && record.phase === "failed";
    return { life: again ? { ...life, next: soonest(life, nowMs), failures: 0 } : life, events: [] };
  }
  const call: ShellCall =
    record.podUid === null || record.phase === "absent" ? { type: "look" } : { type: "delete", uid: record.podUid };
  // A failed shell's pod is gone or does no work; but one that could not be replaced runs on.
  const runs = record.podUid !== null && (record.phase !== "failed" || record.replacing !== null);
  const expired = why === "expired" || (record.desired === "stopped" && record.reason === timeOver);
  const stopping: ShellRecord = {
    ...record,
    desired: to,
    phase: "stopping",
    reason: expired ? timeOver : null,
    detail: `${expired ? "The shell's time is over: it is being ended." : "The shell is being ended."}${to === "stopped" && runs ? " Its work is saved first." : ""}`,
    replacing: null,
  };
  const message = runs
    ? "The shell's time was over: its work is saved, then it ends."
    : "The shell's time was over; no pod was running.";
  return {
    life: moving({ ...life, record: stopping, said: null }, call, nowMs),
    events:
      why === "expired" && record.desired === "present"
        ? [{ type: "SHELL_EXPIRED", shellId: record.id, message, notice: true }]
        : [],
  };
}

/** The pod ends in good order and another takes its place. Where there is none to end, one is made. */
export function wishRestart(life: Living, moment: Moment): Step {
  const { record } = life;
  if (record.desired === "stopped") return start(life, moment);
  // It is being replaced, or has not come up: what is asked for is under way.
  const begun = record.replacing !== null || record.podUid === null;
  if (begun && record.phase !== "failed") return { life, events: [] };
  if (record.podUid === null || record.replacing !== null) return wishPresent(life, record.userId, record.id, moment);
  const detail = "The shell is being restarted: its work is saved, then a new pod takes its place.";
  const asked = { ...life, record: { ...record, recreations: 0 } };
  const restarting = replacing(asked, record.podUid, { reason: null, detail }, moment);
  const event = { type: "SHELL_RESTARTED", shellId: record.id, message: "A restart was asked for." } as const;
  const call: ShellCall = { type: "delete", uid: record.podUid };
  return { life: moving(restarting, call, moment.nowMs), events: [event] };
}

/** Its end moves away, as far as the longest life lets it. */
export function wishExtend(life: Living, { rules, nowMs }: Moment): Step | Refused {
  const { record } = life;
  if (record.desired !== "present" || record.phase === "failed") {
    return { refused: "NOT_RUNNING", message: "The shell is not running, so it has no end to move. Start it first." };
  }
  const longest = record.startedAt + rules.lifeMs;
  if (record.expiresAt >= longest) {
    const message = `The shell reaches the longest life that is allowed, ${age(rules.lifeMs)}, at ${utcTime(longest)}. Restart it to begin a new one: its work is saved and comes back.`;
    return { refused: "NOT_EXTENDABLE", message };
  }
  const expiresAt = Math.min(nowMs + rules.idleMs, longest);
  if (expiresAt <= record.expiresAt) return { life, events: [] };
  const message = `The shell's end was moved to ${utcTime(expiresAt)}.`;
  return {
    life: lasting(life, expiresAt, nowMs),
    events: [{ type: "SHELL_EXTENDED", shellId: record.id, message }],
  };
}

/** The shell is used: its end moves away, as far as the longest life lets it. */
export function used(life: Life, rules: Rules, nowMs: number): Life {
  const { record } = life;
  if (record === null || record.desired !== "present") return life;
  const expiresAt = Math.min(nowMs + rules.idleMs, record.startedAt + rules.lifeMs);
  if (expiresAt - record.expiresAt < expiryStepMs(rules)) return life;
  return lasting({ ...life, record }, expiresAt, nowMs);
}

function lasting(life: Living, expiresAt: number, nowMs: number): Life {
  return marked({ ...life, record: { ...life.record, expiresAt } }, nowMs);
}

/** Look at the pod now (something happened to it, perhaps), unless a call is due by then anyway. */
export function lookNow(life: Life, nowMs: number): Life {
  if (life.record === null || life.record.phase === "absent") return life;
  return { ...life, next: soonest(life, nowMs) };
}

/** Look now even where there should be no pod: somebody saw one. */
export function lookAnyway(life: Life, nowMs: number): Life {
  return life.record === null ? life : { ...life, next: soonest(life, nowMs) };
}

/** On its way from now on, and this is the first step. */
function moving(life: Life, call: ShellCall, nowMs: number): Life {
  return { ...life, next: { call, atMs: nowMs }, failures: 0, movingSinceMs: nowMs, recreate: false };
}

/** The next call now; a look where there is none. */
function soonest(life: Life, nowMs: number): Life["next"] {
  return life.next === null ? lookAt(nowMs) : { call: life.next.call, atMs: Math.min(nowMs, life.next.atMs) };
}
