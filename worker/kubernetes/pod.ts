// Owns the reading of a pod as the cluster gives it: from unknown to the few members that Limpet looks at.
// Must not know what they mean for a shell.

import { integerAt, isObject, type JsonObject, objectAt, objectsAt, stringAt, stringsAt } from "./json.ts";

/** One of `status.conditions`. */
export interface PodCondition {
  readonly type: string;
  readonly status: string;
  readonly reason: string | null;
  readonly message: string | null;
}

/** How a container ended, the last time it did. */
export interface ContainerEnd {
  readonly reason: string | null;
  readonly exitCode: number | null;
}

/** One of `status.containerStatuses`. */
export interface ContainerStatus {
  readonly name: string;
  readonly running: boolean;
  /** How often it was started again in this pod. */
  readonly restarts: number;
  readonly waiting: { readonly reason: string | null; readonly message: string | null } | null;
  readonly terminated: ContainerEnd | null;
  readonly lastTerminated: ContainerEnd | null;
}

/** A pod (core/v1), reduced. */
export interface Pod {
  readonly name: string;
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** By the cluster's clock, in unix milliseconds; null where it is not told. */
  readonly createdAt: number | null;
  /** True from the moment at which its deletion was asked for. */
  readonly deleting: boolean;
  /** When its grace is over, by the cluster's clock, in unix milliseconds; null where it is not being deleted. */
  readonly endsBy: number | null;
  /** `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`; null where the cluster has not said yet. */
  readonly phase: string | null;
  /** `Evicted`, `DeadlineExceeded`, `NodeShutdown`, `NodeLost`, … */
  readonly reason: string | null;
  readonly message: string | null;
  readonly conditions: readonly PodCondition[];
  readonly containers: readonly ContainerStatus[];
}

/** A page of a list. `next` is the token for the page after it; null where this was the last. */
export interface PodPage {
  readonly pods: readonly Pod[];
  readonly next: string | null;
}

/** Null where it is not a pod with a name and a uid. Items of a list carry no `kind`, so a missing one is taken. */
export function parsePod(value: unknown): Pod | null {
  if (!isObject(value) || (value["kind"] !== undefined && value["kind"] !== "Pod")) return null;
  const metadata = objectAt(value, "metadata");
  const status = objectAt(value, "status");
  const name = stringAt(metadata, "name");
  const uid = stringAt(metadata, "uid");
  if (name === null || uid === null) return null;
  return {
    name,
    uid,
    labels: stringsAt(metadata, "labels"),
    annotations: stringsAt(metadata, "annotations"),
    createdAt: timeAt(metadata, "creationTimestamp"),
    deleting: stringAt(metadata, "deletionTimestamp") !== null,
    // Not when it was asked for: the API server has added the grace to it already.
    endsBy: timeAt(metadata, "deletionTimestamp"),
    phase: stringAt(status, "phase"),
    reason: stringAt(status, "reason"),
    message: stringAt(status, "message"),
    conditions: objectsAt(status, "conditions").map(parseCondition),
    containers: objectsAt(status, "containerStatuses").map(parseContainer),
  };
}

/** Null where it is not a list of pods, or one of them is none. */
export function parsePodPage(value: unknown): PodPage | null {
  if (!isObject(value) || value["kind"] !== "PodList" || !Array.isArray(value["items"])) return null;
  const pods = value["items"].map(parsePod);
  return pods.every((pod) => pod !== null) ? { pods, next: stringAt(objectAt(value, "metadata"), "continue") } : null;
}

/** RFC 3339, as `metav1.Time` is written. */
function timeAt(parent: JsonObject, key: string): number | null {
  const ms = Date.parse(stringAt(parent, key) ?? "");
  return Number.isNaN(ms) ? null : ms;
}

function parseCondition(condition: JsonObject): PodCondition {
  return {
    type: stringAt(condition, "type") ?? "",
    status: stringAt(condition, "status") ?? "Unknown",
    reason: stringAt(condition, "reason"),
    message: stringAt(condition, "message"),
  };
}

function parseContainer(container: JsonObject): ContainerStatus {
  const state = objectAt(container, "state");
  const waiting = state["waiting"];
  return {
    name: stringAt(container, "name") ?? "",
    running: isObject(state["running"]),
    restarts: integerAt(container, "restartCount") ?? 0,
    waiting: isObject(waiting) ? { reason: stringAt(waiting, "reason"), message: stringAt(waiting, "message") } : null,
    terminated: parseEnd(state["terminated"]),
    lastTerminated: parseEnd(objectAt(container, "lastState")["terminated"]),
  };
}

function parseEnd(value: unknown): ContainerEnd | null {
  return isObject(value) ? { reason: stringAt(value, "reason"), exitCode: integerAt(value, "exitCode") } : null;
}
