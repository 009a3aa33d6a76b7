// Owns a proof's hold on the real Kubernetes: kubectl, its control socket, and skipping where there is none.
// Must not know what is proven.

import { inject, type TestContext } from "vitest";
import { ControlClient } from "../../../dev/kubernetes/control/control-client.ts";
import { type KubernetesFile, readKubernetesFile } from "../../../dev/kubernetes/kubernetes-file.ts";
import { parseKubernetesTarget } from "../../setup/kubernetes-target.ts";
import { type Kubectl, makeKubectl } from "./kubectl.ts";

/** Ours: its nodes and components can be stopped, and what is outside of it listens where it is told to. */
export interface OwnKubernetes {
  /** Of its kubernetes.json. */
  readonly path: string;
  readonly file: KubernetesFile;
  readonly kubectl: Kubectl;
  readonly control: ControlClient;
}

const target = parseKubernetesTarget(inject("kubernetes"));

/** For `beforeEach`: there is a cluster, ours or somebody's. */
export function needsKubernetes(context: TestContext): void {
  if (target.kind === "none") context.skip(target.reason);
}

/** For `beforeEach`: there is one of ours. */
export function needsOwnKubernetes(context: TestContext): void {
  needsKubernetes(context);
  if (target.kind === "theirs")
    context.skip("it needs a hand on the nodes, and the cluster of KUBECONFIG is somebody's own");
}

/**
 * Why nothing may be stopped on it, or `null`: there is one of ours, and nobody else is at work on it. Who names one by
 * LIMPET_KUBERNETES that is theirs alone says so with LIMPET_KUBERNETES_ALONE.
 */
function whyNotAlone(): string | null {
  const { LIMPET_KUBERNETES: named = "", LIMPET_KUBERNETES_ALONE: alone = "" } = process.env;
  return named === "" || alone !== "" ? null : "others may be at work on the cluster that LIMPET_KUBERNETES names";
}

/** For `beforeEach`, or in a test that stops parts of it: there is one of ours, and nobody else is at work on it. */
export function needsKubernetesAlone(context: TestContext): void {
  needsOwnKubernetes(context);
  const reason = whyNotAlone();
  if (reason !== null) context.skip(reason);
}

/** @returns `null` where there is none */
export async function openKubectl(): Promise<Kubectl | null> {
  if (target.kind === "none") return null;
  if (target.kind === "theirs") return makeKubectl("kubectl", target.kubeconfig);
  const { kubectl, kubeconfig } = await readKubernetesFile(target.file);
  return makeKubectl(kubectl, kubeconfig);
}

/** @returns `null` where there is none of ours */
export async function openOwnKubernetes(): Promise<OwnKubernetes | null> {
  return target.kind === "ours" ? await openKubernetes(target.file) : null;
}

/** @returns `null` where there is none of ours, or others may be at work on it */
export async function openKubernetesAlone(): Promise<OwnKubernetes | null> {
  return whyNotAlone() === null ? await openOwnKubernetes() : null;
}

/** @param path of a kubernetes.json */
export async function openKubernetes(path: string): Promise<OwnKubernetes> {
  const file = await readKubernetesFile(path);
  return { path, file, kubectl: makeKubectl(file.kubectl, file.kubeconfig), control: new ControlClient(file.control) };
}
