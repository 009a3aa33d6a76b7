// Owns the wires: nodes and outside joined to the machine, routes to the nodes' pods, and what leaves a node in its own name.
// Must not know policies, services or programs.

import { machineAddress, type NodeLayout, nodeRange, outsideAddress, outsideGateway, podRange } from "../layout.ts";
import type { Namespace } from "../namespaces/namespace.ts";

/** A node that has just started: its link ended with its last namespace. */
export async function linkNode(
  machine: Namespace,
  node: Namespace,
  layout: NodeLayout,
  all: readonly NodeLayout[],
): Promise<void> {
  await link(machine, "nodes", layout.name, node, `${layout.address}/24`, machineAddress);
  await machine.inNetwork("ip", "route", "replace", layout.podRange, "via", layout.address);
  for (const other of all.filter(({ name }) => name !== layout.name)) {
    await node.inNetwork("ip", "route", "replace", other.podRange, "via", other.address);
  }
  // To the cluster a pod comes as itself, to everybody else as its node: clouds do the same.
  const masquerade = ["-t", "nat", "-A", "POSTROUTING", "-s", podRange, "-j", "LIMPET-LEAVING"];
  await node.inNetwork("iptables", "-w", "-t", "nat", "-N", "LIMPET-LEAVING");
  for (const inside of [podRange, nodeRange]) {
    await node.inNetwork("iptables", "-w", "-t", "nat", "-A", "LIMPET-LEAVING", "-d", inside, "-j", "RETURN");
  }
  await node.inNetwork("iptables", "-w", "-t", "nat", "-A", "LIMPET-LEAVING", "-j", "MASQUERADE");
  await node.inNetwork("iptables", "-w", ...masquerade);
}

/** The outside has a way back to everything: what does not get through is held up by a policy. */
export async function linkOutside(machine: Namespace, outside: Namespace): Promise<void> {
  await link(machine, "outside", "outside-1", outside, `${outsideAddress}/24`, outsideGateway);
}

async function link(
  machine: Namespace,
  bridge: string,
  name: string,
  end: Namespace,
  address: string,
  gateway: string,
): Promise<void> {
  // The kernel takes its time with the link of a node that was cut.
  await machine.inNetwork("ip", "link", "delete", `to-${name}`).catch(() => undefined);
  // By the number that this process sees: the command runs in the machine's network, not among its processes.
  const peer = ["peer", "name", "eth0", "netns", String(end.leader)];
  await machine.inNetwork("ip", "link", "add", `to-${name}`, "type", "veth", ...peer);
  await machine.inNetwork("ip", "link", "set", `to-${name}`, "master", bridge, "up");
  await end.inNetwork("ip", "address", "add", address, "dev", "eth0");
  await end.inNetwork("ip", "link", "set", "eth0", "up");
  await end.inNetwork("ip", "route", "add", "default", "via", gateway);
}
