// Owns a pod's status: a pure function from what is known of it to conditions, phase and container states.
// Must not know processes or the store.

import {
  type Condition,
  type ConditionType,
  type ContainerStatus,
  conditionTypes,
  type PodStatus,
  timestamp,
} from "./pod.ts";

/** What the kubelet knows of a pod at one moment. */
export interface PodFacts {
  /** Why no node takes it; undefined once one has. */
  readonly unschedulable: { readonly reason: string; readonly message: string } | undefined;
  /** False until a node has it, and while no node does. */
  readonly scheduled: boolean;
  /** Its place on the node (here: its folders) is there. */
  readonly sandbox: boolean;
  readonly startedAt: string | undefined;
  readonly containers: readonly ContainerStatus[];
  readonly restartPolicy: "Always" | "OnFailure" | "Never";
  /** Why it was ended by the cluster rather than by itself or a person. */
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
  readonly deleting: boolean;
}

interface Verdict {
  readonly true: boolean;
  readonly reason?: string;
  readonly message?: string;
}

/** The status that follows; a condition keeps its transition time for as long as its status does. */
export function composeStatus(previous: PodStatus, facts: PodFacts, nowMs: number): PodStatus {
  const phase = phaseOf(facts);
  const known: readonly ConditionType[] = facts.scheduled ? conditionTypes : ["PodScheduled"];
  const nothingYet = !facts.scheduled && facts.unschedulable === undefined;
  const conditions = nothingYet
    ? []
    : known.map((type) => condition(type, verdict(type, facts, phase), previous, nowMs));
  return {
    phase,
    ...(facts.failure === undefined ? {} : facts.failure),
    ...(conditions.length === 0 ? {} : { conditions }),
    ...(facts.scheduled ? { hostIP: "127.0.0.1" } : {}),
    ...(facts.sandbox ? { podIP: "127.0.0.1", podIPs: [{ ip: "127.0.0.1" }] } : {}),
    ...(facts.startedAt === undefined ? {} : { startTime: facts.startedAt }),
    ...(facts.containers.length === 0 ? {} : { containerStatuses: facts.containers }),
    qosClass: previous.qosClass,
  };
}

function phaseOf(facts: PodFacts): PodStatus["phase"] {
  const { containers } = facts;
  if (facts.failure !== undefined) return "Failed";
  if (containers.length > 0 && containers.every((container) => isOver(container, facts))) {
    return containers.every(({ state }) => "terminated" in state && state.terminated.exitCode === 0)
      ? "Succeeded"
      : "Failed";
  }
  return containers.some(({ state, restartCount }) => !("waiting" in state) || restartCount > 0)
    ? "Running"
    : "Pending";
}

/** Ended, and not to be started again. */
function isOver({ state }: ContainerStatus, { restartPolicy, deleting }: PodFacts): boolean {
  if (!("terminated" in state)) return false;
  if (deleting || restartPolicy === "Never") return true;
  return restartPolicy === "OnFailure" && state.terminated.exitCode === 0;
}

function verdict(type: ConditionType, facts: PodFacts, phase: PodStatus["phase"]): Verdict {
  switch (type) {
    case "PodScheduled":
      return facts.unschedulable === undefined ? { true: true } : { true: false, ...facts.unschedulable };
    case "PodReadyToStartContainers":
      return { true: facts.sandbox && phase !== "Succeeded" && phase !== "Failed" };
    case "Initialized":
      return phase === "Succeeded" ? { true: true, reason: "PodCompleted" } : { true: true };
    case "ContainersReady":
    case "Ready": {
      if (phase === "Failed") return { true: false, reason: "PodFailed" };
      if (phase === "Succeeded") return { true: false, reason: "PodCompleted" };
      const unready = facts.containers.filter(({ ready }) => !ready).map(({ name }) => name);
      if (facts.containers.length > 0 && unready.length === 0) return { true: true };
      const message = `containers with unready status: [${unready.join(" ")}]`;
      return { true: false, reason: "ContainersNotReady", message };
    }
  }
}

function condition(type: ConditionType, is: Verdict, previous: PodStatus, nowMs: number): Condition {
  const status = is.true ? "True" : "False";
  const before = previous.conditions?.find((one) => one.type === type);
  return {
    type,
    status,
    lastProbeTime: null,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : timestamp(nowMs),
    ...(is.reason === undefined ? {} : { reason: is.reason }),
    ...(is.message === undefined ? {} : { message: is.message }),
  };
}
