// Owns what a client may do with pods, apart from exec: create, get, list, watch, patch, delete.
// Must not know HTTP's own matters or how pods run.

import type { FaultBoard } from "../faults.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { refuseByAdmission, refuseChange, refuseEnding } from "../pods/admission.ts";
import { dropUnknownFields } from "../pods/known-fields.ts";
import { parsePod } from "../pods/parse-pod.ts";
import { patchPod } from "../pods/patch-pod.ts";
import { type Pod, timestamp } from "../pods/pod.ts";
import { planPod } from "../pods/pod-plan.ts";
import type { Kubelet } from "../runtime/kubelet.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { parseSelector, type Selector } from "./list.ts";
import { alreadyExists, badRequest, conflict, notFound, Refusal } from "./status.ts";

export interface Answer {
  readonly code: 200 | 201;
  readonly object: object;
  /** One `Warning` header each. */
  readonly warnings: readonly string[];
}

const fieldNames = [
  ...["metadata.name", "metadata.namespace", "spec.nodeName", "spec.restartPolicy", "spec.schedulerName"],
  ...["spec.serviceAccountName", "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName"],
];

export function parsePodSelector(query: URLSearchParams): Selector<Pod> | Refusal {
  return parseSelector<Pod>(query, "pods", fieldNames, ({ metadata, spec, status }) => ({
    "metadata.name": metadata.name,
    "metadata.namespace": metadata.namespace,
    "spec.nodeName": String(spec["nodeName"] ?? ""),
    "spec.restartPolicy": String(spec["restartPolicy"] ?? ""),
    "spec.schedulerName": String(spec["schedulerName"] ?? ""),
    "spec.serviceAccountName": String(spec["serviceAccountName"] ?? ""),
    "spec.hostNetwork": String(spec["hostNetwork"] ?? false),
    "status.phase": status.phase,
    "status.podIP": status.podIP ?? "",
    "status.nominatedNodeName": "",
  }));
}

export class PodsResource {
  readonly #store: ObjectStore<Pod>;
  readonly #kubelet: Kubelet;
  readonly #faults: FaultBoard;
  readonly #log: (line: string) => void;

  constructor(store: ObjectStore<Pod>, kubelet: Kubelet, faults: FaultBoard, log: (line: string) => void) {
    this.#store = store;
    this.#kubelet = kubelet;
    this.#faults = faults;
    this.#log = log;
  }

  get(namespace: string, name: string): Answer | Refusal {
    const pod = this.#store.get(namespace, name);
    return pod === undefined ? notFound("pods", name) : ok(pod);
  }

  create(namespace: string, body: Json | undefined, query: URLSearchParams): Answer | Refusal {
    if (!isObject(body)) return badRequest("the object provided is unrecognized (must be of type Pod)");
    const { object, unknown } = dropUnknownFields(body);
    if (unknown.length > 0 && query.get("fieldValidation") === "Strict") {
      const said = unknown.map((field) => `unknown field "${field}"`).join(", ");
      return badRequest(`Pod in version "v1" cannot be handled as a Pod: strict decoding error: ${said}`);
    }
    const pod = parsePod(object, namespace);
    if (pod instanceof Refusal) return pod;
    const { name } = pod.metadata;
    const refused = refuseByAdmission(pod.spec, name, this.#faults.missingWalls());
    if (refused !== undefined) return refused;
    const before = this.#store.get(namespace, name);
    if (before !== undefined) return alreadyExists("pods", name, before.metadata.deletionTimestamp !== undefined);
    if (query.has("dryRun")) return { code: 201, object: pod, warnings: [] };
    const stored = this.#store.add(pod);
    this.#kubelet.admit(stored);
    const silent = query.get("fieldValidation") === "Ignore";
    return { code: 201, object: stored, warnings: silent ? [] : unknown.map((field) => `unknown field "${field}"`) };
  }

  patch(namespace: string, name: string, mediaType: string, body: Json | undefined): Answer | Refusal {
    const current = this.#store.get(namespace, name);
    if (current === undefined) return notFound("pods", name);
    const patched = patchPod(current, mediaType, body);
    if (patched instanceof Refusal) return patched;
    const refused = refuseChange(current, patched, this.#faults.missingWalls());
    if (refused !== undefined) return refused;
    const stored = patched === current ? current : this.#store.update(namespace, name, () => patched);
    if (stored === undefined) return notFound("pods", name);
    this.#kubelet.runner(stored)?.watchDeadline(planPod(stored.spec, [])?.deadlineSeconds);
    return ok(stored);
  }

  /** Options come in the body, else in the query (`metav1.DeleteOptions`). */
  delete(namespace: string, name: string, query: URLSearchParams, body: Json | undefined): Answer | Refusal {
    const pod = this.#store.get(namespace, name);
    if (pod === undefined) return notFound("pods", name);
    const options: JsonObject = isObject(body) ? body : {};
    const wrong = failedPrecondition(pod, options["preconditions"]);
    if (wrong !== undefined) return wrong;
    const refused = refuseEnding(pod, options["preconditions"], this.#faults.missingWalls());
    if (refused !== undefined) return refused;
    const plan = planPod(pod.spec, []);
    const wish = options["gracePeriodSeconds"] ?? query.get("gracePeriodSeconds") ?? plan?.graceSeconds ?? 30;
    const wished = Number(wish);
    if (!Number.isInteger(wished) || wished < 0) return badRequest(`gracePeriodSeconds: invalid value ${String(wish)}`);
    if (query.has("dryRun") || Array.isArray(options["dryRun"])) return ok(pod);
    // Nothing runs on a node yet, or no more: there is nothing to wait for.
    const over = pod.status.phase === "Succeeded" || pod.status.phase === "Failed";
    const grace = typeof pod.spec["nodeName"] !== "string" || over ? 0 : wished;

    if (grace === 0) {
      const last = this.#store.get(namespace, name) ?? pod;
      this.#kubelet.kill(pod).catch((error: unknown) => this.#log(`pod ${name}: ${String(error)}`));
      return ok({
        ...last,
        metadata: { ...last.metadata, deletionGracePeriodSeconds: 0, deletionTimestamp: timestamp() },
      });
    }
    const before = pod.metadata.deletionGracePeriodSeconds;
    if (before !== undefined && before <= grace) return ok(pod);
    const silent = this.#faults.forPod("silent-node", name);
    const deletionTimestamp = timestamp(Date.now() + grace * 1_000 - (silent?.agoMs ?? 0));
    const marked = this.#store.update(namespace, name, (current) => ({
      ...current,
      metadata: {
        ...current.metadata,
        deletionTimestamp,
        deletionGracePeriodSeconds: grace,
        generation: (current.metadata.generation ?? 1) + 1,
      },
    }));
    if (silent !== undefined) return ok(marked ?? pod);
    this.#kubelet.end(pod, grace).catch((error: unknown) => this.#log(`pod ${name}: ${String(error)}`));
    return ok(marked ?? pod);
  }
}

const ok = (object: object): Answer => ({ code: 200, object, warnings: [] });

function failedPrecondition(pod: Pod, preconditions: Json | undefined): Refusal | undefined {
  if (!isObject(preconditions)) return undefined;
  const { name, uid, resourceVersion } = pod.metadata;
  const { uid: wantedUid, resourceVersion: wantedVersion } = preconditions;
  if (typeof wantedUid === "string" && wantedUid !== uid) {
    return conflict(
      "Pod",
      name,
      `the UID in the precondition (${wantedUid}) does not match the UID in record (${uid}). The object might have been ` +
        "deleted and then recreated",
    );
  }
  if (typeof wantedVersion === "string" && wantedVersion !== resourceVersion) {
    return conflict(
      "Pod",
      name,
      `the ResourceVersion in the precondition (${wantedVersion}) does not match the ResourceVersion in record ` +
        `(${resourceVersion}). The object might have been modified`,
    );
  }
  return undefined;
}
