// Owns how images come to a node: from archives, by containerd's own client, into the namespace that the kubelet looks in.
// Must not know what is in them.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { listens } from "../control/listens.ts";
import type { Namespace } from "../namespaces/namespace.ts";
import { containerdSocket } from "./node-files.ts";

const run = promisify(execFile);
const readyMs = 60_000;
const lookAgainMs = 100;

/** @throws Error where it does not listen in time */
export async function waitForContainerd(node: Namespace): Promise<void> {
  // A socket with a name is reached by its file, whatever the network.
  const path = `/proc/${node.leader}/root${containerdSocket}`;
  const untilMs = Date.now() + readyMs;
  while (!(await listens(path))) {
    if (Date.now() > untilMs) throw new Error(`containerd of ${node.title} did not start within ${readyMs / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
}

/** @param archive path of an OCI or Docker archive whose images have full names */
export async function importImage(node: Namespace, archive: string): Promise<void> {
  await ctr(node, "images", "import", archive);
}

async function ctr(node: Namespace, ...args: readonly string[]): Promise<void> {
  const [program = "", ...rest] = node.commandInside([
    "ctr",
    "--address",
    containerdSocket,
    "--namespace",
    "k8s.io",
    ...args,
  ]);
  await run(program, rest);
}
