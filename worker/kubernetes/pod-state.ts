// Owns what a pod's state means for the person who waits for it: a phase, Kubernetes' own reason, a sentence.
// Must not know the shell's record, what was wanted, or time.

import type { ContainerEnd, Pod, PodCondition } from "./pod.ts";
import { type PodEvent, scaling, troubles } from "./pod-events.ts";
import { containerName } from "./pod-manifest.ts";

export interface PodConditions {
  readonly initialized: boolean;
  readonly podScheduled: boolean;
  readonly containersReady: boolean;
  readonly ready: boolean;
}

export const noConditions: PodConditions = {
  initialized: false,
  podScheduled: false,
  containersReady: false,
  ready: false,
};

/** A pod as it was seen. `reason` is Kubernetes' own word, `detail` a sentence with a next step where there is one. */
export interface PodState {
  readonly phase: "scheduling" | "starting" | "ready" | "stopping" | "failed";
  readonly reason: string | null;
  readonly detail: string | null;
  readonly conditions: PodConditions;
  /** Its processes are gone for good, although the object may remain. */
  readonly ended: boolean;
  /** When it is to have ended, by the cluster's clock, in unix milliseconds; null: nobody asked it to. */
  readonly endsBy: number | null;
  /** How often its container was started again … */
  readonly restarts: number;
  /** … and how it ended the last time; null: it has not. */
  readonly lastEnd: ContainerEnd | null;
}

/** A start that says nothing unusual is not asked about before this, in milliseconds. */
const quietStartMs = 30_000;
/** Reasons of every start. */
const ordinary: readonly string[] = ["ContainerCreating", "PodInitializing", "ContainersNotReady"];

type Said = Pick<PodState, "phase" | "reason" | "detail">;

/** The cluster's own words are shown as they are, up to this length in UTF-16 units. */
const maxQuoteLength = 300;

const askOperator = "tell whoever runs the cluster";

/** Why a pod is at its end (`status.reason`). */
const endings: Readonly<Record<string, string>> = {
  Evicted: "The shell's node ran out of something and ended the shell at once, without time to save.",
  DeadlineExceeded: "The shell reached the longest life that is allowed.",
  // The reason is `Terminated` where it ran (pkg/kubelet/nodeshutdown), `NodeShutdown` where it was not let in any more.
  NodeShutdown: "The shell's node was shut down.",
  Terminated: "The shell's node was shut down.",
  Shutdown: "The shell's node was shut down.",
  NodeAffinity: "The shell's node may not run it any more.",
  NodeLost: "The cluster lost the shell's node.",
  Preempting: "The cluster needed the shell's place for something more urgent.",
  OutOfcpu: "The node chosen for the shell had no processor left.",
  OutOfmemory: "The node chosen for the shell had no memory left.",
  "OutOfephemeral-storage": "The node chosen for the shell had no disk left.",
  OutOfpods: "The node chosen for the shell had no place left.",
};

/** An eviction that the shell itself brought about: its own disk is full (the messages of pkg/kubelet/eviction). */
const ownDisk = /\bexceed(?:s|ed) .*\blimit\b/;

/** Why the cluster ends a pod by itself (reasons of the condition DisruptionTarget). */
const disruptions: Readonly<Record<string, string>> = {
  PreemptionByScheduler: "The cluster needs the shell's place for something more urgent.",
  DeletionByTaintManager: "The shell's node is not to run it any more.",
  EvictionByEvictionAPI: "The shell's node is being emptied.",
  DeletionByPodGC: "The cluster lost the shell's node.",
  TerminationByKubelet: "The shell's node ends it.",
};

/** Why a container waits (`state.waiting.reason`), and whether waiting on may help. */
const waits: Readonly<Record<string, { readonly phase: "starting" | "failed"; readonly text: string }>> = {
  ContainerCreating: { phase: "starting", text: "The node prepares the shell; the first time it fetches the image." },
  PodInitializing: { phase: "starting", text: "The node prepares the shell." },
  ErrImagePull: {
    phase: "starting",
    text: `The image cannot be fetched; the node tries again. If it lasts, ${askOperator}`,
  },
  ImagePullBackOff: {
    phase: "starting",
    text: `The image cannot be fetched; the node tries again, more and more slowly. If it lasts, ${askOperator}`,
  },
  RegistryUnavailable: { phase: "starting", text: "The image's registry does not answer; the node tries again." },
  InvalidImageName: { phase: "failed", text: `The name of the shell's image is wrong: ${askOperator}` },
  ErrImageNeverPull: { phase: "failed", text: `The node has no such image and may not fetch it: ${askOperator}` },
  CreateContainerConfigError: {
    phase: "failed",
    text: `The shell's container is not allowed as it is: ${askOperator}`,
  },
  CreateContainerError: { phase: "failed", text: `The node cannot make the shell's container: ${askOperator}` },
  RunContainerError: { phase: "failed", text: `The shell's container does not start: ${askOperator}` },
  CrashLoopBackOff: { phase: "failed", text: `The shell ends as soon as it has started: ${askOperator}` },
};

/** `events`: what the cluster told of this pod, where it was asked. */
export function podState(pod: Pod, events: readonly PodEvent[] = []): PodState {
  const conditions: PodConditions = {
    initialized: holds(pod, "Initialized"),
    podScheduled: holds(pod, "PodScheduled"),
    containersReady: holds(pod, "ContainersReady"),
    ready: holds(pod, "Ready"),
  };
  const ended = pod.phase === "Failed" || pod.phase === "Succeeded";
  const container = pod.containers.find(({ name }) => name === containerName);
  const { restarts = 0, lastTerminated: lastEnd = null } = container ?? {};
  return { ...said(pod, conditions, ended, events), conditions, ended, endsBy: pod.endsBy, restarts, lastEnd };
}

/**
 * True where the cluster's events may say more than the pod does: it waits for a machine, or something keeps going wrong.
 * `waitedMs`: for how long it has been on its way.
 */
export function eventsMayTell({ phase, reason }: PodState, waitedMs: number): boolean {
  if (phase === "scheduling") return reason === "Unschedulable";
  if (phase === "failed") return true;
  return phase === "starting" && (waitedMs > quietStartMs || !(reason === null || ordinary.includes(reason)));
}

function said(pod: Pod, conditions: PodConditions, ended: boolean, events: readonly PodEvent[]): Said {
  const disrupted = find(pod, "DisruptionTarget");
  if (pod.deleting) {
    const why = disrupted?.status === "True" ? disrupted : null;
    const text = disruptions[why?.reason ?? ""] ?? "The shell's pod is ending.";
    return { phase: "stopping", reason: why?.reason ?? "Terminating", detail: sentence(text, why?.message) };
  }
  if (ended) return howItEnded(pod);
  const now = pending(pod, conditions);
  return now.phase === "ready" ? now : { ...now, detail: withEvents(now, events) };
}

function pending(pod: Pod, conditions: PodConditions): Said {
  // No probe and no gate is asked for, so this is what the cluster itself writes on the pods of a node that is silent
  // (MarkPodsNotReady of pkg/controller/util/node), and it changes nothing else.
  const silent = conditions.containersReady && !conditions.ready;
  if (pod.reason === "NodeLost" || pod.phase === "Unknown" || silent) {
    const text = "The shell's node does not answer. If it does not come back, restart the shell.";
    const reason = pod.reason ?? (silent ? "NodeNotReady" : "Unknown");
    return { phase: "starting", reason, detail: sentence(text, pod.message) };
  }
  if (conditions.ready) return { phase: "ready", reason: null, detail: null };
  if (!conditions.podScheduled) return waitingForNode(find(pod, "PodScheduled"));
  return waitingForContainer(pod);
}

function howItEnded(pod: Pod): Said {
  const end = pod.containers.find((container) => container.name === containerName)?.terminated ?? null;
  const reason = pod.reason ?? end?.reason ?? pod.phase;
  const isOwnDisk = reason === "Evicted" && ownDisk.test(pod.message ?? "");
  const known = isOwnDisk ? diskFull : endings[pod.reason ?? ""];
  const text = known ?? (end === null ? "The shell's pod ended." : `The shell's pod ended: ${endText(end)}.`);
  return { phase: "failed", reason, detail: sentence(text, pod.message) };
}

function waitingForNode(scheduled: PodCondition | null): Said {
  const reason = scheduled?.reason ?? null;
  if (reason === "Unschedulable") {
    const text = `No node has room for the shell yet; the cluster may add one. If it lasts, ${askOperator}`;
    return { phase: "scheduling", reason, detail: sentence(text, scheduled?.message) };
  }
  return { phase: "scheduling", reason, detail: sentence("The cluster looks for a node.", scheduled?.message) };
}

function waitingForContainer(pod: Pod): Said {
  const container = pod.containers.find((candidate) => candidate.name === containerName);
  const waiting = container?.waiting ?? null;
  if (waiting !== null) {
    const known = waits[waiting.reason ?? ""];
    const before = waiting.reason === "CrashLoopBackOff" ? (container?.lastTerminated ?? null) : null;
    const quote = before === null ? waiting.message : `last time: ${endText(before)}`;
    return {
      phase: known?.phase ?? "starting",
      reason: waiting.reason,
      detail: sentence(known?.text ?? "The node prepares the shell.", quote),
    };
  }
  const end = container?.terminated ?? null;
  if (end !== null) {
    return { phase: "starting", reason: end.reason, detail: `The shell ended (${endText(end)}) and is started again.` };
  }
  const ready = find(pod, "Ready");
  return { phase: "starting", reason: container?.running === true ? (ready?.reason ?? null) : null, detail: null };
}

/** The sentence, with what the events add to it. */
function withEvents({ phase, detail }: Said, events: readonly PodEvent[]): string | null {
  const more = phase === "scheduling" ? scaling(events) : null;
  if (more !== null) return more;
  const told = phase === "scheduling" ? null : troubles(events);
  return told === null ? detail : `${detail ?? "The shell does not start."} The cluster's events: ${told}`;
}

const diskFull = "The shell used more disk than it may, and was ended at once, without time to save.";

/** What a person is told whose shell's container ended while its pod, and with it the home, stayed. */
export function startedAgain(end: ContainerEnd | null): string {
  const why = end === null ? "it ended" : endText(end);
  return `The shell was started again on its node: ${why}. All that ran in it is gone; the files in its home are there.`;
}

function endText(end: ContainerEnd): string {
  // With cgroup v2 an OOM kill is one of the whole container, tmux too, unless the node's kubelet has singleProcessOOMKill.
  if (end.reason === "OOMKilled") return "it used more memory than it may";
  if (end.exitCode === 137) return "it was killed";
  return end.exitCode === null ? (end.reason ?? "for an unknown reason") : `exit status ${end.exitCode}`;
}

/** The sentence, and after it the cluster's own words where there are any. */
function sentence(text: string, quote: string | null | undefined): string {
  const ended = /[.!?]$/.test(text) ? text : `${text}.`;
  if (quote === null || quote === undefined) return ended;
  const short = quote.length > maxQuoteLength ? `${quote.slice(0, maxQuoteLength - 1)}…` : quote;
  return `${ended} (${short})`;
}

function find(pod: Pod, type: string): PodCondition | null {
  return pod.conditions.find((condition) => condition.type === type) ?? null;
}

function holds(pod: Pod, type: string): boolean {
  return find(pod, type)?.status === "True";
}
