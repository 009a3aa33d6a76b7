// Owns installing Limpet's side of a real Kubernetes of ours: the overlay applied, its ingress up, its rules in force, and reached.
// Must not know the edge beyond what the overlay needs, nor who wants it.

import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { podManifest } from "../../../worker/kubernetes/pod-manifest.ts";
import { ControlClient } from "../control/control-client.ts";
import type { KubernetesFile } from "../kubernetes-file.ts";
import { makeCertificate } from "../pki/x509.ts";
import { askKubectl, runKubectl } from "./kubectl.ts";
import { type EdgeFacts, overlayFiles } from "./kustomization.ts";

export interface Installed {
  /** What CLUSTER_URL is to be: `https://127.0.0.1:PORT`, through a forwarder to the ingress's port on a node. */
  readonly url: string;
  /** The authority of its certificate: PEM. */
  readonly ca: string;
  readonly namespace: string;
  readonly shellImage: string;
}

const generic = resolve(import.meta.dirname, "../../../cluster/overlays/generic");
const namespace = "limpet-shells";
const nodePort = 30_443;
const someResources = { cpu: "10m", memory: "32Mi", "ephemeral-storage": "16Mi" };
const rolloutMs = 180_000;
const inForceMs = 60_000;
const againMs = 250;

/** Again with the same edge: a new certificate, and pods of the ingress that have it. @throws Error with what the cluster said */
export async function install(cluster: KubernetesFile, edge: EdgeFacts): Promise<Installed> {
  const shellImage = imageOf(cluster, "shell");
  const authority = { commonName: "Limpet's ingress on this machine", usage: "authority" } as const;
  const ca = { ...authority, ...makeCertificate(authority) };
  const names = ["127.0.0.1", "localhost"];
  const certificate = makeCertificate({ commonName: "limpet-ingress", usage: "server", names }, ca);
  const folder = await realpath(await mkdtemp(join(tmpdir(), "limpet-overlay-")));
  try {
    const files = overlayFiles({
      edge,
      shellImage,
      ingressImage: imageOf(cluster, "ingress"),
      certificate,
      genericFolder: relative(folder, generic),
      nodePort,
    });
    for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o600 });
    await runKubectl(cluster, ["apply", "--kustomize", folder]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const [port] = await Promise.all([forward(cluster), untilRolledOut(cluster), untilInForce(cluster, edge)]);
  return { url: `https://127.0.0.1:${port}`, ca: ca.cert, namespace, shellImage };
}

function imageOf({ images }: KubernetesFile, name: string): string {
  const reference = images[name];
  if (reference === undefined) throw new Error(`kubernetes.json names no image called ${name}.`);
  return reference;
}

async function forward(cluster: KubernetesFile): Promise<number> {
  const node = cluster.nodes.find(({ pool }) => pool === "system");
  if (node === undefined) throw new Error("kubernetes.json names no node of the pool system.");
  return await new ControlClient(cluster.control).forward(`${node.address}:${nodePort}`);
}

async function untilRolledOut(cluster: KubernetesFile): Promise<void> {
  const wait = ["rollout", "status", "deployment/limpet-ingress", `--timeout=${rolloutMs / 1000}s`];
  await runKubectl(cluster, ["--namespace", "limpet-system", ...wait]);
}

/** The API server learns of a policy some seconds after it took it: until then it would let in what is no shell. */
async function untilInForce(cluster: KubernetesFile, { installId }: EdgeFacts): Promise<void> {
  const edge = ["--as=limpet:install", "--as-group=limpet-edge", "--as-group=system:masters"];
  const create = ["create", "--dry-run=server", "--namespace", namespace, ...edge, "--filename", "-"];
  // As good as any shell, so that nothing else refuses it, but for its name.
  const wish = { name: "limpet-nobodys", userId: "somebody", expiresAtMs: Date.now() + 60_000, longestLifeMs: 60_000 };
  const noShell = podManifest(
    {
      image: imageOf(cluster, "shell"),
      installId,
      resources: { requests: someResources, limits: someResources },
      nodeSelector: { "limpet.dev/pool": "shells" },
      priorityClass: "limpet-shell",
      graceSeconds: 30,
    },
    wish,
  );
  const deadline = Date.now() + inForceMs;
  for (;;) {
    const { code, stderr } = await askKubectl(cluster, create, noShell);
    if (code !== 0 && stderr.includes("limpet-pods")) return;
    if (Date.now() > deadline) throw new Error(`The rules of admission do not come into force: ${stderr.trim()}`);
    await new Promise((done) => setTimeout(done, againMs));
  }
}
