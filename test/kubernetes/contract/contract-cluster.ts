// Owns the ground on which the contract suite is held: a namespace of its own with the edge's rights there, and an ingress to it.
// Must not know the suite. Admission lets nothing but shells into limpet-shells, and the suite asks with other pods.

import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { onNodePort, publicKeyFile, renamedImage } from "../../../dev/kubernetes/install/kustomization.ts";
import { makeCertificate } from "../../../dev/kubernetes/pki/x509.ts";
import type { OwnKubernetes } from "../harness/kubernetes.ts";

export const contractNamespace = "limpet-contract";
const ingressNamespace = "limpet-contract-system";
const nodePort = 30_444;
const ingressFolder = resolve(import.meta.dirname, "../../../cluster/ingress");

export interface ContractEdge {
  readonly issuer: string;
  readonly audience: string;
  readonly signingKey: object;
}

/** The two namespaces, and in the first the rights of the edge's account and group, with `watch` beside them. */
export async function makeGround({ kubectl }: OwnKubernetes): Promise<void> {
  const named = { name: "limpet-edge", namespace: contractNamespace };
  const rbac = "rbac.authorization.k8s.io";
  await kubectl.run(["apply", "-f", "-"], {
    apiVersion: "v1",
    kind: "List",
    items: [
      ...[contractNamespace, ingressNamespace].map((name) => ({
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
      })),
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { ...named, namespace: ingressNamespace } },
      {
        apiVersion: `${rbac}/v1`,
        kind: "Role",
        metadata: named,
        rules: [
          { apiGroups: [""], resources: ["pods"], verbs: ["create", "get", "list", "watch", "patch", "delete"] },
          { apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] },
          { apiGroups: [""], resources: ["events"], verbs: ["list", "watch"] },
        ],
      },
      {
        apiVersion: `${rbac}/v1`,
        kind: "RoleBinding",
        metadata: named,
        roleRef: { apiGroup: rbac, kind: "Role", name: named.name },
        subjects: [
          { kind: "Group", apiGroup: rbac, name: "limpet-edge" },
          { kind: "ServiceAccount", name: "limpet-edge", namespace: ingressNamespace },
        ],
      },
    ],
  });
}

/** @param wait false: it goes while nobody looks */
export async function removeGround({ kubectl }: OwnKubernetes, wait: boolean): Promise<void> {
  const names = [contractNamespace, ingressNamespace];
  await kubectl.run(["delete", "namespace", ...names, "--ignore-not-found", `--wait=${wait}`]);
}

/**
 * The ingress of cluster/ingress once more, for that namespace: with all of its checks of tokens and their claims, but for
 * any request, since the suite's are not Limpet's.
 */
export async function openContractIngress(
  { file, kubectl, control }: OwnKubernetes,
  edge: ContractEdge,
): Promise<{ readonly url: string; readonly ca: string }> {
  const authority = { commonName: "The contract's ingress", usage: "authority" } as const;
  const ca = { ...authority, ...makeCertificate(authority) };
  const { key, cert } = makeCertificate({ commonName: "ingress", usage: "server", names: ["127.0.0.1"] }, ca);
  const [keyFile, pem] = publicKeyFile(edge.signingKey);
  const folder = await realpath(await mkdtemp(join(tmpdir(), "limpet-overlay-")));
  const files: Readonly<Record<string, string>> = {
    [keyFile]: pem,
    "tls.crt": cert,
    "tls.key": key,
    "haproxy.cfg": widened(await readFile(join(ingressFolder, "haproxy.cfg"), "utf8")),
    "requests.lst": `^[A-Z]+ /api/v1/namespaces/${contractNamespace}/\n`,
    "kustomization.yaml": JSON.stringify(
      kustomization(relative(folder, ingressFolder), file.images["ingress"] ?? "", edge, keyFile),
    ),
  };
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
    await kubectl.run(["apply", "--kustomize", folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const wait = ["rollout", "status", "deployment/limpet-ingress", "--timeout=120s"];
  await kubectl.run(["--namespace", ingressNamespace, ...wait]);
  const node = file.nodes.find(({ pool }) => pool === "system");
  if (node === undefined) throw new Error("kubernetes.json names no node of the pool system");
  return { url: `https://127.0.0.1:${await control.forward(`${node.address}:${nodePort}`)}`, ca: ca.cert };
}

/** What the ingress refuses by form before it looks at the list of requests. */
const wider: readonly (readonly [rule: string, instead: string])[] = [
  // Queries that no URL of Limpet's has: `command=echo+a`.
  ["(\\?[A-Za-z0-9%=&._~-]{1,4000})?$", "(\\?[!-~]{1,8000})?$"],
  // Subprotocols that an API server itself refuses.
  ["-m reg ^v[0-9]\\.(base64\\.)?channel\\.k8s\\.io(,\\ ?v[0-9]\\.(base64\\.)?channel\\.k8s\\.io){0,4}$", "-m found"],
];

function widened(configuration: string): string {
  return wider.reduce((text, [rule, instead]) => {
    if (text.split(rule).length !== 2) throw new Error(`haproxy.cfg has not just one rule with ${rule}`);
    return text.replace(rule, () => instead);
  }, configuration);
}

function kustomization(resource: string, image: string, edge: ContractEdge, keyFile: string): object {
  // Where the resource has them; the namespace of all is changed after that.
  const namespace = "limpet-system";
  const options = { disableNameSuffixHash: true };
  return {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace: ingressNamespace,
    resources: [resource],
    images: [renamedImage("docker.io/library/haproxy", image)],
    configMapGenerator: [
      {
        name: "limpet-ingress",
        namespace,
        behavior: "merge",
        literals: [
          `LIMPET_ISSUER=${edge.issuer}`,
          `LIMPET_AUDIENCE=${edge.audience}`,
          `LIMPET_NAMESPACE=${contractNamespace}`,
        ],
      },
      { name: "limpet-ingress-files", namespace, behavior: "merge", files: ["haproxy.cfg", "requests.lst"] },
      { name: "limpet-edge-keys", namespace, options, files: [keyFile] },
    ],
    secretGenerator: [
      { name: "limpet-ingress-tls", namespace, options, type: "kubernetes.io/tls", files: ["tls.crt", "tls.key"] },
    ],
    patches: [
      onNodePort("limpet-ingress", nodePort),
      {
        target: { kind: "Deployment", name: "limpet-ingress" },
        patch: JSON.stringify([
          { op: "replace", path: "/spec/replicas", value: 1 },
          { op: "replace", path: "/spec/template/spec/terminationGracePeriodSeconds", value: 5 },
        ]),
      },
    ],
  };
}
