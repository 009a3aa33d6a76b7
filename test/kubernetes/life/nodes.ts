// Owns what a proof does to nodes, and its undoing.
// Must not know what runs on them.

import type { OwnKubernetes } from "../harness/kubernetes.ts";

/** True: nothing new comes to it. */
export async function cordon({ kubectl }: OwnKubernetes, node: string, is: boolean): Promise<void> {
  await kubectl.run([is ? "cordon" : "uncordon", node]);
}

/** As a machine that boots; returns when the cluster counts on it again. */
export async function startNode({ control, kubectl }: OwnKubernetes, node: string): Promise<void> {
  await control.node(node, "start");
  await kubectl.run(["wait", `node/${node}`, "--for=condition=Ready", "--timeout=120s"]);
}
