// Owns a node's configuration files: containerd's, CNI's, the kubelet's and kube-proxy's.
// Must not know how programs are started. Paths below /var/lib, /var/log and /run are the node's own (namespaces/node.sh).

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clusterDomain, dnsAddress, type NodeLayout, podRange } from "../layout.ts";
import type { Credentials } from "../pki/credentials.ts";

/** Paths. */
export interface NodeFiles {
  readonly containerd: string;
  readonly kubelet: string;
  readonly proxy: string;
}

export interface NodeFilesOptions {
  readonly folder: string;
  readonly layout: NodeLayout;
  readonly credentials: Credentials;
  /** The reference of the image that holds a pod's namespaces. */
  readonly pauseImage: string;
}

export const containerdSocket = "/run/containerd/containerd.sock";

export async function writeNodeFiles(options: NodeFilesOptions): Promise<NodeFiles> {
  const { folder, layout, credentials } = options;
  const cni = join(folder, "cni");
  await mkdir(cni, { recursive: true });
  const resolver = join(folder, "resolv.conf");
  const files: NodeFiles = {
    containerd: join(folder, "containerd.toml"),
    kubelet: join(folder, "kubelet.json"),
    proxy: join(folder, "kube-proxy.json"),
  };
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  await Promise.all([
    writeFile(resolver, "# Nobody: what a node resolves is not a pod's business.\n"),
    writeFile(join(cni, "10-limpet.conflist"), json(cniConfiguration(layout))),
    writeFile(files.containerd, containerdConfiguration(cni, options.pauseImage)),
    writeFile(files.kubelet, json(kubeletConfiguration(layout, credentials, resolver))),
    writeFile(files.proxy, json(proxyConfiguration(layout, credentials))),
  ]);
  return files;
}

/** A wire from each pod to its node and a route, no bridge: what two pods of a node say passes the node's rules too. */
function cniConfiguration(layout: NodeLayout): object {
  const ranges = [[{ subnet: layout.podRange }]];
  return {
    cniVersion: "0.4.0",
    name: "limpet",
    plugins: [
      { type: "ptp", ipam: { type: "host-local", ranges, routes: [{ dst: "0.0.0.0/0" }] } },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}

function containerdConfiguration(cni: string, pauseImage: string): string {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  // An OOM score below its own may be set by nobody without CAP_SYS_RESOURCE in the first user namespace.
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.opt", "io.containerd.internal.v1.tracing",
]
[debug]
level = "warn"
[grpc]
address = "${containerdSocket}"
[${cri}]
sandbox_image = "${pauseImage}"
disable_apparmor = true
restrict_oom_score_adj = true
[${cri}.containerd]
snapshotter = "overlayfs"
[${cri}.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[${cri}.containerd.runtimes.runc.options]
SystemdCgroup = false
[${cri}.cni]
bin_dir = "/usr/lib/cni"
conf_dir = "${cni}"
`;
}

function kubeletConfiguration(layout: NodeLayout, credentials: Credentials, resolver: string): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: layout.address,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: credentials.caPath },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: `${credentials.kubeletServer(layout)}.crt`,
    tlsPrivateKeyFile: `${credentials.kubeletServer(layout)}.key`,
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    cgroupDriver: "cgroupfs",
    // Many machines on which this runs still have version 1, and 1.35 refuses it unasked.
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [dnsAddress],
    clusterDomain,
    resolvConf: resolver,
    // The disk is the whole machine's: how full it is says nothing about the pods here.
    evictionHard: {
      "memory.available": "0%",
      "nodefs.available": "0%",
      "nodefs.inodesFree": "0%",
      "imagefs.available": "0%",
    },
    // There is no registry to fetch an image from again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    ...(layout.pool === "shells" ? { registerWithTaints: [{ key: "limpet.dev/shells", effect: "NoSchedule" }] } : {}),
    // A status that did not change is not written so often; the lease still is.
    nodeStatusReportFrequency: "5m0s",
    enableServer: true,
    healthzPort: 0,
    maxPods: 60,
    logging: { verbosity: 0 },
  };
}

function proxyConfiguration(layout: NodeLayout, credentials: Credentials): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "iptables",
    hostnameOverride: layout.name,
    clientConnection: { kubeconfig: credentials.kubeconfig("proxy") },
    clusterCIDR: podRange,
    // The table of connections is the whole machine's: its limits stay as they are.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
    iptables: { minSyncPeriod: "1s", syncPeriod: "5m0s" },
  };
}
