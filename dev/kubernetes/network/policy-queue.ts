// Owns how packets of pods come to the enforcer of network policies: by queue 100 of netfilter, from iptables.
// Must not know the policies. Without the enforcer nothing new passes.

import { podRange } from "../layout.ts";
import type { Namespace } from "../namespaces/namespace.ts";

export const policyQueue = 100;

/**
 * The enforcer makes rules like these in nftables; a kernel without NFT_QUEUE refuses them, and the module of iptables that
 * does the same is older and everywhere. Where both are there, both ask the same enforcer. The first packets of a connection
 * are looked at, each way at both ends; one that was let through and answered goes on when a policy changes, since not every
 * kernel lets the enforcer label connections (NETFILTER_NETLINK_GLUE_CT).
 */
export async function feedPolicyQueue(node: Namespace): Promise<void> {
  const rule = async (...args: readonly string[]): Promise<void> =>
    await node.inNetwork("iptables", "-w", "-t", "mangle", "-A", ...args);
  // The kubelet's probes and the node's own programs.
  await rule("POSTROUTING", "-m", "owner", "--uid-owner", "0", "-j", "ACCEPT");
  const queue = ["-j", "NFQUEUE", "--queue-num", String(policyQueue)];
  // INPUT: what a pod says to its own node goes no further, and its kubelet is no more a pod's business than another's.
  for (const chain of ["POSTROUTING", "INPUT"]) {
    await rule(chain, "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT");
    await rule(chain, "-s", podRange, ...queue);
  }
  await rule("POSTROUTING", "-d", podRange, ...queue);
}
