// Owns the ingress's ground for its proof: cluster/ingress once more in namespaces of its own, its files changed as rotations do.
// Must not know what is asked of the ingress.

import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { renamedImage } from "../../../dev/kubernetes/install/kustomization.ts";
import { type Certificate, makeCertificate } from "../../../dev/kubernetes/pki/x509.ts";
import type { Place } from "../../ingress/harness/raw-client.ts";
import type { EdgeSigner } from "../../ingress/harness/tokens.ts";
import { field, listOf } from "../harness/json.ts";
import type { OwnKubernetes } from "../harness/kubernetes.ts";

/** Where its pods are: not limpet-shells, so that proofs that run beside it keep the installation as it is. */
export const shells = "limpet-ingress-proof";
const system = "limpet-ingress-proof-system";
const nodePort = 30_445;
const folderOfIngress = resolve(import.meta.dirname, "../../../cluster/ingress");
const audience = "limpet-ingress-proof";
export const issuer = "https://edge.limpet.test";

export class Ground {
  readonly settings = { issuer, audience, namespace: shells } as const;
  readonly #own: OwnKubernetes;
  readonly #authority: Certificate & { readonly commonName: string; readonly usage: "authority" };
  #port = 0;

  private constructor(own: OwnKubernetes) {
    this.#own = own;
    const authority = { commonName: "The proof's ingress", usage: "authority" } as const;
    this.#authority = { ...authority, ...makeCertificate(authority) };
  }

  /** Namespaces, rights, the two replicas with `signers` and a first certificate; resolves when they are ready. */
  static async open(own: OwnKubernetes, signers: readonly EdgeSigner[]): Promise<Ground> {
    const ground = new Ground(own);
    // Of a run before this one, which may have been broken off.
    await ground.remove();
    await own.kubectl.run(["wait", "--for=delete", "namespace", shells, system, "--timeout=120s"]).catch(() => "");
    await ground.#makeNamespaces();
    await ground.putCredential("credential-1");
    await ground.putKeys(signers);
    await ground.putCertificate(ground.certificate());
    await ground.#install();
    const node = own.file.nodes.find(({ pool }) => pool === "system");
    if (node === undefined) throw new Error("kubernetes.json names no node of the pool system");
    ground.#port = await own.control.forward(`${node.address}:${nodePort}`);
    return ground;
  }

  /** Where the ingress is reached: through a forwarder to its port on a node. */
  get place(): Place {
    return { host: "127.0.0.1", port: this.#port, ca: this.#authority.cert, name: "127.0.0.1" };
  }

  /** A new one; its authority stays. */
  certificate(): Certificate {
    return makeCertificate({ commonName: "ingress", usage: "server", names: ["127.0.0.1"] }, this.#authority);
  }

  async putKeys(signers: readonly EdgeSigner[]): Promise<void> {
    const data = Object.fromEntries(signers.map(({ kid, publicPem }) => [`${kid}.pem`, publicPem]));
    await this.#apply({ apiVersion: "v1", kind: "ConfigMap", metadata: named("limpet-edge-keys"), data });
  }

  async putCertificate({ cert, key }: Certificate): Promise<void> {
    const stringData = { "tls.crt": cert, "tls.key": key };
    const metadata = named("limpet-ingress-tls");
    await this.#apply({ apiVersion: "v1", kind: "Secret", type: "kubernetes.io/tls", metadata, stringData });
  }

  /**
   * A token of the ServiceAccount that is good for as long as a Secret of this name is there, put where the ingress's pods
   * read theirs. (The kubelet renews a projected token after eight minutes at the earliest; this is the same exchange of files.)
   */
  async putCredential(boundTo: string): Promise<void> {
    await this.#apply({ apiVersion: "v1", kind: "Secret", metadata: named(boundTo) });
    const bound = ["--bound-object-kind", "Secret", "--bound-object-name", boundTo];
    const token = (await this.#kubectl(["create", "token", "limpet-edge", ...bound])).trim();
    await this.#apply({ apiVersion: "v1", kind: "Secret", metadata: named("proof-credential"), stringData: { token } });
  }

  async revokeCredential(boundTo: string): Promise<void> {
    await this.#kubectl(["delete", "secret", boundTo, "--ignore-not-found"]);
  }

  /** The kubelets look at their pods' files within a minute or two; at a pod that has changed they look at once. */
  async hurryKubelets(): Promise<void> {
    const select = ["--selector", "app.kubernetes.io/name=limpet-ingress"];
    await this.#kubectl(["annotate", "pods", ...select, "--overwrite", `proof/looked-at=${Date.now()}`]);
  }

  /** Every pod is replaced, one after the other. */
  async restart(): Promise<void> {
    await this.#kubectl(["rollout", "restart", "deployment/limpet-ingress"]);
    await this.#kubectl(["rollout", "status", "deployment/limpet-ingress", "--timeout=240s"]);
  }

  /** Every pod is replaced by one with this image. */
  async upgrade(image: string): Promise<void> {
    await this.#kubectl(["set", "image", "deployment/limpet-ingress", `haproxy=${image}`]);
    await this.#kubectl(["rollout", "status", "deployment/limpet-ingress", "--timeout=240s"]);
  }

  /** Names of the ingress's pods, those that are ending among them. */
  async pods(): Promise<readonly string[]> {
    const select = ["--selector", "app.kubernetes.io/name=limpet-ingress"];
    const list: unknown = JSON.parse(await this.#kubectl(["get", "pods", ...select, "--output", "json"]));
    return listOf(list, "items").map((item) => String(field(field(item, "metadata"), "name")));
  }

  /** What all of the ingress's pods have logged, and lines of the pods that are gone are not in it. */
  async logs(): Promise<string> {
    const texts = (await this.pods()).map((pod) => this.#kubectl(["logs", pod]).catch(() => ""));
    return (await Promise.all(texts)).join("");
  }

  async remove(): Promise<void> {
    // Not by way of draining: nobody waits for its tunnels.
    await this.#kubectl(["delete", "deployment", "limpet-ingress", "--ignore-not-found", "--wait=false"]);
    await this.#kubectl(["delete", "pods", "--all", "--grace-period=0", "--force"]);
    await this.#own.kubectl.run(["delete", "namespace", shells, system, "--ignore-not-found", "--wait=false"]);
  }

  async #makeNamespaces(): Promise<void> {
    const rbac = "rbac.authorization.k8s.io";
    const metadata = { name: "limpet-edge", namespace: shells };
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    await this.#apply({
      apiVersion: "v1",
      kind: "List",
      items: [
        ...[shells, system].map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } })),
        { apiVersion: "v1", kind: "ServiceAccount", metadata: named("limpet-edge") },
        {
          apiVersion: `${rbac}/v1`,
          kind: "Role",
          metadata,
          // As in cluster/base/edge-access.yaml.
          rules: [
            { apiGroups: [""], resources: ["pods"], verbs: ["create", "get", "list", "patch", "delete"] },
            { apiGroups: [""], resources: ["pods/exec"], verbs: ["get", "create"] },
            { apiGroups: [""], resources: ["events"], verbs: ["list"] },
          ],
        },
        {
          apiVersion: `${rbac}/v1`,
          kind: "RoleBinding",
          metadata,
          roleRef: { apiGroup: rbac, kind: "Role", name: "limpet-edge" },
          subjects: [{ kind: "ServiceAccount", name: "limpet-edge", namespace: system }],
        },
      ],
    });
  }

  async #install(): Promise<void> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "limpet-overlay-")));
    try {
      const text = JSON.stringify(kustomization(relative(folder, folderOfIngress), this.#own));
      await writeFile(join(folder, "kustomization.yaml"), text);
      await this.#own.kubectl.run(["apply", "--kustomize", folder]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    await this.#kubectl(["rollout", "status", "deployment/limpet-ingress", "--timeout=180s"]);
  }

  async #apply(object: object): Promise<void> {
    await this.#own.kubectl.run(["apply", "-f", "-"], object);
  }

  async #kubectl(args: readonly string[]): Promise<string> {
    return await this.#own.kubectl.run(["--namespace", system, ...args]);
  }
}

function named(name: string) {
  return { name, namespace: system };
}

function kustomization(resource: string, { file }: OwnKubernetes): object {
  // Where the resource has them; the namespace of all is changed after that.
  const namespace = "limpet-system";
  const literals = [`LIMPET_ISSUER=${issuer}`, `LIMPET_AUDIENCE=${audience}`, `LIMPET_NAMESPACE=${shells}`];
  return {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    namespace: system,
    resources: [resource],
    images: [renamedImage("docker.io/library/haproxy", file.images["ingress"] ?? "")],
    configMapGenerator: [{ name: "limpet-ingress", namespace, behavior: "merge", literals }],
    patches: [
      {
        target: { kind: "Service", name: "limpet-ingress" },
        patch: JSON.stringify([{ op: "add", path: "/spec/ports/0/nodePort", value: nodePort }]),
      },
      {
        target: { kind: "Deployment", name: "limpet-ingress" },
        // The kubelet renews no token sooner than after eight minutes: here a Secret has it, in the same place.
        patch: JSON.stringify([
          { op: "test", path: "/spec/template/spec/volumes/3/name", value: "credential" },
          {
            op: "replace",
            path: "/spec/template/spec/volumes/3/projected/sources/0",
            value: { secret: { name: "proof-credential", items: [{ key: "token", path: "token" }] } },
          },
        ]),
      },
    ],
  };
}
