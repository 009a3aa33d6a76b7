// Owns this machine as the cluster's one node.
// Must not know a pod's life beyond whether it has a place here.

import { availableParallelism, totalmem } from "node:os";
import type { FaultBoard } from "../faults.ts";
import { type Node, whyUnschedulable } from "../pods/node-fit.ts";
import type { Pod } from "../pods/pod.ts";

export const nodeName = "limpet-local";

const node: Node = {
  name: nodeName,
  // A node of the shells' own, as wrangler.toml asks for.
  labels: { "kubernetes.io/hostname": nodeName, "kubernetes.io/os": "linux", "limpet.dev/pool": "shells" },
  cpus: availableParallelism(),
  memoryBytes: totalmem(),
};

const full =
  "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims.";

/** Undefined where the node takes the pod; else the scheduler's words, empty where the pod wants another scheduler. */
export function whyNoNode({ metadata, spec }: Pod, faults: FaultBoard): string | undefined {
  if (spec["schedulerName"] !== "default-scheduler") return "";
  const fault = faults.forPod("unschedulable", metadata.name);
  return fault === undefined ? whyUnschedulable(spec, node) : (fault.message ?? full);
}
