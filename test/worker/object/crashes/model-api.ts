// Owns a model of the cluster's API for the tests of crashes: pods of one namespace, their lives by a clock that is passed in.
// Must not know shells or what fails.

import { failure } from "../../../../worker/kubernetes/failure.ts";
import { isObject, objectAt, stringAt, stringsAt } from "../../../../worker/kubernetes/json.ts";
import type { ClusterAnswer, ClusterRequest } from "../../../../worker/kubernetes/request.ts";

interface ModelPod {
  readonly name: string;
  readonly uid: string;
  labels: Readonly<Record<string, string>>;
  annotations: Readonly<Record<string, string>>;
  readonly readyAtMs: number;
  goneAtMs: number | null;
}

/** From the create to a running container, and from the delete to the end, in milliseconds. */
const startMs = 300;
const endMs = 300;

export class ModelApi {
  readonly #now: () => number;
  #pod: ModelPod | null = null;
  /** How many there have ever been. */
  created = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  get pod(): ModelPod | null {
    if (this.#pod?.goneAtMs !== null && this.#pod !== null && this.#pod.goneAtMs <= this.#now()) this.#pod = null;
    return this.#pod;
  }

  /** Its node is lost. */
  vanish(): void {
    this.#pod = null;
  }

  /** The request is carried out; its true answer. */
  answer(request: ClusterRequest): ClusterAnswer<unknown> {
    if (request.path === "/events") return { ok: true, value: { kind: "EventList", items: [] } };
    const pod = this.pod;
    if (request.method === "POST") return this.#create(request.body?.json);
    if (pod === null || request.path !== `/pods/${pod.name}`) return refused(404, "NotFound");
    const body = isObject(request.body?.json) ? request.body.json : {};
    switch (request.method) {
      case "GET":
        return { ok: true, value: this.#object(pod) };
      case "DELETE":
        if (stringAt(objectAt(body, "preconditions"), "uid") !== pod.uid) return refused(409, "Conflict");
        pod.goneAtMs ??= this.#now() + endMs;
        return { ok: true, value: this.#object(pod) };
      case "PATCH": {
        const metadata = objectAt(body, "metadata");
        if (stringAt(metadata, "uid") !== pod.uid) return refused(422, "Invalid");
        pod.labels = { ...pod.labels, ...stringsAt(metadata, "labels") };
        // Those that the merge patch gives as null are none of its strings.
        pod.annotations = stringsAt(metadata, "annotations");
        return { ok: true, value: this.#object(pod) };
      }
    }
  }

  #create(manifest: unknown): ClusterAnswer<unknown> {
    if (this.pod !== null) return refused(409, "AlreadyExists");
    const metadata = objectAt(isObject(manifest) ? manifest : {}, "metadata");
    this.created += 1;
    this.#pod = {
      name: stringAt(metadata, "name") ?? "",
      uid: `uid-${this.created}`,
      labels: stringsAt(metadata, "labels"),
      annotations: {},
      readyAtMs: this.#now() + startMs,
      goneAtMs: null,
    };
    return { ok: true, value: this.#object(this.#pod) };
  }

  #object(pod: ModelPod): object {
    const up = this.#now() >= pod.readyAtMs;
    const types = up ? ["PodScheduled", "Initialized", "ContainersReady", "Ready"] : ["PodScheduled"];
    return {
      kind: "Pod",
      metadata: {
        name: pod.name,
        uid: pod.uid,
        labels: pod.labels,
        annotations: pod.annotations,
        ...(pod.goneAtMs === null ? {} : { deletionTimestamp: new Date(pod.goneAtMs).toISOString() }),
      },
      status: {
        phase: up ? "Running" : "Pending",
        conditions: types.map((type) => ({ type, status: "True" })),
        containerStatuses: [{ name: "shell", restartCount: 0, state: up ? { running: {} } : { waiting: {} } }],
      },
    };
  }
}

export function refused(status: number, reason: string): ClusterAnswer<unknown> {
  return { ok: false, failure: failure("refused", "asked for by a test", { status, reason }) };
}
