// Owns what a client may do with events: get, list and watch.
// Must not know how they come about.

import type { PodEvent } from "../pods/event-recorder.ts";
import { parseSelector, type Selector } from "./list.ts";
import type { Refusal } from "./status.ts";

const fieldNames = [
  ...["metadata.name", "metadata.namespace", "involvedObject.kind", "involvedObject.namespace", "involvedObject.name"],
  ...["involvedObject.uid", "involvedObject.apiVersion", "reason", "type", "reportingComponent", "source"],
];

export function parseEventSelector(query: URLSearchParams): Selector<PodEvent> | Refusal {
  return parseSelector<PodEvent>(query, "events", fieldNames, (event) => ({
    "metadata.name": event.metadata.name,
    "metadata.namespace": event.metadata.namespace,
    "involvedObject.kind": event.involvedObject.kind,
    "involvedObject.namespace": event.involvedObject.namespace,
    "involvedObject.name": event.involvedObject.name,
    "involvedObject.uid": event.involvedObject.uid,
    "involvedObject.apiVersion": event.involvedObject.apiVersion,
    reason: event.reason,
    type: event.type,
    reportingComponent: event.reportingComponent,
    source: event.source.component,
  }));
}
