// Owns what the cluster's walls refuse of a pod, new or there: as much of Pod Security "restricted" and of Limpet's admission policy
// as shows whether somebody who should meet them does. The whole of both is tested on a real cluster.
// Must not know HTTP, or who asks.

import { forbidden, type Refusal } from "../api/status.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import type { Pod } from "./pod.ts";

/** A wall that a test may take away. */
export const walls = ["pod-security", "policy", "limpet-changes", "limpet-endings", "limpet-reach"] as const;
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
  return deniedBy("limpet-pods", podName, said);
}

/** Labels and annotations that the edge may change of a shell (cluster/base/admission/changes.yaml). */
const changing: readonly string[] = [
  "limpet.dev/expires-at",
  "karpenter.sh/do-not-disrupt",
  "cluster-autoscaler.kubernetes.io/safe-to-evict",
];

/** Of what is done to a pod that is there: shells alone. The rest of the pods here are those of the tests of this cluster. */
function isShell({ metadata }: Pod): boolean {
  return metadata.labels?.["app.kubernetes.io/name"] === "limpet-shell";
}

export function refuseChange(before: Pod, after: Pod, without: ReadonlySet<Wall>): Refusal | undefined {
  if (without.has("limpet-changes") || !isShell(before)) return undefined;
  for (const kind of ["labels", "annotations"] as const) {
    const [old, next] = [before.metadata[kind] ?? {}, after.metadata[kind] ?? {}];
    const foreign = Object.keys({ ...old, ...next }).find((key) => old[key] !== next[key] && !changing.includes(key));
    if (foreign !== undefined)
      return deniedBy("limpet-changes", before.metadata.name, `of a shell's ${kind} not ${foreign}`);
  }
  return undefined;
}

/** `preconditions` as they were sent. */
export function refuseEnding(
  pod: Pod,
  preconditions: Json | undefined,
  without: ReadonlySet<Wall>,
): Refusal | undefined {
  if (without.has("limpet-endings") || !isShell(pod)) return undefined;
  if (isObject(preconditions) && typeof preconditions["uid"] === "string") return undefined;
  const said = "a shell is ended by its uid (DeleteOptions.preconditions.uid)";
  return deniedBy("limpet-endings", pod.metadata.name, said);
}

/** What Limpet runs in a shell (cluster/base/admission/reach.yaml). */
const commands: readonly string[] = ["attach control", "attach plain", "setup"].map(
  (command) => `/usr/local/lib/limpet/${command}`,
);

export function refuseExec(pod: Pod, command: readonly string[], without: ReadonlySet<Wall>): Refusal | undefined {
  if (without.has("limpet-reach") || !isShell(pod) || commands.includes(command.join(" "))) return undefined;
  return deniedBy("limpet-reach", pod.metadata.name, "the edge runs no such command in a shell");
}

/** In the words of the API server's plugin ValidatingAdmissionPolicy. */
function deniedBy(policy: string, podName: string, said: string): Refusal {
  const why = `ValidatingAdmissionPolicy '${policy}' with binding '${policy}' denied request: ${said}`;
  return forbidden("pods", podName, why);
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
