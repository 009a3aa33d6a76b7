// Owns one kubectl with one kubeconfig: what it is asked, what it says, and what it complains of.
// Must not know whose cluster it is.

import { execFile } from "node:child_process";

export interface Kubectl {
  /** @param input for its stdin @throws Error with what kubectl said */
  run(args: readonly string[], input?: string | object): Promise<string>;
  /** What it says with `--output json`. */
  json(args: readonly string[]): Promise<unknown>;
}

/** @param program a path, or a name on the PATH @param kubeconfig a path */
export function makeKubectl(program: string, kubeconfig: string): Kubectl {
  const run: Kubectl["run"] = async (args, input) =>
    await new Promise((resolve, reject) => {
      const options = { maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(program, ["--kubeconfig", kubeconfig, ...args], options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`kubectl ${args.join(" ")}: ${stderr.trim() || error.message}`));
      });
      // One that ends before it has read all says itself what is wrong.
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(typeof input === "object" ? JSON.stringify(input) : (input ?? ""));
    });
  return {
    run,
    json: async (args) => JSON.parse(await run([...args, "--output", "json"])),
  };
}
