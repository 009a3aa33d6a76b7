// Owns the faults of the local cluster that a real Kubernetes can have too: a pod that is lost, nodes that take nobody.
// Must not know what they lead to.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { FaultAction } from "../../../dev/cluster/cluster-faults.ts";
import type { Fault } from "../../../dev/cluster/faults.ts";
import type { KubernetesFile } from "../../../dev/kubernetes/kubernetes-file.ts";
import type { Faults } from "./cluster-faults.ts";

export class KubernetesFaults implements Faults {
  readonly #file: KubernetesFile;
  #cordoned = false;

  constructor(file: KubernetesFile) {
    this.#file = file;
  }

  async add(fault: Fault): Promise<void> {
    if (fault.type !== "unschedulable") throw new Error(`no ${fault.type} on a real Kubernetes`);
    await this.#kubectl("cordon", ...this.#shellNodes());
    this.#cordoned = true;
  }

  async act(action: FaultAction): Promise<void> {
    if (action.type !== "lose-pod") throw new Error(`no ${action.type} on a real Kubernetes`);
    await this.#kubectl("--namespace=limpet-shells", "delete", "pod", action.pod, ...atOnce);
  }

  async clear(): Promise<void> {
    if (!this.#cordoned) return;
    await this.#kubectl("uncordon", ...this.#shellNodes());
    this.#cordoned = false;
  }

  #shellNodes(): readonly string[] {
    return this.#file.nodes.filter(({ pool }) => pool === "shells").map(({ name }) => name);
  }

  async #kubectl(...args: readonly string[]): Promise<void> {
    await kubectl(this.#file, ...args);
  }
}

const atOnce = ["--force", "--grace-period=0"] as const;

/** All pods of one installation, without a word to them. */
export async function removePodsOf(file: KubernetesFile, installId: string): Promise<void> {
  const theirs = `--selector=limpet.dev/install=${installId}`;
  await kubectl(file, "--namespace=limpet-shells", "delete", "pods", theirs, "--ignore-not-found", ...atOnce);
}

async function kubectl({ kubectl: program, kubeconfig }: KubernetesFile, ...args: readonly string[]): Promise<void> {
  await promisify(execFile)(program, [`--kubeconfig=${kubeconfig}`, ...args]);
}
