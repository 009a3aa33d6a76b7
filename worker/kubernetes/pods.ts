// Owns what Limpet asks about pods: create, look, list, mark and delete.
// Must not know shells, their phases or when to ask again.

import { failure } from "./failure.ts";
import { isObject } from "./json.ts";
import { type Pod, type PodPage, parsePod, parsePodPage } from "./pod.ts";
import { type PodEvent, parsePodEvents } from "./pod-events.ts";
import type { PodManifest } from "./pod-manifest.ts";
import type { ClusterAnswer, ClusterClient } from "./request.ts";

/** A look is cheap for the cluster: an answer that takes longer is not coming. */
const lookTimeoutMs = 5_000;
/** Most events of one pod that are read: they are told with what happened last. */
const mostEvents = 50;
/** Admission takes part in a change and may be slow. */
const changeTimeoutMs = 10_000;

/** What may change of a pod that is there. Null takes one away; what is not named stays. */
export interface PodMetadataPatch {
  readonly labels?: Readonly<Record<string, string | null>>;
  readonly annotations?: Readonly<Record<string, string | null>>;
}

export class PodClient {
  readonly #cluster: ClusterClient;

  constructor(cluster: ClusterClient) {
    this.#cluster = cluster;
  }

  /** 201: the pod as it stands. Where the name is taken: `refused`, 409 `AlreadyExists`, also while the old one ends. */
  async create(manifest: PodManifest): Promise<ClusterAnswer<Pod>> {
    const answer = await this.#cluster.ask({
      method: "POST",
      path: "/pods",
      pod: null,
      body: { contentType: "application/json", json: manifest },
      timeoutMs: changeTimeoutMs,
    });
    return podIn(answer, manifest.metadata.name);
  }

  /** Where there is none: `refused`, 404. */
  async get(name: string): Promise<ClusterAnswer<Pod>> {
    const answer = await this.#cluster.ask({
      method: "GET",
      path: podPath(name),
      pod: name,
      timeoutMs: lookTimeoutMs,
    });
    return podIn(answer, name);
  }

  /** One page of at most `limit` pods. An old `next` is answered with 410: begin again without it. */
  async list(selector: string, limit: number, next: string | null): Promise<ClusterAnswer<PodPage>> {
    const answer = await this.#cluster.ask({
      method: "GET",
      path: "/pods",
      query: [
        ["labelSelector", selector],
        ["limit", String(limit)],
        ...(next === null ? [] : [["continue", next] as const]),
      ],
      pod: null,
      timeoutMs: changeTimeoutMs,
    });
    if (!answer.ok) return answer;
    const page = parsePodPage(answer.value);
    return page === null ? { ok: false, failure: failure("garbled", "its answer is no list of pods") } : ok(page);
  }

  /** What the cluster tells of exactly this pod, oldest first. Needs `events` list in the role. */
  async events(uid: string): Promise<ClusterAnswer<readonly PodEvent[]>> {
    const answer = await this.#cluster.ask({
      method: "GET",
      path: "/events",
      query: [
        ["fieldSelector", `involvedObject.uid=${uid}`],
        ["limit", String(mostEvents)],
      ],
      pod: null,
      timeoutMs: lookTimeoutMs,
    });
    if (!answer.ok) return answer;
    const events = parsePodEvents(answer.value);
    return events === null ? { ok: false, failure: failure("garbled", "its answer is no list of events") } : ok(events);
  }

  /** Sets marks on exactly this pod; another one of the same name is answered with 422 (a uid cannot change). */
  async mark(name: string, uid: string, marks: PodMetadataPatch): Promise<ClusterAnswer<Pod>> {
    const answer = await this.#cluster.ask({
      method: "PATCH",
      path: podPath(name),
      pod: name,
      body: { contentType: "application/merge-patch+json", json: { metadata: { uid, ...marks } } },
      timeoutMs: changeTimeoutMs,
    });
    return podIn(answer, name);
  }

  /**
   * Asks exactly this pod to end, gracefully: preStop runs, then it has what is left of the grace. The answer says that
   * it was asked, not that it is gone. `graceSeconds` 0: the object goes at once, whether or not its node hears of it. Another pod of the same name: `refused`, 409 `Conflict`. None: 404.
   */
  async delete(name: string, uid: string, graceSeconds: number): Promise<ClusterAnswer<null>> {
    const answer = await this.#cluster.ask({
      method: "DELETE",
      path: podPath(name),
      pod: name,
      body: {
        contentType: "application/json",
        json: {
          apiVersion: "v1",
          kind: "DeleteOptions",
          gracePeriodSeconds: graceSeconds,
          preconditions: { uid },
          propagationPolicy: "Background",
        },
      },
      timeoutMs: changeTimeoutMs,
    });
    if (!answer.ok) return answer;
    // The pod as it ends, or a Status of success where it was gone at once.
    const understood = parsePod(answer.value) !== null || (isObject(answer.value) && answer.value["kind"] === "Status");
    return understood
      ? ok(null)
      : { ok: false, failure: failure("garbled", "its answer is neither a pod nor a Status") };
  }
}

/** Below the namespace. */
export function podPath(name: string): string {
  return `/pods/${encodeURIComponent(name)}`;
}

function podIn(answer: ClusterAnswer<unknown>, name: string): ClusterAnswer<Pod> {
  if (!answer.ok) return answer;
  const pod = parsePod(answer.value);
  if (pod === null || pod.name !== name) {
    return { ok: false, failure: failure("garbled", "its answer is not the pod that was asked for") };
  }
  return ok(pod);
}

function ok<T>(value: T): ClusterAnswer<T> {
  return { ok: true, value };
}
