// Owns running a program where a person's pod is: on this machine, or in a container of a real Kubernetes.
// Must not know what is run.

import { execFile } from "node:child_process";
import type { KubernetesFile } from "../../../dev/kubernetes/kubernetes-file.ts";
import { environmentOf, listProcesses } from "./processes.ts";
import { until } from "./until.ts";

export interface PodPlace {
  readonly home: string;
  /** Of the pod's tmux. */
  readonly socket: string;
  /** @returns what it wrote @throws Error with what it said where it failed */
  run(program: string, args: readonly string[], input?: string): Promise<string>;
}

/** Found by the environment that the local cluster gives a pod, once it runs. */
export async function localPlace(podName: string): Promise<PodPlace> {
  const { run, home } = await until(
    `processes of ${podName} on this machine`,
    () => {
      for (const { pid } of listProcesses()) {
        const environment = environmentOf(pid);
        const run = environment.get("LIMPET_RUN");
        const home = environment.get("HOME");
        if (environment.get("HOSTNAME") === podName && run !== undefined && home !== undefined) return { run, home };
      }
      return { run: "", home: "" };
    },
    (places) => places.run !== "",
  );
  const env = { ...process.env, LANG: "C.UTF-8", HOME: home };
  return { home, socket: `${run}/tmux`, run: (program, args, input) => runHere(program, args, input, env) };
}

/** In the container `shell` of the pod, as its own user. */
export async function kubernetesPlace(file: KubernetesFile, podName: string): Promise<PodPlace> {
  const into = [`--kubeconfig=${file.kubeconfig}`, "--namespace=limpet-shells", "exec", "--stdin", podName];
  const run: PodPlace["run"] = (program, args, input) =>
    runHere(
      file.kubectl,
      [...into, "--container=shell", "--", "env", "LANG=C.UTF-8", program, ...args],
      input,
      process.env,
    );
  await until(
    `a container of ${podName}`,
    () => run("true", []),
    (said) => said === "",
  );
  return { home: "/home/limpet", socket: "/tmp/limpet-1000/tmux", run };
}

function runHere(
  program: string,
  args: readonly string[],
  input: string | undefined,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(stderr.trim() === "" ? error.message : stderr.trim()));
    });
    // One that reads no input may be gone by then.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input ?? "");
  });
}
