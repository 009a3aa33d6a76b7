// Owns the reaper's step through all pods of this installation: page by page, each with the records that fall into it.
// Must not know what is to become of a pod (verdict.ts) or when too many are suspected (pod-sweep.ts).

import { readCursor, writeCursor } from "../db/cursors.ts";
import type { Pod, PodPage } from "../kubernetes/pod.ts";
import { podLabels, shellLabel } from "../kubernetes/pod-manifest.ts";
import type { ClusterAnswer } from "../kubernetes/request.ts";
import { clearPods, endOrphans, endOverdue } from "./endings.ts";
import type { ReaperStep } from "./plan.ts";
import { addPage, beginSweep, decideOrphans, encodeSweep, type PodSweep, parseSweep } from "./pod-sweep.ts";
import type { SweptShell } from "./swept-shell.ts";
import { judgeMissing, judgePod, userBound, type Verdict } from "./verdict.ts";
import {
  ClusterCallFailed,
  type Done,
  nothingDone,
  ReaperAlert,
  type ReaperWorld,
  sumOf,
  tellObjects,
} from "./world.ts";

type Step = Extract<ReaperStep, { kind: "sweep-pods" }>;

const cursorName = "reaper-pods";
/** A page that fails is asked for so often, with a growing pause. */
const listTries = 4;
const listPauseMs = 250;

/**
 * One sweep at most in a run; where it does not come to its end, the next run goes on with the same page. Orphans are
 * decided on when all pods were seen.
 * @throws ReaperAlert `ORPHANS` where too many pods have no record: none of them is touched
 * @throws ClusterCallFailed where a page cannot be had; the sweep stays where it is
 */
export async function sweepPods(world: ReaperWorld, step: Step): Promise<Done> {
  const { db, turn, nowMs } = world;
  if (!(await turn.mayTake(1))) return nothingDone;
  const kept = await readCursor(db, cursorName);
  let sweep = (kept === null ? null : parseSweep(kept)) ?? beginSweep(nowMs);
  let sum = nothingDone;
  while (!sweep.listed) {
    const page = await listPage(world, step, sweep);
    if (page === null) return sum;
    if (page === "expired") {
      // The cluster has forgotten the moment of this list: all of it is looked at again.
      sweep = beginSweep(nowMs);
      await writeCursor(db, cursorName, null, nowMs);
      continue;
    }
    const part = await dealWith(world, step, sweep, page);
    sum = sumOf(sum, part.done);
    if (part.sweep === null || turn.lost) return sum;
    sweep = part.sweep;
    await writeCursor(db, cursorName, encodeSweep(sweep), nowMs);
  }
  const orphans = decideOrphans(sweep);
  if (orphans === "too-many") {
    await writeCursor(db, cursorName, null, nowMs);
    throw new ReaperAlert("ORPHANS", "too many pods have no record: none of them was touched", {
      pods: sweep.pods,
      orphans: sweep.orphans,
    });
  }
  const ended = await endOrphans(world, step.kind, orphans);
  if (ended.left === 0 && !turn.lost) await writeCursor(db, cursorName, null, nowMs);
  return sumOf(sum, ended);
}

/** Null where the run may not go on. A page that is expired (410) is no failure. */
async function listPage(world: ReaperWorld, step: Step, sweep: PodSweep): Promise<PodPage | "expired" | null> {
  const { pods, config, turn } = world;
  const selector = `${podLabels.name}=${shellLabel},${podLabels.install}=${config.installId}`;
  for (let tries = 1; ; tries += 1) {
    if (!(await turn.mayTake(1))) return null;
    const answer: ClusterAnswer<PodPage> = await pods.list(selector, step.page, sweep.next);
    if (answer.ok) return answer.value;
    const why = new ClusterCallFailed("the pods could not be listed", answer.failure);
    if (answer.failure.status === 410 && sweep.next !== null) return "expired";
    if (tries === listTries || !why.passing) throw why;
    await scheduler.wait(Math.min(answer.failure.retryAfterMs ?? listPauseMs * 2 ** tries, 4_000));
  }
}

/** `sweep`: after this page; null where the run ended within it, and it is to be dealt with again. */
async function dealWith(
  world: ReaperWorld,
  step: Step,
  sweep: PodSweep,
  page: PodPage,
): Promise<{ readonly done: Done; readonly sweep: PodSweep | null }> {
  const { config, nowMs } = world;
  const names = page.pods.map(({ name }) => name);
  const records = await recordsOf(world, step, sweep.after, page.next === null ? null : (names.at(-1) ?? sweep.after));
  if (records === null) return { done: nothingDone, sweep: null };
  const rules = { installId: config.installId, nowMs };
  const judged = page.pods.map((pod) => {
    const record = records.get(pod.name) ?? null;
    return { pod, record, verdict: judgePod(pod, record, rules) };
  });
  const listed = new Set(names);
  // The list shows the moment at which its first page was asked for.
  const missing = [...records.values()].filter(
    (record) => !listed.has(record.podName) && judgeMissing(record, sweep.startedAt) === "tell",
  );
  const of = (verdict: Verdict): Pod[] => judged.filter((each) => each.verdict === verdict).map(({ pod }) => pod);
  const wrong = judged.flatMap(({ record, verdict }) => (verdict === "tell" && record !== null ? [record] : []));
  const told = await tellObjects(
    world,
    step.kind,
    [...wrong, ...missing].map(({ userId }) => userId),
  );
  const done = sumOf(
    told,
    await clearPods(world, step.kind, of("clear")),
    await endOverdue(world, step.kind, of("expire")),
  );
  if (done.left > 0) return { done, sweep: null };
  const orphans = of("orphan").map(({ name, uid }) => ({ name, uid }));
  return { done, sweep: addPage(sweep, { names, orphans, next: page.next }) };
}

/** The records of all pods, in the cluster or not, whose names come after `after` and not after `last` (null: to the end). */
async function recordsOf(
  { shells, turn }: ReaperWorld,
  { batch }: Step,
  after: string,
  last: string | null,
): Promise<ReadonlyMap<string, SweptShell> | null> {
  const records = new Map<string, SweptShell>();
  const to = last === null ? null : userBound(last);
  let from = after === "" ? "" : userBound(after);
  for (;;) {
    if (!(await turn.mayTake(1))) return null;
    const rows = await shells.listRange(from, to, batch);
    for (const row of rows) records.set(row.podName, row);
    const end = rows.at(-1);
    if (end === undefined || rows.length < batch) return records;
    from = end.userId;
  }
}
