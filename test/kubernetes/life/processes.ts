// Owns ending processes inside pods at once: on a cluster whose nodes are namespaces of this machine they are seen from here.
// Must not know whose they are.

import { environmentOf, listProcesses } from "../../browser/harness/processes.ts";

/**
 * SIGKILL to every process of the pods: a container's HOSTNAME is its pod's name, which no other cluster of this machine has.
 * @throws Error where there is none
 */
export function killProcesses(pods: readonly string[]): void {
  const found = listProcesses().filter(({ pid }) => pods.includes(environmentOf(pid).get("HOSTNAME") ?? ""));
  if (found.length === 0) throw new Error(`no process of ${pods.join(", ") || "no pod"} is seen from here`);
  for (const { pid } of found) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended with the one before.
    }
  }
}
