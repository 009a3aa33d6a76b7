// Owns an installation's own overlay over cluster/overlays/generic, as docs/install.md has people write one: images, parameters, keys, certificate.
// Must not know how it is applied.

import { createHash, createPublicKey, type JsonWebKey } from "node:crypto";
import type { Certificate } from "../pki/x509.ts";

/** The edge for which the cluster is installed. */
export interface EdgeFacts {
  /** PUBLIC_URL: the tokens' issuer. */
  readonly issuer: string;
  /** CLUSTER_AUDIENCE. */
  readonly audience: string;
  /** INSTALL_ID. */
  readonly installId: string;
  /** The edge's signing keys, public or private: JWKs of P-256, each with its `kid`. */
  readonly signingKeys: readonly object[];
}

export interface OverlayOptions {
  readonly edge: EdgeFacts;
  /** Of `images` in kubernetes.json: `NAME:TAG`. */
  readonly shellImage: string;
  readonly ingressImage: string;
  readonly certificate: Certificate;
  /** The folder of cluster/overlays/generic, relative to the overlay's own: kustomize takes no other. */
  readonly genericFolder: string;
  /** Where the ingress can be reached on each node. */
  readonly nodePort: number;
}

const system = "limpet-system";

/** File names and their contents. kubectl's kustomize takes JSON for YAML. */
export function overlayFiles(options: OverlayOptions): Readonly<Record<string, string>> {
  const { edge, certificate } = options;
  const keys = Object.fromEntries(edge.signingKeys.map(publicKeyFile));
  const settings = [`LIMPET_ISSUER=${edge.issuer}`, `LIMPET_AUDIENCE=${edge.audience}`];
  const files = { ...keys, "tls.crt": certificate.cert, "tls.key": certificate.key };
  // The ingress finds new keys and certificates by itself, within a minute or two; pods that are made anew have them at once.
  const version = createHash("sha256").update(JSON.stringify(files)).digest("hex").slice(0, 32);
  // Mounted by just these names.
  const named = { namespace: system, options: { disableNameSuffixHash: true } };
  const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
  return {
    ...files,
    "kustomization.yaml": json({
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      resources: [options.genericFolder],
      images: [
        renamedImage("docker.io/library/haproxy", options.ingressImage),
        // Nodes that reach no registry have one image with kubectl.
        renamedImage("registry.k8s.io/kubectl", options.shellImage),
      ],
      configMapGenerator: [
        { name: "limpet-ingress", namespace: system, behavior: "merge", literals: settings },
        { name: "limpet-edge-keys", ...named, files: Object.keys(keys) },
      ],
      secretGenerator: [
        { name: "limpet-ingress-tls", ...named, type: "kubernetes.io/tls", files: ["tls.crt", "tls.key"] },
      ],
      patches: [
        patch("ConfigMap", "limpet-admission", {
          data: { images: `${options.shellImage}\n`, installs: `${edge.installId}\n` },
        }),
        onNodePort("limpet-ingress", options.nodePort),
        patch("Deployment", "limpet-ingress", {
          spec: { template: { metadata: { annotations: { "limpet.dev/version": version } } } },
        }),
      ],
    }),
  };
}

function patch(kind: string, name: string, change: object) {
  const apiVersion = kind === "Deployment" ? "apps/v1" : "v1";
  const object = { apiVersion, kind, metadata: { name, namespace: system }, ...change };
  return { target: { kind, name }, patch: JSON.stringify(object) };
}

/** A Service that is reached on each node which has one of its pods. */
export function onNodePort(name: string, nodePort: number) {
  // Merged, a list of ports keeps its own and passes this one over.
  const change = [
    { op: "replace", path: "/spec/type", value: "NodePort" },
    { op: "add", path: "/spec/ports/0/nodePort", value: nodePort },
  ];
  return { target: { kind: "Service", name }, patch: JSON.stringify(change) };
}

/** Of kustomize's `images`: the image `name` of the manifests is this one. */
export function renamedImage(name: string, reference: string) {
  const colon = reference.lastIndexOf(":");
  if (colon <= reference.lastIndexOf("/")) throw new Error(`an image without a tag: ${reference}`);
  return { name, newName: reference.slice(0, colon), newTag: reference.slice(colon + 1) };
}

/** `KID.pem` and the public half in SPKI PEM. */
export function publicKeyFile(jwk: object): readonly [name: string, pem: string] {
  const { kid, kty, crv, x, y } = textsOf(jwk);
  if (kid === undefined || !/^[\w-]+$/.test(kid)) throw new Error("a signing key has no kid that can name a file");
  const half: JsonWebKey = { kty: kty ?? "", crv: crv ?? "", x: x ?? "", y: y ?? "" };
  return [
    `${kid}.pem`,
    createPublicKey({ key: half, format: "jwk" }).export({ type: "spki", format: "pem" }).toString(),
  ];
}

function textsOf(value: object): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => typeof field === "string"));
}
