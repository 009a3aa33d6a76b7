// Owns what happened to a pod, as core/v1 Events.
// Must not know why it happened.

import { randomBytes, randomUUID } from "node:crypto";
import type { Metadata, ObjectStore, StoredObject } from "../store/object-store.ts";
import { type Pod, timestamp } from "./pod.ts";

export interface PodEvent extends StoredObject {
  readonly kind: "Event";
  readonly metadata: Metadata;
  readonly involvedObject: {
    readonly kind: "Pod";
    readonly apiVersion: "v1";
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly fieldPath?: string;
  };
  readonly reason: string;
  readonly message: string;
  readonly type: "Normal" | "Warning";
  readonly source: { readonly component: string; readonly host?: string };
  readonly reportingComponent: string;
  readonly reportingInstance: string;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly eventTime: null;
  readonly count: number;
}

/** The API server's `--event-ttl`. */
const ageMs = 60 * 60_000;

export interface Happening {
  readonly reason: string;
  readonly message: string;
  readonly type?: "Normal" | "Warning";
  readonly by?: "kubelet" | "default-scheduler" | "cluster-autoscaler" | "karpenter";
  readonly container?: string;
}

export class EventRecorder {
  readonly #store: ObjectStore<PodEvent>;

  constructor(store: ObjectStore<PodEvent>) {
    this.#store = store;
  }

  /** The same thing again is counted in the event that is there. */
  record(pod: Pod, { reason, message, type = "Normal", by = "kubelet", container }: Happening): void {
    const { namespace, name, uid } = pod.metadata;
    const events = this.#store.list(namespace);
    const oldest = Date.now() - ageMs;
    for (const event of events) {
      if (Date.parse(event.lastTimestamp) < oldest) this.#store.remove(namespace, event.metadata.name);
    }
    const same = events.find(
      (event) => event.involvedObject.uid === uid && event.reason === reason && event.message === message,
    );
    if (same !== undefined) {
      const again = (event: PodEvent) => ({ ...event, count: event.count + 1, lastTimestamp: timestamp() });
      if (this.#store.update(namespace, same.metadata.name, again) !== undefined) return;
    }
    const now = timestamp();
    this.#store.add({
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name: `${name}.${randomBytes(8).toString("hex")}`,
        namespace,
        uid: randomUUID(),
        resourceVersion: "",
        creationTimestamp: now,
      },
      involvedObject: {
        kind: "Pod",
        apiVersion: "v1",
        namespace,
        name,
        uid,
        resourceVersion: pod.metadata.resourceVersion,
        ...(container === undefined ? {} : { fieldPath: `spec.containers{${container}}` }),
      },
      reason,
      message,
      type,
      source: { component: by },
      reportingComponent: by,
      reportingInstance: "",
      firstTimestamp: now,
      lastTimestamp: now,
      eventTime: null,
      count: 1,
    });
  }
}
