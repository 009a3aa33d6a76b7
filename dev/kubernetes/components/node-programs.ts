// Owns a node's command lines: containerd, kubelet, kube-proxy, and the enforcer of network policies.
// Must not know how programs are started, nor what their configuration files say.

import { join } from "node:path";
import type { NodeLayout } from "../layout.ts";
import { policyQueue } from "../network/policy-queue.ts";
import type { Credentials } from "../pki/credentials.ts";
import type { Program } from "./control-plane.ts";
import type { NodeFiles } from "./node-files.ts";

export interface NodeOptions {
  readonly bin: string;
  readonly layout: NodeLayout;
  readonly credentials: Credentials;
  readonly files: NodeFiles;
}

/** A garbage collection less often: memory is there, two cores are few. */
const relaxed = { GOGC: "200" };

/** In the order in which they start. */
export function nodePrograms({ bin, layout, credentials, files }: NodeOptions): readonly Program[] {
  return [
    { name: "containerd", command: ["containerd", "--config", files.containerd], env: relaxed },
    {
      name: "kubelet",
      command: [
        join(bin, "kubelet"),
        `--config=${files.kubelet}`,
        `--kubeconfig=${credentials.kubeconfig(`node:${layout.name}`)}`,
        `--hostname-override=${layout.name}`,
        `--node-ip=${layout.address}`,
        `--node-labels=limpet.dev/pool=${layout.pool},topology.kubernetes.io/zone=${layout.zone}`,
      ],
      env: relaxed,
    },
    { name: "kube-proxy", command: [join(bin, "kube-proxy"), `--config=${files.proxy}`], env: relaxed },
    {
      name: "kube-network-policies",
      command: [
        join(bin, "kube-network-policies"),
        `--kubeconfig=${credentials.kubeconfig("network-policies")}`,
        `--hostname-override=${layout.name}`,
        `--nfqueue-id=${policyQueue}`,
        // Where it cannot look, nothing passes.
        "--fail-open=false",
        // containerd 1.6 has no NRI; the fix is for a race that nftables' way of queueing has.
        "--disable-nri",
        "--netfilter-bug-1766-fix=false",
        "--metrics-bind-address=127.0.0.1:9080",
        "--v=0",
      ],
      env: relaxed,
    },
  ];
}
