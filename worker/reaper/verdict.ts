// Owns what is to become of a pod that was found, and of a record whose pod was not.
// Must not know how either was found, nor carry anything out.

import type { Pod } from "../kubernetes/pod.ts";
import { podLabels, shellLabel } from "../kubernetes/pod-manifest.ts";
import { podNameOf } from "../shells/shell-record.ts";
import type { SweptShell } from "./swept-shell.ts";

export interface VerdictRules {
  readonly installId: string;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/**
 * - `leave`: all is well, or it is not ours, or somebody is at it.
 * - `tell`: pod and record do not fit: the person's object is told to look (`sweep`).
 * - `clear`: nothing runs in it any more and nobody waits to learn why: the object in the cluster goes.
 * - `orphan`: it runs and nobody has it. Whether it goes is decided once all pods were seen.
 * - `expire`: its time was over long ago by both clocks and its object did nothing: the reaper ends it.
 */
export type Verdict = "leave" | "tell" | "clear" | "orphan" | "expire";

/** A pod without a record is left alone for so long: its record may be on its way. */
export const orphanAgeMs = 10 * 60_000;
/** After this long past both clocks the object had ten sweeps to end it. */
export const expireAfterMs = 10 * 60_000;
/** A record that was written a moment ago is being worked on. */
const settledMs = 2 * 60_000;

const namePrefix = podNameOf("");
/** After every id. */
const lastOfAll = "\u{10ffff}";

/** Whose pod has this name; null where no record can name it. */
export function userOfPod(name: string): string | null {
  return name.startsWith(namePrefix) && name.length > namePrefix.length ? name.slice(namePrefix.length) : null;
}

/**
 * A bound for people's ids: the ids above it are those whose pods' names come after `name`, in the order of the cluster's
 * lists and of D1's index (both compare bytes).
 */
export function userBound(name: string): string {
  if (name.startsWith(namePrefix)) return name.slice(namePrefix.length);
  return name < namePrefix ? "" : lastOfAll;
}

/** `record`: the one whose pod has this name; null: D1's primary has none. */
export function judgePod(pod: Pod, record: SweptShell | null, rules: VerdictRules): Verdict {
  const { nowMs } = rules;
  // The list was asked for these labels only; what is deleted is looked at once more.
  const ours = pod.labels[podLabels.install] === rules.installId && pod.labels[podLabels.name] === shellLabel;
  if (!ours || pod.deleting) return "leave";
  const ended = pod.phase === "Failed" || pod.phase === "Succeeded";
  if (record === null) {
    if (ended) return "clear";
    return pod.createdAt !== null && nowMs - pod.createdAt >= orphanAgeMs ? "orphan" : "leave";
  }
  const runsNothing = record.phase === "failed" || record.phase === "absent";
  if (ended && runsNothing) return "clear";
  if (!ended && isOverByBoth(pod, record, nowMs - expireAfterMs)) return "expire";
  if (!isSettled(record, nowMs)) return "leave";
  if (ended || record.desired !== "present") return "tell";
  // A pod that fails while it lives (it crashes in a loop) is known by its uid; another one is news.
  return record.phase === "absent" || record.podUid !== pod.uid ? "tell" : "leave";
}

/** A record whose pod is not in the cluster: whether the object must be told. */
export function judgeMissing(record: SweptShell, nowMs: number): "leave" | "tell" {
  if (!isSettled(record, nowMs)) return "leave";
  // Gone is what a deleted shell waits for; a stopped or failed one says already that there is no pod.
  if (record.desired === "deleted") return "tell";
  return record.phase === "absent" || record.phase === "failed" ? "leave" : "tell";
}

/** The label lags behind the record, or a record that was put back behind the label: the later one counts. */
function isOverByBoth(pod: Pod, record: SweptShell, beforeMs: number): boolean {
  const label = pod.labels[podLabels.expiresAt] ?? "";
  if (record.expiresAt === null || !/^\d{1,12}$/.test(label)) return false;
  return Math.max(record.expiresAt, Number(label) * 1000) <= beforeMs;
}

/** A record without a readable time is settled: nobody will ever write it again unasked. */
function isSettled(record: SweptShell, nowMs: number): boolean {
  return record.updatedAt === null || nowMs - record.updatedAt >= settledMs;
}
