// Owns running a short command beside a container's main process: a hook, a probe.
// Must not know why it is run or what follows from its end.

import { spawn } from "node:child_process";
import { localCommand } from "./pod-environment.ts";

export interface CommandTarget {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Its exit code; 127 where it cannot be started, 137 where it took longer than `limitMs` and was killed. */
export function runCommand(
  target: CommandTarget,
  imageDir: string,
  argv: readonly string[],
  limitMs: number,
): Promise<number> {
  const [file, ...args] = localCommand(argv, imageDir);
  if (file === undefined) return Promise.resolve(127);
  const { cwd, env } = target;
  const child = spawn(file, args, { cwd, env: { ...env }, stdio: "ignore", detached: true });
  const timer = setTimeout(() => child.kill("SIGKILL"), Math.max(0, limitMs));
  return new Promise<number>((resolve) => {
    child.once("error", () => resolve(127));
    child.once("exit", (code) => resolve(code ?? 137));
  }).finally(() => clearTimeout(timer));
}
