// Owns what an exec's query asks for, and the refusals that come before the 101.
// Must not know sockets or processes.

import type { Pod } from "../pods/pod.ts";
import { type ContainerPlan, planContainers } from "../pods/pod-plan.ts";
import { badRequest, type Refusal } from "./status.ts";

export interface ExecRequest {
  readonly container: ContainerPlan;
  readonly command: readonly string[];
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** The order of these checks is the pod registry's (`pkg/registry/core/pod/strategy.go`, streamLocation). */
export function parseExecRequest(query: URLSearchParams, pod: Pod): ExecRequest | Refusal {
  const { name } = pod.metadata;
  const containers = planContainers(pod.spec["containers"]);
  const wanted = query.get("container") ?? "";
  const [first] = containers;
  if (wanted === "" && containers.length > 1) {
    const choice = containers.map((container) => container.name).join(" ");
    return badRequest(`a container name must be specified for pod ${name}, choose one of: [${choice}]`);
  }
  const container = wanted === "" ? first : containers.find((one) => one.name === wanted);
  if (container === undefined) return badRequest(`container ${wanted} is not valid for pod ${name}`);
  if (typeof pod.spec["nodeName"] !== "string") return badRequest(`pod ${name} does not have a host assigned`);
  return {
    container,
    command: query.getAll("command"),
    stdin: flag(query, "stdin"),
    stdout: flag(query, "stdout"),
    stderr: flag(query, "stderr"),
    tty: flag(query, "tty"),
  };
}

/** As apimachinery converts a query to a bool: present is true, unless it says `false` or `0`. */
function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "0" && value.toLowerCase() !== "false";
}
