// Owns the cluster's PriorityClasses, and what they add to a pod that names one.
// Must not know who goes before whom: on one node that has room nobody has to.

import { forbidden, type Refusal } from "../api/status.ts";
import type { JsonObject } from "../json.ts";

/** The two that every cluster has, and the one of cluster/base/bounds.yaml. */
const values: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
  "limpet-shell": 1_000,
};

/** The spec as the admission plugin Priority leaves it, or its refusal: 403 Forbidden. */
export function withPriority(spec: JsonObject, podName: string): JsonObject | Refusal {
  const { priorityClassName: name } = spec;
  const preemptionPolicy = "PreemptLowerPriority";
  if (typeof name !== "string" || name === "") return { priority: 0, preemptionPolicy, ...spec };
  const priority = Object.hasOwn(values, name) ? values[name] : undefined;
  if (priority === undefined) return forbidden("pods", podName, `no PriorityClass with name ${name} was found`);
  return { ...spec, priority, preemptionPolicy };
}
