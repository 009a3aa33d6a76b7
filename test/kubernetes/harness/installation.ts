// Owns Limpet's manifests on the cluster of the proofs: an overlay as an installation has it, and its applying.
// Must not know what is proven on it.

import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { type PodManifest, podManifest } from "../../../worker/kubernetes/pod-manifest.ts";
import { testsLabel } from "../../setup/kubernetes-somebodys.ts";
import { type ApiServer, type Ask, apiServerOf, asking } from "./api-server.ts";
import { field, listOf } from "./json.ts";
import type { Kubectl } from "./kubectl.ts";
import { openKubectl, openOwnKubernetes } from "./kubernetes.ts";

const cluster = fileURLToPath(new URL("../../../cluster", import.meta.url));

/** The namespaces of cluster/base. */
export const shells = "limpet-shells";
export const system = "limpet-system";
export const podsPath = `/api/v1/namespaces/${shells}/pods`;
/** Of cluster/base/admission/parameters.yaml. */
const installId = "limpet";

export interface Installation {
  readonly kubectl: Kubectl;
  readonly apiServer: ApiServer;
  readonly images: Images;
  /** Asks the API server as a ServiceAccount of `limpet-system`. */
  as(account: string): Promise<Ask>;
  /** A pod exactly as the Worker asks for it, whose name is `limpet-` and the person's id. */
  shellPod(userId?: string): PodManifest;
}

interface Images {
  readonly shell: string;
  /** Undefined: the manifests' own. */
  readonly ingress: string | undefined;
}

/**
 * Applies the base, which leaves an ingress that is there alone, and waits until it is in force. On somebody's own cluster
 * `LIMPET_SHELL_IMAGE` is the shells' image.
 * @returns `null` where there is no cluster
 */
export async function openInstallation(): Promise<Installation | null> {
  const kubectl = await openKubectl();
  if (kubectl === null) return null;
  const own = await openOwnKubernetes();
  const { LIMPET_SHELL_IMAGE: given = "registry.example.com/limpet-shell:0.1.0" } = process.env;
  const images: Images = { shell: own?.file.images["shell"] ?? given, ingress: own?.file.images["ingress"] };
  const apiServer = await apiServerOf(kubectl);
  const installation: Installation = {
    kubectl,
    apiServer,
    images,
    as: async (account) => {
      const token = (await kubectl.run(["create", "token", account, "--namespace", system])).trim();
      return asking(apiServer, async () => token);
    },
    shellPod: (userId = "test") => shellPod(images.shell, userId),
  };
  await apply(installation, "base");
  await untilAdmission(installation);
  return installation;
}

type Hold = Pick<Installation, "kubectl" | "images">;

/** An object as the server has it after an apply; the generation counts the changes of what is wished for. */
export interface Applied {
  readonly kind: unknown;
  readonly name: unknown;
  readonly uid: unknown;
  readonly generation: unknown;
}

/**
 * `kubectl apply -k`; a warning is a fault.
 * (Its words do not tell whether something changed: some kinds are "configured" each time, with the same generation.)
 */
export async function apply(hold: Hold, folder: string): Promise<readonly Applied[]> {
  const said = await onOverlay(hold, folder, "apply", "--warnings-as-errors", "--output=json");
  return listOf(JSON.parse(said), "items").map((item) => {
    const metadata = field(item, "metadata");
    const [name, uid, generation] = ["name", "uid", "generation"].map((key) => field(metadata, key));
    return { kind: field(item, "kind"), name, uid, generation };
  });
}

/** `kubectl diff -k`: what an apply would change; empty where nothing. */
export async function difference(hold: Hold, folder: string): Promise<string> {
  return await onOverlay(hold, folder, "diff");
}

/** @param folder below cluster/ */
async function onOverlay({ kubectl, images }: Hold, folder: string, ...args: readonly string[]): Promise<string> {
  const own = await realpath(await mkdtemp(join(tmpdir(), "limpet-overlay-")));
  try {
    const kustomization = { ...installationOf(images), resources: [relative(own, join(cluster, folder))] };
    await writeFile(join(own, "kustomization.yaml"), JSON.stringify(kustomization));
    return await kubectl.run([...args, "--kustomize", own]);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** What an installation changes: its images; and the label by which somebody's own cluster is cleared of it. */
function installationOf(images: Images) {
  return {
    apiVersion: "kustomize.config.k8s.io/v1beta1",
    kind: "Kustomization",
    labels: [{ pairs: testsLabel }],
    images: [
      // The shells' image has kubectl too, and nodes that reach no registry have no other.
      { name: "registry.k8s.io/kubectl", ...parts(images.shell) },
      ...(images.ingress === undefined ? [] : [{ name: "docker.io/library/haproxy", ...parts(images.ingress) }]),
    ],
    patches: [
      {
        target: { kind: "ConfigMap", name: "limpet-admission" },
        patch: JSON.stringify([{ op: "replace", path: "/data/images", value: `${images.shell}\n` }]),
      },
    ],
  };
}

function parts(reference: string): { readonly newName: string; readonly newTag: string } {
  const colon = reference.lastIndexOf(":");
  if (colon <= reference.lastIndexOf("/")) throw new Error(`an image without a tag: ${reference}`);
  return { newName: reference.slice(0, colon), newTag: reference.slice(colon + 1) };
}

/** An API server learns of policies up to some seconds after it took them. */
async function untilAdmission(installation: Installation): Promise<void> {
  const ask = await installation.as("limpet-edge");
  const pod = installation.shellPod();
  const deadline = Date.now() + 30_000;
  const refusals = [
    { wish: { ...pod, metadata: { ...pod.metadata, finalizers: ["example.com/stay"] } }, by: "limpet-pods" },
    { wish: pod, by: "" },
  ];
  for (const { wish, by } of refusals) {
    for (;;) {
      const { code, message } = await ask({ method: "POST", path: `${podsPath}?dryRun=All`, body: wish });
      if (by === "" ? code === 201 : code >= 400 && message.includes(by)) break;
      if (Date.now() > deadline) throw new Error(`admission does not come into force: ${code} ${message}`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

export function shellPod(image: string, userId: string): PodManifest {
  return podManifest(
    {
      image,
      installId,
      resources: {
        requests: { cpu: "10m", memory: "32Mi", "ephemeral-storage": "16Mi" },
        limits: { cpu: "1", memory: "512Mi", "ephemeral-storage": "1Gi" },
      },
      nodeSelector: { "limpet.dev/pool": "shells" },
      priorityClass: "limpet-shell",
      graceSeconds: 30,
    },
    { name: `limpet-${userId}`, userId, expiresAtMs: Date.now() + 3_600_000, longestLifeMs: 6 * 3_600_000 },
  );
}
