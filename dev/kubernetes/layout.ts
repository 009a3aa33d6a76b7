// Owns the names and addresses of the real Kubernetes for development: three nodes, their pods, services, and an outside.
// Must not know how any of it is made. All addresses exist inside network namespaces only.

export type Pool = "system" | "shells";

export interface NodeLayout {
  readonly name: string;
  readonly pool: Pool;
  readonly zone: string;
  /** On the network of the nodes. */
  readonly address: string;
  /** Its pods' addresses. */
  readonly podRange: string;
}

const node = (name: string, pool: Pool, zone: string, number: number): NodeLayout => ({
  name,
  pool,
  zone,
  address: `10.77.0.${10 + number}`,
  podRange: `10.244.${number}.0/24`,
});

/** Ingress and DNS run on the first; shells, and nothing else, on the other two, which stand in two zones. */
export const nodeLayouts: readonly NodeLayout[] = [
  node("system-1", "system", "zone-a", 1),
  node("shells-1", "shells", "zone-a", 2),
  node("shells-2", "shells", "zone-b", 3),
];

export const nodeRange = "10.77.0.0/24";
/** The machine that holds the control plane, and the nodes' gateway. */
export const machineAddress = "10.77.0.1";
export const podRange = "10.244.0.0/16";
export const serviceRange = "10.96.0.0/16";
/** The service `kubernetes`: the first address of the range. */
export const apiServiceAddress = "10.96.0.1";
export const dnsAddress = "10.96.0.10";
export const clusterDomain = "cluster.local";
export const apiPort = 6443;

/** What stands for the internet: TEST-NET-3 (RFC 5737), in a namespace of its own behind the machine. */
export const outsideRange = "203.0.113.0/24";
export const outsideGateway = "203.0.113.1";
export const outsideAddress = "203.0.113.10";
/** Every name below it is the outside's address. */
export const outsideDomain = "outside.test";

/**
 * Addresses that a company's network or a cloud has, and that no shell may reach: they are the machine's, so that a test can
 * show with a listener there that it is the network policy which refuses, not an empty wire.
 */
export const privateAddresses: readonly string[] = ["169.254.169.254", "192.168.77.1", "172.16.77.1"];
