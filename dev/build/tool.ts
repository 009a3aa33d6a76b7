// Owns running a build tool: silent when it works, all it said when it does not.
// Must not know the tools.

import { spawn } from "node:child_process";

/** A tool ended with a fault; the message is what it said. */
export class ToolError extends Error {}

/**
 * @param command a program of node_modules/.bin and its arguments
 * @returns what it wrote to both its outputs
 * @throws ToolError
 */
export async function runTool(root: string, command: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const [program, ...args] = command;
  // No colours in what may be shown later, no banner and no telemetry: nothing leaves the machine for a build.
  const quiet = { FORCE_COLOR: "0", NO_COLOR: "1", WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false" };
  const child = spawn(`${root}/node_modules/.bin/${String(program)}`, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...quiet, WRANGLER_LOG: "log", WRANGLER_WRITE_LOGS: "false", ...env },
  });
  // Who asked may be ended in the middle of it.
  const abandon = (): boolean => child.kill();
  process.once("exit", abandon);
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const end = await new Promise<string | null>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? null : `ended with ${signal ?? `code ${code}`}`));
  });
  process.removeListener("exit", abandon);
  if (end !== null) throw new ToolError(`${command.join(" ")}: ${end}\n${said.trim()}`);
  return said;
}
