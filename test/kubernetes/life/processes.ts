// Owns ending processes inside pods at once: on a cluster whose nodes are namespaces of this machine they are seen from here.
// Must not know whose they are.

import { environmentOf, listProcesses } from "../../browser/harness/processes.ts";

/** SIGKILL to every process whose environment fits. @throws Error where there is none */
export function killProcesses(fits: (environment: ReadonlyMap<string, string>) => boolean): void {
  const found = listProcesses().filter(({ pid }) => fits(environmentOf(pid)));
  if (found.length === 0) throw new Error("no such process is seen from here");
  for (const { pid } of found) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It ended with the one before.
    }
  }
}
