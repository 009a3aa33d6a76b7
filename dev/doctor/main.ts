// Owns `npm run doctor`: an installation is looked at from here and, with a one-time ticket, by its own edge.
// Must not know what the edge looks at, nor how any of it is seen.

import { join, resolve } from "node:path";
import { isAlive } from "../start/processes.ts";
import { readRun, stateDirOf } from "../start/run-file.ts";
import { parseSettings } from "../start/settings.ts";
import { examine, type Patient } from "./examine.ts";
import { parseOptions, usage } from "./options.ts";
import { Printer, sumOf } from "./print.ts";
import { localD1, remoteD1 } from "./ticket.ts";

const root = resolve(import.meta.dirname, "../..");

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  // From where the person stands: npm runs scripts at the root.
  const options = parseOptions(args, process.env["INIT_CWD"] ?? ".");
  if (typeof options === "string") {
    console.error(`${options}\n\n${usage}`);
    return 64;
  }
  const stateDir = stateDirOfStart();
  const url = options.url ?? runningUrl(stateDir);
  if (url === null) {
    console.error("Limpet does not run here: npm start first, or name a deployed one (npm run doctor -- https://…).");
    return 1;
  }
  const here = options.url === null ? join(stateDir, "edge") : null;
  const folder = options.localD1 ?? here;
  const patient: Patient = {
    url,
    repository: options.repository,
    d1: folder === null ? remoteD1(root) : localD1(folder),
    migrate: folder === null ? "npm run deploy, or npx wrangler d1 migrations apply DB --remote" : "start it anew",
  };
  const giveUp = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => giveUp.abort());
  const printer = new Printer(process.stdout);
  if (!options.json) printer.say(`The doctor looks at ${url} …`);
  const checks = await examine(patient, giveUp.signal, (check) => {
    if (!options.json) printer.show(check);
  });
  const fine = !giveUp.signal.aborted && checks.every(({ state }) => state !== "failed");
  if (options.json) console.log(JSON.stringify({ url, ok: fine, checks }, null, 2));
  else printer.say(sumOf(checks));
  return fine ? 0 : 1;
}

function stateDirOfStart(): string {
  const parsed = parseSettings(process.env, root);
  if (!parsed.ok) throw new Error(parsed.faults.join("\n"));
  const { stateDir, stateDirGiven } = parsed.settings;
  return stateDirGiven ? stateDir : stateDirOf(stateDir);
}

/** Where `npm start` runs now, as people open it; null: it does not, or is not ready. */
function runningUrl(stateDir: string): string | null {
  const run = readRun(join(stateDir, "run.json"));
  return run !== null && isAlive(run) ? run.url : null;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
