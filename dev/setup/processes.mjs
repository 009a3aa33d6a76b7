// Owns how set-up runs other programs: quietly with a log's tail on failure, or as this process's own face.
// Must not know which programs they are.
// @ts-check

import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";

/** How often a script of npm looks whether npm is still there. */
const orphanedLookMs = 500;

/** A failure whose message is all that a person needs: what is wrong and what to do. */
export class SetupError extends Error {}

/** How many lines of a failed program are shown: npm says what is wrong first, compilers say it last. */
const firstLines = 15;
const lastLines = 20;

/**
 * Runs a program without showing what it says.
 * @param {string} title what the step is called
 * @param {readonly string[]} command
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<string>} the end of what it wrote, 64 KiB at most
 * @throws {SetupError} with the last lines of its output
 */
export async function runQuietly(title, command, options = {}) {
  const startedMs = Date.now();
  console.log(`· ${title} …`);
  const [program, ...args] = command;
  const child = spawn(String(program), args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      said = (said + text).slice(-64 * 1024);
    });
  }
  /** @type {string | null} */
  const fault = await new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code === 0 ? null : `it ended with ${signal ?? `code ${code}`}`));
  });
  if (fault !== null) {
    const lines = said.trimEnd().split("\n");
    const cut = lines.length > firstLines + lastLines;
    const shown = cut ? [...lines.slice(0, firstLines), "…", ...lines.slice(-lastLines)] : lines;
    throw new SetupError(`${title} failed: ${fault}.\n\n${shown.join("\n")}\n\nThe command was: ${command.join(" ")}`);
  }
  console.log(`✓ ${title} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  return said;
}

/**
 * Runs a program in this process's place, as nearly as a parent can: same terminal, signals passed on, same end.
 * @param {string} root
 * @param {readonly string[]} command
 * @returns {Promise<{ code: number | null, signal: NodeJS.Signals | null }>}
 */
export async function runInherited(root, command) {
  const bin = join(root, "node_modules", ".bin");
  const [program, ...args] = command;
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}` };
  const child = spawn(join(bin, String(program)), args, { cwd: root, stdio: "inherit", env });
  /** @type {NodeJS.Signals[]} */
  const passed = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
  for (const signal of passed) {
    process.on(signal, () => child.kill(constants.signals[signal]));
  }
  // npm puts a shell between itself and its scripts, and that shell passes no signal on: when it is gone, so are we.
  const parent = process.ppid;
  if (process.env["npm_lifecycle_event"] !== undefined) {
    setInterval(() => process.ppid !== parent && child.kill("SIGTERM"), orphanedLookMs).unref();
  }
  return await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
}
