// Owns which Kubernetes the proofs run on: one that runs already, somebody's own, or one made for them; or why there is none.
// Must not know any proof.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { TestProject } from "vitest/node";
import { whyNoKubernetes } from "../../dev/kubernetes/requirements.ts";
import { makeKubectl } from "../kubernetes/harness/kubectl.ts";
import { expectNoLimpet, removeOurs, soleKubeconfig } from "./kubernetes-somebodys.ts";
import type { KubernetesTarget } from "./kubernetes-target.ts";

const root = resolve(import.meta.dirname, "../..");
const lookAgainMs = 200;

/**
 * `LIMPET_KUBERNETES` names the kubernetes.json of one that runs; `KUBECONFIG` somebody's own cluster, on which the proofs that
 * need a hand on its nodes are skipped; it must have no Limpet, and in the end has none. Otherwise one is started, and ends with the tests, however they end.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const provide = (target: KubernetesTarget): void => project.provide("kubernetes", JSON.stringify(target));
  const { LIMPET_KUBERNETES: running = "", KUBECONFIG: kubeconfig = "" } = process.env;
  if (running !== "") {
    if (!existsSync(running)) throw new Error(`LIMPET_KUBERNETES names ${running}, which is not there.`);
    provide({ kind: "ours", file: resolve(running) });
    return async () => undefined;
  }
  if (kubeconfig !== "") {
    const path = soleKubeconfig(kubeconfig);
    if (!existsSync(path)) throw new Error(`KUBECONFIG names ${path}, which is not there.`);
    const kubectl = makeKubectl("kubectl", path);
    await expectNoLimpet(kubectl);
    provide({ kind: "theirs", kubeconfig: path });
    return async () => await removeOurs(kubectl);
  }
  const reason = whyNoKubernetes();
  if (reason !== null) {
    console.log(`· The proofs on a real Kubernetes are skipped: ${reason}`);
    provide({ kind: "none", reason });
    return async () => undefined;
  }
  const state = await mkdtemp(join(tmpdir(), "limpet-kubernetes-"));
  const child = spawn(process.execPath, ["dev/kubernetes/main.ts", "up", "--state", state], {
    cwd: root,
    // The channel closes with this process, however it ends; then the cluster ends too.
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const file = join(state, "kubernetes.json");
  await untilThere(file, child);
  provide({ kind: "ours", file });
  return async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    }
    await rm(state, { recursive: true, force: true });
  };
}

async function untilThere(file: string, child: ChildProcess): Promise<void> {
  while (!existsSync(file)) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error("The real Kubernetes did not start; it said why above.");
    }
    await new Promise((done) => setTimeout(done, lookAgainMs));
  }
}
