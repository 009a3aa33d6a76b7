// Owns the way from a client's JSON to a pod, or to the refusal that Kubernetes would give.
// Must not know the store, HTTP or how a pod is run.

import { randomBytes, randomUUID } from "node:crypto";
import { badRequest, type FieldError, invalid, Refusal } from "../api/status.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import type { Pod } from "./pod.ts";
import { timestamp } from "./pod.ts";
import { planContainers, planPod } from "./pod-plan.ts";
import { withPriority } from "./priority-class.ts";
import { validateMetadata } from "./validate-metadata.ts";

/** What a create makes of a body: a pod that is not stored yet (its resourceVersion is empty), or why not. */
export function parsePod(body: Json | undefined, namespace: string): Pod | Refusal {
  if (!isObject(body)) return badRequest("the object provided is unrecognized (must be of type Pod)");
  if (body["kind"] !== "Pod" || body["apiVersion"] !== "v1") {
    return badRequest(`the object provided is unrecognized (must be of type Pod): kind ${String(body["kind"])}`);
  }
  const metadata = body["metadata"] ?? {};
  const spec = body["spec"] ?? {};
  if (!isObject(metadata) || !isObject(spec)) return badRequest("metadata and spec must be objects");

  const given = metadata["namespace"];
  if (given !== undefined && given !== "" && given !== namespace) {
    return badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
  const generateName = metadata["generateName"];
  const name =
    metadata["name"] ?? (typeof generateName === "string" ? `${generateName}${randomBytes(3).toString("hex")}` : "");
  const errors: FieldError[] = [];
  const named = validateMetadata({ ...metadata, name }, errors);
  const plan = planPod(spec, errors);
  if (errors.some((error) => error.message.startsWith("json: "))) {
    const first = errors.find((error) => error.message.startsWith("json: "));
    return badRequest(`Pod in version "v1" cannot be handled as a Pod: ${first?.message} (${first?.field})`);
  }
  if (named === undefined || plan === undefined || errors.length > 0) return invalid("Pod", String(name), errors);
  const ranked = withPriority(spec, named.name);
  if (ranked instanceof Refusal) return ranked;

  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: named.name,
      ...(typeof generateName === "string" && generateName !== "" ? { generateName } : {}),
      namespace,
      uid: randomUUID(),
      resourceVersion: "",
      generation: 1,
      creationTimestamp: timestamp(),
      ...(named.labels === undefined ? {} : { labels: named.labels }),
      ...(named.annotations === undefined ? {} : { annotations: named.annotations }),
    },
    spec: withDefaults(ranked),
    status: { phase: "Pending", qosClass: "BestEffort" },
  };
}

/** The defaults of `pkg/apis/core/v1/defaults.go` that Limpet might meet when it reads a pod back. */
function withDefaults(spec: JsonObject): JsonObject {
  const containers = planContainers(spec["containers"]).map((container) => ({
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    imagePullPolicy: container.image.includes(":") && !container.image.endsWith(":latest") ? "IfNotPresent" : "Always",
    resources: {},
    ...container.json,
  }));
  return {
    restartPolicy: "Always",
    terminationGracePeriodSeconds: 30,
    dnsPolicy: "ClusterFirst",
    serviceAccountName: "default",
    serviceAccount: "default",
    securityContext: {},
    schedulerName: "default-scheduler",
    enableServiceLinks: true,
    ...spec,
    containers,
  };
}
