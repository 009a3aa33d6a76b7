// Owns what a call's answer does to a shell's life: the next record, the next call, and what is told of it.
// Must not know what was wished for beyond the record, the database, the network or a clock.

import type { ClusterFailure } from "../kubernetes/failure.ts";
import { clusterError, isInDoubt, isPassing, isQuota } from "../kubernetes/failure.ts";
import { noConditions, startedAgain } from "../kubernetes/pod-state.ts";
import { attend, isHealthy, nodeLost, podGone } from "./attend.ts";
import {
  doubtMs,
  type FoundPod,
  fail,
  type Life,
  type Living,
  lookAt,
  type Moment,
  renew,
  replacing,
  type ShellCall,
  type ShellEvent,
  type ShellHeard,
  type Step,
  unseen,
} from "./life.ts";
import { isBusy, lags, markFailed, markNow } from "./marks.ts";
import {
  longestEndMs,
  longestStartMs,
  mostFailures,
  mostQuotaFailures,
  nextLookMs,
  retryMs,
  slowRetryMs,
} from "./pace.ts";
import { planSetUp, wasSetUp, wasSetUpBefore } from "./setup-lane.ts";
import type { ShellRecord } from "./shell-record.ts";
import { rebooted, timeOver, wishEnd } from "./wishes.ts";
import { asOfLastSave, utcTime } from "./words.ts";

const podBefore = { reason: "Terminating", detail: "The pod before this one is ending." } as const;

function nameTaken(podName: string) {
  return {
    phase: "failed",
    reason: "NameTaken",
    detail: `A pod ${podName} that is not Limpet's is in the way. Tell whoever runs the cluster.`,
  } as const;
}

/** What `call` brought. */
export function heard(life: Life, call: ShellCall, what: ShellHeard, moment: Moment): Step {
  const { record } = life;
  const { nowMs } = moment;
  // The shell was given up while this was under way: only a create may have left something behind.
  if (record === null) return { life: { ...life, next: null }, events: [] };
  switch (what.type) {
    case "failed":
      return heardFailure({ ...life, record }, call, what.failure, moment);
    case "taken":
    case "other":
      return { life: { ...life, next: lookLater(life, nowMs) }, events: [] };
    case "ending":
      return { life: { ...life, failures: 0, next: lookLater(life, nowMs) }, events: [] };
    case "missing":
      return heardMissing({ ...life, record, failures: 0 }, what.told ?? null, moment);
    case "pod":
      return heardPod({ ...life, record, failures: 0, marks: what.pod.marks }, call, what.pod, moment);
    case "forgotten":
    case "remembered":
      return heardForget({ ...life, record }, what.type === "forgotten", moment);
  }
}

function heardMissing(life: Living, events: string | null, moment: Moment): Step {
  const { record } = life;
  const { nowMs } = moment;
  const gone: Living = { ...life, ...unseen, record: { ...record, conditions: noConditions } };
  if (record.desired !== "present") {
    if (nowMs < life.doubtUntilMs) return { life: { ...gone, next: lookLater(life, nowMs) }, events: [] };
    if (record.desired === "stopped") return stopped(gone);
    return { life: { ...gone, next: { call: { type: "forget" }, atMs: nowMs } }, events: [] };
  }
  const create = { call: { type: "create" }, atMs: nowMs } as const;
  const free: Living = { ...gone, record: { ...gone.record, replacing: null } };
  if (record.phase === "creating") {
    return { life: { ...free, record: { ...free.record, podUid: null }, next: create }, events: [] };
  }
  if (record.replacing !== null) return renew(free, create, moment, []);
  if (life.recreate) return renew(free, create, moment, [rebooted(record)]);
  // What was never there, or was refused, was not lost.
  if (record.phase === "failed" && record.podUid === null) return { life: { ...gone, next: null }, events: [] };
  // Somebody else ended it: what was said of that is why it is gone.
  const told = record.phase === "stopping" || record.phase === "failed";
  const said = (told ? record.detail : null) ?? podGone.detail;
  const detail = events === null || told ? said : `${said} The cluster's events: ${events}.`;
  const why = { reason: (told ? record.reason : null) ?? podGone.reason, detail };
  return attend({ ...gone, readySinceMs: life.readySinceMs }, why, create, moment) ?? lost(gone, why, moment);
}

interface Loss {
  readonly reason: string;
  readonly detail: string;
}

function lost(life: Living, why: Loss, moment: Moment): Step {
  if (life.record.phase === "failed") return { life: { ...life, next: null }, events: [] };
  return untilOpened(life, why, moment);
}

/** Nobody looks: the next visit begins it anew. */
function untilOpened(life: Living, why: Loss, { nowMs }: Moment): Step {
  const detail = `${why.detail} It is started again when you open it. ${asOfLastSave(life.record, nowMs)}`;
  return fail(life, { phase: "failed", reason: why.reason, detail }, null);
}

function stopped(life: Living): Step {
  const { record } = life;
  if (record.phase === "absent") return { life: { ...life, next: null }, events: [] };
  const saved =
    record.lastSavedAt === null
      ? "Nothing had been saved of it."
      : `Its work was last saved at ${utcTime(record.lastSavedAt)}, and comes back when it is started.`;
  const expired = record.reason === timeOver;
  const detail = `The shell ${expired ? "ended because its time was over" : "is stopped"}. ${saved}`;
  return {
    life: {
      ...life,
      record: { ...record, phase: "absent", reason: expired ? timeOver : null, detail, replacing: null },
      next: null,
    },
    events: [{ type: "SHELL_STOPPED", shellId: record.id, message: detail, notice: true }],
  };
}

function heardForget(life: Living, done: boolean, { nowMs, random }: Moment): Step {
  const { record } = life;
  // Somebody wants a shell again: a new one, whose record this is.
  if (record.desired !== "deleted") return { life: { ...life, next: life.next ?? lookAt(nowMs) }, events: [] };
  if (!done) {
    const failures = life.failures + 1;
    const wait = failures < mostFailures ? retryMs(failures, random) : slowRetryMs;
    const next = { call: { type: "forget" }, atMs: nowMs + wait } as const;
    return { life: { ...life, failures, next }, events: [] };
  }
  const message = "The shell was ended and its pod is gone, and with it its secrets and what was saved of it.";
  return {
    life: { ...life, record: null, next: null },
    events: [{ type: "SHELL_DELETED", shellId: record.id, message }],
  };
}

function heardPod(life: Living, call: ShellCall, pod: FoundPod, moment: Moment): Step {
  const { record } = life;
  const { nowMs } = moment;
  if (!pod.ours) {
    if (record.desired !== "present") return heardMissing(life, null, moment);
    return fail({ ...life, record: { ...record, podUid: null, replacing: null } }, nameTaken(record.podName), null);
  }
  const { state } = pod;
  const replaced = record.replacing === pod.uid;
  const known: Living = {
    ...life,
    record: { ...record, podUid: replaced ? record.podUid : pod.uid, conditions: state.conditions },
    restarts: state.restarts,
  };
  const atItsEnd = state.phase === "failed" || state.phase === "stopping";
  const isStuck = state.phase === "stopping" && state.endsBy !== null && nowMs - state.endsBy > longestEndMs;
  const end: ShellCall = { type: "delete", uid: pod.uid, ...(isStuck ? { force: true } : {}) };
  const ending = state.phase === "stopping" && !isStuck;
  const next = ending ? lookLater(life, nowMs) : { call: end, atMs: nowMs };
  if (record.desired !== "present") {
    return { life: { ...known, record: { ...known.record, phase: "stopping" }, next }, events: [] };
  }
  if (replaced) {
    const said = record.phase === "creating" ? podBefore : {};
    return { life: { ...known, record: { ...known.record, ...said }, next }, events: [] };
  }
  if (record.replacing !== null)
    return heardPod({ ...life, record: { ...record, replacing: null } }, call, pod, moment);
  if (record.phase === "creating" && atItsEnd && call.type !== "create") {
    return { life: { ...known, record: { ...known.record, podUid: record.podUid, ...podBefore }, next }, events: [] };
  }
  if (life.recreate && ending) {
    const detail = `${state.detail ?? podBefore.detail} A new pod takes its place.`;
    const waiting = replacing(known, pod.uid, { reason: state.reason, detail }, moment);
    return { life: { ...waiting, next }, events: [rebooted(record)] };
  }
  if (life.recreate && atItsEnd) return renew(known, next, moment, [rebooted(record)]);
  if (isStuck) return attend(known, nodeLost, next, moment) ?? lost(known, nodeLost, moment);
  if (state.ended) {
    if (state.reason === "DeadlineExceeded") return wishEnd(known, "stopped", "expired", nowMs);
    const why = { reason: state.reason ?? podGone.reason, detail: state.detail ?? podGone.detail };
    return attend(known, why, next, moment) ?? untilOpened(known, why, moment);
  }
  return follow(known, call, pod, nowMs);
}

/** The pod is wanted and there: the record says of it what the cluster says. */
function follow(life: Living, call: ShellCall, pod: FoundPod, nowMs: number): Step {
  const { state } = pod;
  const before = life.record;
  if (state.phase === "ready") return followReady(life, call, pod, nowMs);
  const record: ShellRecord = { ...before, phase: state.phase, reason: state.reason, detail: state.detail };
  const wasUp = before.phase === "ready" || before.phase === "setting-up";
  const movingSinceMs = wasUp ? nowMs : life.movingSinceMs;
  // How long it was well still counts if its pod is lost now.
  const moved: Living = { ...life, record, recreate: false, movingSinceMs, said: null };
  const overdue = state.phase !== "stopping" && nowMs - movingSinceMs > longestStartMs;
  if (state.phase === "failed" || overdue) {
    const waited = overdue ? ` The shell has not started for ${Math.round(longestStartMs / 60_000)} minutes.` : "";
    const detail = `${state.detail ?? ""}${state.phase === "failed" ? "" : waited}`.trim();
    const why = { phase: "failed", reason: state.reason ?? "NotStarted", detail } as const;
    // What the kubelet still tries may come right by itself.
    const next = lookAt(nowMs + slowRetryMs);
    return fail({ ...moved, record: { ...record, phase: before.phase, reason: before.reason } }, why, next);
  }
  return { life: { ...moved, next: lookLater(moved, nowMs) }, events: [] };
}

/** Its container runs: it is a person's shell once it was set up. */
function followReady(life: Living, call: ShellCall, pod: FoundPod, nowMs: number): Step {
  const before = life.record;
  const ready = wasSetUp(before, pod.state.restarts);
  const phase = ready ? "ready" : "setting-up";
  const crashed = !ready && before.phase !== "setting-up" && wasSetUpBefore(before);
  const crash = crashed ? startedAgain(pod.state.lastEnd) : null;
  const detail = ready ? null : (crash ?? "The shell is being set up.");
  // Another container: what was at work in the one before has ended with it.
  const busyUntil = ready ? before.busyUntil : null;
  const record: ShellRecord = { ...before, phase, reason: null, detail, busyUntil };
  const first = ready && before.phase !== "ready";
  const moved: Living = {
    ...life,
    record: isHealthy(life, nowMs) && before.recreations > 0 ? { ...record, recreations: 0 } : record,
    recreate: false,
    movingSinceMs: ready || before.phase !== "ready" ? life.movingSinceMs : nowMs,
    readySinceMs: life.readySinceMs ?? nowMs,
  };
  // A mark that was just written and is not there will not be there the next time either; but another may be wanted since.
  const again = call.type !== "mark" || life.next?.call.type === "mark" || call.busy !== isBusy(record, nowMs);
  const settled = ready && again && lags(pod.marks, record, nowMs) ? markNow(record, pod.uid, nowMs) : null;
  const next = ready ? settled : lookAt(nowMs + Math.max(settingUpLookMs, nextLookMs(nowMs - moved.movingSinceMs)));
  const news: readonly ShellEvent[] = [
    ...(crash === null ? [] : [{ type: "SHELL_CRASHED", shellId: record.id, message: crash, notice: true } as const]),
    ...(first ? [{ type: "SHELL_READY", shellId: record.id, message: "The shell is ready." } as const] : []),
  ];
  return { life: planSetUp({ ...moved, next }, nowMs), events: news };
}

/** While `setup` runs its exec tells first that the pod is gone; this is for when it does not. */
const settingUpLookMs = 2_000;

function heardFailure(life: Living, call: ShellCall, why: ClusterFailure, moment: Moment): Step {
  const { record } = life;
  const { nowMs, random } = moment;
  const failures = life.failures + 1;
  const error = clusterError(why);
  const word = error.code === "CLUSTER_CLOCK" ? error.code : (why.reason ?? error.code);
  // Why it ends is said once it has ended.
  const reason = record.desired === "stopped" && record.reason === timeOver ? timeOver : word;
  const told: ShellRecord = { ...record, reason, detail: error.message };
  const most = isQuota(why) ? mostQuotaFailures : isPassing(why) ? mostFailures : 1;
  const doubtUntilMs = call.type === "create" && isInDoubt(why) ? nowMs + doubtMs : life.doubtUntilMs;
  const later = { ...life, failures, doubtUntilMs };
  // The wish may have changed while the call was under way: nothing is created that nobody wants, nor the reverse.
  const ends = record.desired !== "present" || (call.type === "delete" && record.replacing === call.uid);
  const stale = call.type === (ends ? "create" : "delete");
  const again: ShellCall = stale ? { type: "look" } : call;
  const retry = { call: again, atMs: nowMs + Math.max(why.retryAfterMs ?? 0, retryMs(failures, random)) };

  if (call.type === "mark") {
    const how = { inDoubt: isInDoubt(why), mayHelp: failures < most };
    return { life: markFailed(later, how, nowMs), events: [] };
  }
  // What was asked for since this call began is not given up with it. A mark is no reason to stop trying.
  if (life.next !== null && life.next.call.type !== "mark") {
    const next = { call: life.next.call, atMs: Math.max(life.next.atMs, nowMs + (why.retryAfterMs ?? 0)) };
    return { life: { ...later, record: told, next }, events: [] };
  }
  // What cannot be seen has not changed: the phase stays, the person is told.
  if (call.type === "look" && record.desired === "present" && record.phase !== "creating") {
    const next = failures < most ? retry : lookAt(nowMs + slowRetryMs);
    return { life: { ...later, record: told, next }, events: [] };
  }
  if (failures < most) return { life: { ...later, record: told, next: retry }, events: [] };
  // Given up, but for what must not be left behind: a pod that nobody wants is asked to end until it is gone.
  const next = ends ? { call: again, atMs: nowMs + slowRetryMs } : null;
  return fail(later, { phase: "failed", reason: told.reason, detail: told.detail }, next);
}

function lookLater(life: Life, nowMs: number): Life["next"] {
  return lookAt(nowMs + nextLookMs(nowMs - life.movingSinceMs));
}
