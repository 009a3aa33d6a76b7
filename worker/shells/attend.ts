// Owns what is done about a pod that was lost while somebody looks at its shell: a new one, within bounds.
// Must not know how its loss was learnt, the database, the network or a clock.

import { fail, type Life, type Living, type Moment, renew, type Step } from "./life.ts";
import { podGoneReason } from "./shell-record.ts";
import { asOfLastSave } from "./words.ts";

/** Pods that are made anew by themselves while none of them was ready for `healthyMs`. */
export const mostRecreations = 3;
export const healthyMs = 10 * 60_000;

export const podGone = {
  reason: podGoneReason,
  detail: "The shell's pod is gone: its node was lost, or somebody deleted it.",
} as const;

export const nodeLost = {
  reason: "NodeLost",
  detail: "The shell's node does not answer: the pod was to end and has not, long after its time.",
} as const;

/** True where its pod was well for so long that its loss is not another one of the same kind. */
export function isHealthy({ readySinceMs }: Life, nowMs: number): boolean {
  return readySinceMs !== null && nowMs - readySinceMs >= healthyMs;
}

/** Null where nobody looks: the next visit begins it. `next` leads to the create. */
export function attend(
  life: Living,
  why: { readonly reason: string; readonly detail: string },
  next: Life["next"],
  moment: Moment,
): Step | null {
  if (!moment.attended) return null;
  const { record } = life;
  const recreations = isHealthy(life, moment.nowMs) ? 1 : record.recreations + 1;
  if (recreations > mostRecreations) {
    const bound = `That was the ${recreations}th time in a row, so it is not started again by itself. Start it again, and if it lasts tell whoever runs the cluster.`;
    const detail = record.phase === "failed" ? record.detail : `${why.detail} ${bound}`;
    return fail(life, { phase: "failed", reason: why.reason, detail }, null);
  }
  const message = `${why.detail} It is being started again. ${asOfLastSave(record, moment.nowMs)}`;
  return renew({ ...life, record: { ...record, recreations } }, next, moment, [
    { type: "SHELL_RECREATED", shellId: record.id, message, notice: true },
  ]);
}
