// Owns the control plane's command lines: etcd, API server, controller manager and scheduler, on the machine itself.
// Must not know how programs are started.

import { join } from "node:path";
import { apiPort, clusterDomain, machineAddress, serviceRange } from "../layout.ts";
import type { Credentials } from "../pki/credentials.ts";

export interface Program {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

const etcdUrl = "http://127.0.0.1:2379";

export interface ControlPlaneOptions {
  /** Of the programs. */
  readonly bin: string;
  readonly etcdFolder: string;
  readonly credentials: Credentials;
  /** An AuthenticationConfiguration that the API server reads again when it changes. */
  readonly authenticationPath: string;
}

/** In the order in which they start. Nobody competes to lead here, so nobody renews a lease for it. */
export function controlPlanePrograms(options: ControlPlaneOptions): readonly Program[] {
  const { bin, credentials } = options;
  const program = (name: string, flags: Readonly<Record<string, string>>): Program => ({
    name,
    command: [join(bin, name), ...Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`)],
  });
  return [
    program("etcd", {
      name: "limpet",
      "data-dir": options.etcdFolder,
      "listen-client-urls": etcdUrl,
      "advertise-client-urls": etcdUrl,
      "listen-peer-urls": "http://127.0.0.1:2380",
      "initial-advertise-peer-urls": "http://127.0.0.1:2380",
      "initial-cluster": "limpet=http://127.0.0.1:2380",
      // What it holds ends with this cluster; each write waits for a disk otherwise.
      "unsafe-no-fsync": "true",
      "log-level": "warn",
    }),
    program("kube-apiserver", {
      "advertise-address": machineAddress,
      "secure-port": String(apiPort),
      "etcd-servers": etcdUrl,
      // What is old is gone within a minute instead of ten: a list's continuation from before then is refused, as it should be.
      "etcd-compaction-interval": "30s",
      "service-cluster-ip-range": serviceRange,
      "client-ca-file": credentials.caPath,
      "tls-cert-file": `${credentials.apiServer}.crt`,
      "tls-private-key-file": `${credentials.apiServer}.key`,
      "kubelet-certificate-authority": credentials.caPath,
      "kubelet-client-certificate": `${credentials.kubeletClient}.crt`,
      "kubelet-client-key": `${credentials.kubeletClient}.key`,
      "kubelet-preferred-address-types": "InternalIP",
      "authorization-mode": "Node,RBAC",
      "enable-admission-plugins": "NodeRestriction",
      // As kubeadm and the clouds have it: what refuses a privileged pod is then the namespace's Pod Security.
      "allow-privileged": "true",
      "authentication-config": options.authenticationPath,
      "service-account-issuer": `https://kubernetes.default.svc.${clusterDomain}`,
      "service-account-key-file": credentials.serviceAccountPublicKey,
      "service-account-signing-key-file": credentials.serviceAccountKey,
      profiling: "false",
    }),
    program("kube-controller-manager", {
      kubeconfig: credentials.kubeconfig("controller-manager"),
      "bind-address": "127.0.0.1",
      "leader-elect": "false",
      "use-service-account-credentials": "true",
      "service-account-private-key-file": credentials.serviceAccountKey,
      "root-ca-file": credentials.caPath,
      profiling: "false",
    }),
    program("kube-scheduler", {
      kubeconfig: credentials.kubeconfig("scheduler"),
      "bind-address": "127.0.0.1",
      "leader-elect": "false",
      profiling: "false",
    }),
  ];
}
