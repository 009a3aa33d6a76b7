// Owns what is said of what the probe pod reaches and no shell may: whether the cluster enforces its NetworkPolicies.
// Must not know how it is tried (cluster/image/lib/setup-reach.sh).

import { isObject, parseJson, stringAt } from "../kubernetes/json.ts";
import { type Finding, failed, ok, skipped, warning } from "./check.ts";

const targets = ["api-server", "metadata"] as const;
const states = ["open", "refused", "shut", "local", "unknown"] as const;

/** What came of a try to connect from inside of a pod. */
export interface SeenReach {
  readonly to: (typeof targets)[number];
  /** `10.96.0.1:443`; null where it was not tried. */
  readonly address: string | null;
  /**
   * - `open`: a connection was made. `refused`: somebody said no. `shut`: nobody answered.
   * - `local`: not tried, pods are processes of one machine. `unknown`: not tried, the pod does not know the address.
   */
  readonly state: (typeof states)[number];
}

/** `{"type":"reach","to":"metadata","address":"169.254.169.254:80","state":"shut"}`; null: it is something else. */
export function parseReach(line: string): SeenReach | null {
  const word = line.startsWith("{") ? parseJson(line) : null;
  if (!isObject(word) || word["type"] !== "reach") return null;
  const to = targets.find((one) => one === word["to"]);
  const state = states.find((one) => one === word["state"]);
  if (to === undefined || state === undefined) return null;
  const address = stringAt(word, "address") ?? "";
  return { to, address: /^[A-Za-z0-9.:[\]-]{1,260}$/.test(address) ? address : null, state };
}

const names = { "api-server": "the API server", metadata: "the cloud's metadata" } as const;
const enforce =
  "Use a network plug-in that enforces NetworkPolicies, with that turned on: Calico or Cilium do, Flannel alone does not, Amazon's VPC CNI only where it is told to.";

export function networkWords(namespace: string, seen: readonly SeenReach[]): Finding {
  const [api, metadata] = targets.map((to) => seen.find((reach) => reach.to === to));
  if (api === undefined || metadata === undefined) {
    return warning(
      "The image's setup does not try what shells reach.",
      "The image is older than this Limpet: build it again from cluster/image.",
    );
  }
  if (api.state === "local") {
    return skipped("Pods are processes of this one machine here, in its own network: there is nothing to enforce.");
  }
  const open = [api, metadata].filter(({ state }) => state === "open");
  if (open.length === 2) {
    return failed(
      `THE CLUSTER DOES NOT ENFORCE NETWORKPOLICIES: a shell reaches ${open.map(named).join(" and ")}, and so every node and pod.`,
      `${enforce} The policy itself must be there, too: kubectl -n ${namespace} get networkpolicy limpet-shells.`,
    );
  }
  if (api.state === "open") {
    return failed(
      `A shell reaches ${named(api)}: the cluster does not enforce NetworkPolicies, or its API server has a public address.`,
      `${enforce} An API server with a public address is to be taken out of the policy limpet-shells in ${namespace} (cluster/overlays/generic/README.md, What shells may reach).`,
    );
  }
  if (metadata.state === "open") {
    return failed(
      `A shell reaches ${named(metadata)}, which may give it the node's own credentials.`,
      `Look which NetworkPolicy in ${namespace} opens it, and whether the network plug-in leaves this address out of what it enforces; then close it at the cloud (cluster/overlays, README.md of yours).`,
    );
  }
  if (api.state === "unknown") {
    return warning(
      "It is not known whether a shell reaches the API server: the pod has no KUBERNETES_SERVICE_HOST.",
      "Try it in a shell: curl -m 3 -k https://kubernetes.default must time out.",
    );
  }
  return ok(`A shell reaches neither ${named(api)} nor ${named(metadata)}.`);
}

/** `the API server (10.96.0.1:443)` */
function named({ to, address, state }: SeenReach): string {
  const notes = [...(address === null ? [] : [address]), ...(state === "refused" ? ["refused"] : [])];
  return notes.length === 0 ? names[to] : `${names[to]} (${notes.join(", ")})`;
}
