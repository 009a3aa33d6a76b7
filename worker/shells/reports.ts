// Owns what a pod's own reports do to a shell's life: a save's receipt, what runs, what a gentle end waits for.
// Must not know whether the pod may report, the database, the network or a clock.

import type { Life, Rules, ShellEvent, Step } from "./life.ts";
import { heardJob } from "./marks.ts";
import type { PodActivity, Receipt } from "./shell-setup.ts";
import { used } from "./wishes.ts";

/** Most of what was left out that is told in an event, in UTF-16 units. */
const maxLeftOutLength = 1_000;

/** A save: an event, and the age of what would come back. One of a pod that is ending, or has just ended, counts too. */
export function heardReceipt(life: Life, shellId: string, receipt: Receipt): Step {
  const { record } = life;
  if (record === null || record.id !== shellId || record.desired === "deleted") return { life, events: [] };
  const told = eventOf(shellId, receipt);
  // While it ends, that is what people wait for.
  const event = told !== null && record.phase === "stopping" ? { ...told, notice: true as const } : told;
  // The home comes last and takes along what the repository refused: only with it all of the work is saved. What has not
  // changed is as saved now as it was then.
  const isSaved = receipt.kind === "edge" && receipt.state !== "failed";
  const lastSavedAt = isSaved ? Math.max(receipt.at, record.lastSavedAt ?? 0) : record.lastSavedAt;
  const changed = lastSavedAt === record.lastSavedAt ? record : { ...record, lastSavedAt };
  return { life: { ...life, record: changed }, events: event === null ? [] : [event] };
}

function eventOf(shellId: string, { state, text, skipped }: Receipt): ShellEvent | null {
  if (state === "unchanged") return null;
  const list = skipped.join("; ");
  const short = list.length > maxLeftOutLength ? `${list.slice(0, maxLeftOutLength - 1)}…` : list;
  const message = skipped.length === 0 ? text : `${text} Left out: ${short}.`;
  return { type: state === "failed" ? "SAVE_FAILED" : "WORK_SAVED", shellId, message };
}

/** What runs keeps the shell, and its node where it is; what still runs while it ends is what a person waits for. */
export function heardActivity(life: Life, shellId: string, activity: PodActivity, rules: Rules, nowMs: number): Life {
  const { record } = life;
  if (record === null || record.id !== shellId) return life;
  if (record.phase === "stopping") {
    return { ...life, said: activity.ending ? endingDetail(activity.commands) : null };
  }
  const heard = heardJob({ ...life, record }, activity.busy, nowMs);
  return activity.busy ? used(heard, rules, nowMs) : heard;
}

function endingDetail(commands: readonly string[]): string {
  if (commands.length === 0) return "Its programs have ended; its work is being saved.";
  return `Waiting for ${commands.join(", ")} to end; then its work is saved.`;
}
