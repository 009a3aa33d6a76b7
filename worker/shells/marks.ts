// Owns what a pod carries for others to go by: when its shell ends, and that a job is at work in it.
// Must not know how it is written on the pod, what a job is, the database or a clock.

import type { Life, Living } from "./life.ts";
import { slowRetryMs } from "./pace.ts";
import type { ShellRecord } from "./shell-record.ts";

/** What a pod carries. The reaper goes by the one, those who empty nodes (Karpenter, Cluster Autoscaler) by the other. */
export interface PodMarks {
  /** Unix milliseconds; null where it says nothing. */
  readonly expiresAt: number | null;
  /** It asks to be left where it is. */
  readonly busy: boolean;
}

/**
 * A pod with a job tells of it every three minutes, or every seven where a save comes in between (cluster/image/tend). One
 * that has been silent for this long is lost, or its job is.
 */
export const busyForMs = 10 * 60_000;
/** The pod's label `expires-at` may lag behind the record by this much. */
const expiryLagMs = 15 * 60_000;

/** True where a job is taken to be at work in its pod. */
export function isBusy({ busyUntil }: Pick<ShellRecord, "busyUntil">, nowMs: number): boolean {
  return busyUntil !== null && nowMs < busyUntil;
}

/** True where what the pod carries, as last seen (null: nobody has looked), is not what the record says. */
export function lags(seen: PodMarks | null, record: ShellRecord, nowMs: number): boolean {
  if (seen === null || seen.expiresAt === null || seen.busy !== isBusy(record, nowMs)) return true;
  return Math.abs(record.expiresAt - seen.expiresAt) > expiryLagMs;
}

/** The call that writes what the record says on the pod. */
export function markNow(record: ShellRecord, uid: string, nowMs: number): NonNullable<Life["next"]> {
  return { call: { type: "mark", uid, busy: isBusy(record, nowMs) }, atMs: nowMs };
}

/** The record has changed: it is written on the pod, unless a call that looks at both comes next anyway. */
export function marked(life: Living, nowMs: number): Life {
  const { record, next, marks } = life;
  const { podUid: uid } = record;
  if (record.phase !== "ready" || uid === null || next !== null || !lags(marks, record, nowMs)) return life;
  return { ...life, next: markNow(record, uid, nowMs) };
}

/** The pod told whether a job is at work in it. */
export function heardJob(life: Living, atWork: boolean, nowMs: number): Life {
  const { record } = life;
  if (record.desired !== "present") return life;
  return marked({ ...life, record: { ...record, busyUntil: atWork ? nowMs + busyForMs : null } }, nowMs);
}

/** A pod that has not told of its job for too long has none: nothing may keep its node for ever. */
export function jobsOver(life: Life, nowMs: number): Life {
  const { record } = life;
  if (record === null || record.busyUntil === null || isBusy(record, nowMs)) return life;
  return marked({ ...life, record: { ...record, busyUntil: null } }, nowMs);
}

/**
 * The pod could not be marked. A pod whose job has ended would keep its node, so it is tried again while `mayHelp`; then
 * the next look or report begins anew. `inDoubt`: it may have been marked all the same.
 */
export function markFailed(life: Living, { inDoubt, mayHelp }: FailedMark, nowMs: number): Life {
  const { record, next } = life;
  const { podUid: uid } = record;
  const marks = inDoubt ? null : life.marks;
  const owed = record.phase === "ready" && uid !== null && lags(marks, record, nowMs);
  if (next !== null || !owed || !mayHelp) return { ...life, marks, failures: 0 };
  return { ...life, marks, next: { ...markNow(record, uid, nowMs), atMs: nowMs + slowRetryMs } };
}

interface FailedMark {
  readonly inDoubt: boolean;
  readonly mayHelp: boolean;
}
