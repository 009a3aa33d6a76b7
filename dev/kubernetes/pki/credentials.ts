// Owns who is who in the cluster: one authority, and a certificate or kubeconfig for each component, as files.
// Must not know what the components do with them.

import { generateKeyPairSync } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { apiPort, apiServiceAddress, clusterDomain, machineAddress, type NodeLayout } from "../layout.ts";
import { type CertificateSubject, makeCertificate } from "./x509.ts";

/** Paths of files; a `Pair` is `PATH.crt` and `PATH.key`. */
export interface Credentials {
  readonly caPath: string;
  readonly apiServer: string;
  /** How the API server shows itself to the kubelets. */
  readonly kubeletClient: string;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  kubeletServer(node: NodeLayout): string;
  /** The path of a kubeconfig for inside the namespaces. */
  kubeconfig(user: ComponentUser): string;
  /** Writes an administrator's kubeconfig for another address of the API server. */
  writeAdmin(path: string, server: string): Promise<void>;
  /** To speak to the API server from this process as an administrator: PEM. */
  readonly admin: { readonly ca: string; readonly cert: string; readonly key: string };
}

export type ComponentUser = "controller-manager" | "scheduler" | "proxy" | "network-policies" | `node:${string}`;

/** Names with which the API server's own rules begin; the last is ours (addons). */
const commonNames = {
  "controller-manager": "system:kube-controller-manager",
  scheduler: "system:kube-scheduler",
  proxy: "system:kube-proxy",
  "network-policies": "limpet:network-policies",
};
/** Whom the API server is to the kubelets; addons bind it to `system:kubelet-api-admin`. */
export const kubeletClientUser = "limpet:apiserver-kubelet-client";
export const networkPoliciesUser = commonNames["network-policies"];

export async function makeCredentials(folder: string, nodes: readonly NodeLayout[]): Promise<Credentials> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const caSubject: CertificateSubject = { commonName: "Limpet's Kubernetes", usage: "authority" };
  const ca = { ...caSubject, ...makeCertificate(caSubject) };
  const path = (name: string): string => join(folder, name);
  const write = async (name: string, text: string): Promise<void> => await writeFile(path(name), text, { mode: 0o600 });
  const pair = async (name: string, subject: CertificateSubject): Promise<void> => {
    const { key, cert } = makeCertificate(subject, ca);
    await Promise.all([write(`${name}.crt`, cert), write(`${name}.key`, key)]);
  };
  const client = (commonName: string, organization?: string) =>
    makeCertificate({ commonName, usage: "client", ...(organization === undefined ? {} : { organization }) }, ca);
  const config = (server: string, user: { key: string; cert: string }): string =>
    formatKubeconfig({ server, ca: ca.cert, ...user });
  const inside = `https://${machineAddress}:${apiPort}`;
  const serviceAccounts = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const admin = client("limpet:admin", "system:masters");
  const serverNames = [
    "127.0.0.1",
    machineAddress,
    apiServiceAddress,
    "localhost",
    ...["kubernetes", "kubernetes.default", "kubernetes.default.svc", `kubernetes.default.svc.${clusterDomain}`],
  ];
  await Promise.all([
    write("ca.crt", ca.cert),
    pair("apiserver", { commonName: "kube-apiserver", names: serverNames, usage: "server" }),
    pair("kubelet-client", { commonName: kubeletClientUser, usage: "client" }),
    write("service-accounts.key", serviceAccounts.privateKey.export({ type: "pkcs8", format: "pem" }).toString()),
    write("service-accounts.pub", serviceAccounts.publicKey.export({ type: "spki", format: "pem" }).toString()),
    ...Object.entries(commonNames).map(([user, name]) => write(`${user}.kubeconfig`, config(inside, client(name)))),
    ...nodes.flatMap(({ name, address }) => [
      pair(`kubelet-${name}`, { commonName: `system:node:${name}`, names: [name, address], usage: "server" }),
      write(`node-${name}.kubeconfig`, config(inside, client(`system:node:${name}`, "system:nodes"))),
    ]),
  ]);
  return {
    caPath: path("ca.crt"),
    apiServer: path("apiserver"),
    kubeletClient: path("kubelet-client"),
    serviceAccountKey: path("service-accounts.key"),
    serviceAccountPublicKey: path("service-accounts.pub"),
    kubeletServer: (node) => path(`kubelet-${node.name}`),
    kubeconfig: (user) => path(`${user.replace(":", "-")}.kubeconfig`),
    writeAdmin: async (file, server) => await writeFile(file, config(server, admin), { mode: 0o600 }),
    admin: { ca: ca.cert, ...admin },
  };
}

/** In JSON, which every reader of YAML takes. */
function formatKubeconfig(options: { server: string; ca: string; cert: string; key: string }): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "limpet", cluster: { server: options.server, "certificate-authority-data": base64(options.ca) } },
    ],
    users: [
      {
        name: "limpet",
        user: { "client-certificate-data": base64(options.cert), "client-key-data": base64(options.key) },
      },
    ],
    contexts: [{ name: "limpet", context: { cluster: "limpet", user: "limpet" } }],
    "current-context": "limpet",
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
