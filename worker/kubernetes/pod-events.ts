// Owns the cluster's events of one pod: their reading from unknown, and what they tell a person who waits.
// Must not know the pod's own state, or when events are asked for.

import { integerAt, isObject, type JsonObject, objectAt, objectsAt, stringAt } from "./json.ts";

/** An Event (core/v1), reduced. */
export interface PodEvent {
  /** `FailedScheduling`, `TriggeredScaleUp`, `FailedMount`, … */
  readonly reason: string;
  readonly message: string;
  readonly warning: boolean;
  readonly count: number;
  /** Unix milliseconds of the last time it happened; 0 where the event does not say. */
  readonly lastMs: number;
}

/** Longest message of an event that is quoted, in UTF-16 units. */
const maxMessageLength = 160;
/** Most events that are quoted. */
const mostQuoted = 3;

/** Oldest first. Null where it is no list of events; an item that is none is passed over. */
export function parsePodEvents(value: unknown): readonly PodEvent[] | null {
  if (!isObject(value) || value["kind"] !== "EventList" || !Array.isArray(value["items"])) return null;
  return objectsAt(value, "items")
    .map(parseEvent)
    .filter((event) => event !== null)
    .toSorted((a, b) => a.lastMs - b.lastMs);
}

/**
 * What an autoscaler says of a pod that fits no node; null where none has spoken. Cluster Autoscaler says
 * `TriggeredScaleUp` or `NotTriggerScaleUp` (its FAQ, "events"), Karpenter `Nominated` or `FailedScheduling` with its own
 * source (its troubleshooting pages). The newest word counts.
 */
export function scaling(events: readonly PodEvent[]): string | null {
  const last = events.findLast(({ reason }) => reason in autoscalers);
  return last === undefined ? null : (autoscalers[last.reason] ?? null);
}

const comes = "A machine is being added for the shell. That usually takes one to three minutes.";
const autoscalers: Readonly<Record<string, string>> = {
  TriggeredScaleUp: comes,
  Nominated: comes,
  NotTriggerScaleUp:
    "No node has room for the shell, and the cluster does not add one for it: tell whoever runs the cluster.",
};

/** The newest warnings in the cluster's own words; null where there are none. */
export function troubles(events: readonly PodEvent[]): string | null {
  const warnings = events.filter(({ warning }) => warning).slice(-mostQuoted);
  if (warnings.length === 0) return null;
  return warnings
    .map(({ reason, message, count }) => `${reason}${count > 1 ? ` (${count} times)` : ""}: ${short(message)}`)
    .join("; ");
}

function parseEvent(event: JsonObject): PodEvent | null {
  const reason = stringAt(event, "reason");
  if (reason === null) return null;
  const series = objectAt(event, "series");
  const last =
    stringAt(series, "lastObservedTime") ??
    stringAt(event, "lastTimestamp") ??
    stringAt(event, "eventTime") ??
    stringAt(objectAt(event, "metadata"), "creationTimestamp");
  const lastMs = last === null ? Number.NaN : Date.parse(last);
  return {
    reason,
    message: stringAt(event, "message") ?? "",
    warning: event["type"] === "Warning",
    count: integerAt(series, "count") ?? integerAt(event, "count") ?? 1,
    lastMs: Number.isNaN(lastMs) ? 0 : lastMs,
  };
}

function short(text: string): string {
  return text.length > maxMessageLength ? `${text.slice(0, maxMessageLength - 1)}…` : text;
}
