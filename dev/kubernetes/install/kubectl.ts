// Owns running kubectl as a cluster's administrator.
// Must not know what is asked.

import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import type { KubernetesFile } from "../kubernetes-file.ts";

export interface KubectlAnswer {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export type Administrator = Pick<KubernetesFile, "kubectl" | "kubeconfig">;

/** Never rejects for what kubectl says. @param input goes to its stdin, an object as JSON */
export async function askKubectl(
  { kubectl, kubeconfig }: Administrator,
  args: readonly string[],
  input: string | object = "",
): Promise<KubectlAnswer> {
  const child = spawn(kubectl, [`--kubeconfig=${kubeconfig}`, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  // One that ends early takes no input.
  child.stdin.on("error", () => undefined);
  child.stdin.end(typeof input === "object" ? JSON.stringify(input) : input);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** @throws Error with what kubectl said where it did not succeed */
export async function runKubectl(
  as: Administrator,
  args: readonly string[],
  input: string | object = "",
): Promise<string> {
  const { code, stdout, stderr } = await askKubectl(as, args, input);
  if (code !== 0) throw new Error(`kubectl ${args.join(" ")} ended with ${code}: ${stderr.trim() || stdout.trim()}`);
  return stdout;
}
