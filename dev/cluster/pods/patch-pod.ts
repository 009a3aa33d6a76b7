// Owns what a patch makes of a pod, and which changes Kubernetes refuses.
// Must not know the store, HTTP or processes.

import { badRequest, conflict, type FieldError, invalid, Refusal, unsupportedMediaType } from "../api/status.ts";
import { isObject, type Json, type JsonObject, jsonEqual, parseJson } from "../json.ts";
import { applyJsonPatch } from "./json-patch.ts";
import { applyMergePatch, applyStrategicPatch } from "./merge-patch.ts";
import type { Pod } from "./pod.ts";
import { planPod } from "./pod-plan.ts";
import { fieldInvalid, validateMetadata } from "./validate-metadata.ts";

export const patchTypes = [
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/json-patch+json",
] as const;

/** The pod as patched, the same pod where nothing changes, or the refusal. Status is not patched here, as in Kubernetes. */
export function patchPod(pod: Pod, mediaType: string, patch: Json | undefined): Pod | Refusal {
  const document = parseJson(JSON.stringify(pod));
  const patched = isObject(document) ? apply(document, mediaType, patch) : badRequest("not a pod");
  if (patched instanceof Refusal) return patched;
  const metadata = patched["metadata"];
  const spec = patched["spec"];
  if (!isObject(metadata) || !isObject(spec)) return badRequest("metadata and spec must be objects");
  const { name, resourceVersion } = pod.metadata;
  const version = metadata["resourceVersion"];
  if (version !== resourceVersion && version !== undefined) {
    const why = "the object has been modified; please apply your changes to the latest version and try again";
    return conflict("pods", name, why);
  }

  const errors: FieldError[] = [];
  for (const field of ["name", "namespace", "uid", "creationTimestamp"] as const) {
    if (metadata[field] === pod.metadata[field]) continue;
    if (field === "name" || field === "namespace") {
      return badRequest(
        `the ${field} of the object (${String(metadata[field])}) does not match the ${field} on the URL`,
      );
    }
    errors.push(fieldInvalid(`metadata.${field}`, JSON.stringify(metadata[field] ?? ""), "field is immutable"));
  }
  const named = validateMetadata(metadata, errors);
  errors.push(...specErrors(pod.spec, spec));
  if (errors.length === 0) planPod(spec, errors);
  if (errors.length > 0 || named === undefined) return invalid("Pod", name, errors);

  const { labels: _labels, annotations: _annotations, ...kept } = pod.metadata;
  const next: Pod = {
    ...pod,
    metadata: {
      ...kept,
      ...(named.labels === undefined ? {} : { labels: named.labels }),
      ...(named.annotations === undefined ? {} : { annotations: named.annotations }),
    },
    spec,
  };
  const same =
    jsonEqual(next.metadata.labels, pod.metadata.labels) &&
    jsonEqual(next.metadata.annotations, pod.metadata.annotations) &&
    jsonEqual(spec, pod.spec);
  return same ? pod : next;
}

function apply(document: JsonObject, mediaType: string, patch: Json | undefined): JsonObject | Refusal {
  switch (mediaType) {
    case "application/merge-patch+json":
      return isObject(patch) ? applyMergePatch(document, patch) : badRequest("the patch must be an object");
    case "application/strategic-merge-patch+json":
      return isObject(patch) ? applyStrategicPatch(document, patch) : badRequest("the patch must be an object");
    case "application/json-patch+json":
      return applyJsonPatch(document, patch);
    default:
      return unsupportedMediaType(patchTypes);
  }
}

/** What of a spec may change (`ValidatePodUpdate`): images, a deadline that is new or lower, a negative grace. */
function specErrors(before: JsonObject, after: JsonObject): readonly FieldError[] {
  const oldDeadline = before["activeDeadlineSeconds"];
  const newDeadline = after["activeDeadlineSeconds"];
  if (typeof oldDeadline === "number") {
    if (newDeadline === undefined || newDeadline === null) {
      const why = "must not update from a positive integer to nil value";
      return [fieldInvalid("spec.activeDeadlineSeconds", "null", why)];
    }
    if (typeof newDeadline === "number" && newDeadline > oldDeadline) {
      const why = "must be less than or equal to previous value";
      return [fieldInvalid("spec.activeDeadlineSeconds", String(newDeadline), why)];
    }
  }
  if (jsonEqual(withoutMutable(before), withoutMutable(after))) return [];
  return [
    {
      reason: "FieldValueForbidden",
      field: "spec",
      message:
        "Forbidden: pod updates may not change fields other than `spec.containers[*].image`," +
        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing " +
        "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    },
  ];
}

function withoutMutable(spec: JsonObject): JsonObject {
  const { activeDeadlineSeconds: _deadline, tolerations: _tolerations, containers, ...rest } = spec;
  const images = Array.isArray(containers)
    ? containers.map((container) => (isObject(container) ? { ...container, image: "" } : container))
    : containers;
  return { ...rest, containers: images };
}
