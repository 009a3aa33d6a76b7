// Owns whether this machine, as the cluster's one node, can take a pod.
// Must not know what runs on it already: requests are held against the whole machine.

import { isObject, type Json, type JsonObject } from "../json.ts";

export interface Node {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly cpus: number;
  readonly memoryBytes: number;
}

/** Undefined where the pod fits; else the scheduler's message. */
export function whyUnschedulable(spec: JsonObject, node: Node): string | undefined {
  const { nodeSelector } = spec;
  const wanted = isObject(nodeSelector) ? Object.entries(nodeSelector) : [];
  if (wanted.some(([label, value]) => node.labels[label] !== value)) {
    return unavailable("node(s) didn't match Pod's node affinity/selector", "is not helpful for scheduling");
  }
  const short = [
    ...(requested(spec, "cpu") > node.cpus ? ["Insufficient cpu"] : []),
    ...(requested(spec, "memory") > node.memoryBytes ? ["Insufficient memory"] : []),
  ];
  return short.length === 0
    ? undefined
    : unavailable(short.join(", 1 "), "No preemption victims found for incoming pod");
}

function unavailable(why: string, preemption: string): string {
  const again = preemption.startsWith("No ") ? preemption : `Preemption ${preemption}`;
  return `0/1 nodes are available: 1 ${why}. preemption: 0/1 nodes are available: 1 ${again}.`;
}

function requested(spec: JsonObject, resource: string): number {
  const containers = Array.isArray(spec["containers"]) ? spec["containers"] : [];
  return containers.reduce((sum: number, container: Json) => {
    const resources = isObject(container) ? container["resources"] : undefined;
    const requests = isObject(resources) ? resources["requests"] : undefined;
    return sum + (isObject(requests) ? parseQuantity(requests[resource]) : 0);
  }, 0);
}

const suffixes: Readonly<Record<string, number>> = {
  m: 1e-3,
  "": 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
};

/** A Kubernetes quantity as a number; what is none counts as 0. */
function parseQuantity(value: Json | undefined): number {
  const [, number, suffix] = /^([0-9.]+)([A-Za-z]*)$/.exec(String(value ?? "")) ?? [];
  return number === undefined ? 0 : Number(number) * (suffixes[suffix ?? ""] ?? 0);
}
