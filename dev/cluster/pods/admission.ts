// Owns what the cluster's walls refuse of a new pod: as much of Pod Security "restricted" and of Limpet's admission policy
// as shows whether somebody who should meet them does. The whole of both is tested on a real cluster.
// Must not know HTTP, or who asks.

import { forbidden, type Refusal } from "../api/status.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";

/** A wall that a test may take away. */
export const walls = ["pod-security", "policy"] as const;
export type Wall = (typeof walls)[number];

/** Fields that our policy refuses as it does all that it does not list (cluster/base/admission/pods.yaml). */
const unlisted = ["hostAliases", "initContainers", "ephemeralContainers", "nodeName", "affinity", "hostname"] as const;

/** `spec` as it was sent; `without`: walls that are not there. Their order is the API server's. */
export function refuseByAdmission(spec: JsonObject, podName: string, without: ReadonlySet<Wall>): Refusal | undefined {
  const broken = without.has("pod-security") ? [] : brokenRules(spec);
  if (broken.length > 0) {
    return forbidden("pods", podName, `violates PodSecurity "restricted:v1.34": ${broken.join(", ")}`);
  }
  const fields = without.has("policy") ? [] : unlisted.filter((field) => isGiven(spec[field]));
  if (fields.length === 0) return undefined;
  const said = `a shell has no such fields: ${fields.map((field) => `spec.${field}`).join(", ")}`;
  return forbidden(
    "pods",
    podName,
    `ValidatingAdmissionPolicy 'limpet-pods' with binding 'limpet-pods' denied request: ${said}`,
  );
}

/** In the words of `k8s.io/pod-security-admission/policy`. */
function brokenRules(spec: JsonObject): readonly string[] {
  const host = (["hostNetwork", "hostPID", "hostIPC"] as const).filter((field) => spec[field] === true);
  const containers: readonly Json[] = Array.isArray(spec["containers"]) ? spec["containers"] : [];
  const names = (broken: (context: JsonObject) => boolean): string =>
    containers
      .filter(isObject)
      .filter((container) => isObject(container["securityContext"]) && broken(container["securityContext"]))
      .map((container) => `"${String(container["name"])}"`)
      .join(", ");
  const privileged = names((context) => context["privileged"] === true);
  const escalating = names((context) => context["allowPrivilegeEscalation"] === true);
  return [
    ...(host.length > 0 ? [`host namespaces (${host.map((field) => `${field}=true`).join(", ")})`] : []),
    ...(privileged === "" ? [] : [`privileged (container ${privileged} must not set securityContext.privileged=true)`]),
    ...(escalating === ""
      ? []
      : [
          `allowPrivilegeEscalation != false (container ${escalating} must set securityContext.allowPrivilegeEscalation=false)`,
        ]),
  ];
}

function isGiven(value: Json | undefined): boolean {
  return value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);
}
