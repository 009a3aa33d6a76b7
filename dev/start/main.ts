// Owns `npm start` and `npm run dev` as a person sees them: steps, one line when all is ready, one end.
// Must not know what the parts are made of.

import { relative, resolve } from "node:path";
import { build, buildDirOf, describeBuild, rebuildWorker } from "../build/build.ts";
import { ensureBinaries } from "../kubernetes/binaries/ensure-binaries.ts";
import { ensureImages } from "../kubernetes/images/ensure-images.ts";
import { whyNoKubernetes } from "../kubernetes/requirements.ts";
import { Environment } from "./environment.ts";
import { loadKeys } from "./keys.ts";
import { findPort } from "./ports.ts";
import { type Claim, claimState, stateDirOf } from "./run-file.ts";
import { parseSettings } from "./settings.ts";
import { step } from "./steps.ts";
import { watchWorker } from "./watch.ts";
import { watchKeys } from "./watch-keys.ts";

const root = resolve(import.meta.dirname, "../..");

const watching = process.argv.includes("--watch");
const kubernetes = process.argv.includes("--kubernetes");

/** @returns the exit code */
async function main(): Promise<number> {
  const parsed = parseSettings(process.env, root, kubernetes);
  if (!parsed.ok) {
    for (const fault of parsed.faults) console.error(fault);
    return 78;
  }
  const impossible = kubernetes && parsed.settings.cluster.kubernetesFile === null ? whyNoKubernetes() : null;
  if (impossible !== null) {
    console.error(impossible);
    return 69;
  }
  const stateDir = parsed.settings.stateDirGiven ? parsed.settings.stateDir : stateDirOf(parsed.settings.stateDir);
  const settings = { ...parsed.settings, stateDir };
  let claim: Claim;
  try {
    claim = claimState(settings.stateDir);
  } catch (error) {
    console.error(`Limpet cannot keep its state in ${settings.stateDir}: ${messageOf(error)}`);
    console.error("Give that folder to this account, delete it, or set LIMPET_STATE to another one.");
    return 73;
  }
  if (!claim.ok) {
    const where = claim.other.url ?? "it is just starting";
    console.error(`Limpet runs here already: ${where} (pid ${claim.other.pid}). End it first, or open that.`);
    return 1;
  }
  const { file } = claim;
  if (claim.sweptLeftovers > 0) console.log("Ended what an earlier start had left running.");

  const ended = Promise.withResolvers<number>();
  const running: { environment: Environment | null } = { environment: null };
  let asked = false;
  let askedMs = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      // Ctrl-C comes from the terminal and once more from whoever started this: the same wish.
      if (asked && Date.now() - askedMs > 1_000)
        console.log("Limpet is ending already: shells are closed gracefully …");
      if (!asked) askedMs = Date.now();
      asked = true;
      ended.resolve(0);
    });
  }
  const start = async (): Promise<void> => {
    console.log(
      `Limpet starts here: on this machine only, state in ${relative(process.cwd(), settings.stateDir) || "."}.`,
    );
    await step("Build", async () => {
      const made = await build(root);
      return `${made.fresh ? "made" : "up to date"}: ${describeBuild(made)}`;
    });
    if (kubernetes && settings.cluster.kubernetesFile === null) await step("Kubernetes' programs", makeKubernetes);
    if (asked) return;
    const port = await findPort(settings.port);
    if (port === null) throw new Error(`No port from ${settings.port} on is free. Set PORT to another one.`);
    if (port !== settings.port) console.log(`Port ${settings.port} is taken: using ${port}.`);
    const environment = new Environment({
      root,
      buildDir: buildDirOf(root),
      settings,
      keys: await loadKeys(settings.stateDir),
      file,
      port,
      watching,
      tell: (line) => console.log(line),
      gaveUp: () => ended.resolve(1),
    });
    running.environment = environment;
    const startedMs = Date.now();
    await environment.start((title) => console.log(`✓ ${title} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`));
    if (watching) rebuildOnChange(environment);
    followSealKeys(environment, settings.stateDir);
    if (!asked) console.log(`Limpet is ready: ${environment.url}`);
  };
  start().catch((error: unknown) => {
    if (!asked) console.error(messageOf(error));
    ended.resolve(1);
  });

  const code = await ended.promise;
  await running.environment?.stop();
  file.remove();
  return code;
}

/** Minutes the first time; nothing to do while nothing has changed. */
async function makeKubernetes(): Promise<string> {
  const { version } = await ensureBinaries();
  const images = await ensureImages();
  return `and images: ${version}, ${Object.keys(images).length} images`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `npm run rotate` writes them down; the edge is started anew with them, as a deploy would. */
function followSealKeys(environment: Environment, stateDir: string): void {
  watchKeys(stateDir, async (keys) => {
    await environment.changeKeys(keys);
    console.log("✓ There is a new key for secrets: the edge has it");
  });
}

/** A changed Worker is built as for a deploy and takes the place of the running one; objects and database stay. */
function rebuildOnChange(environment: Environment): void {
  watchWorker(root, async (file) => {
    const startedMs = Date.now();
    try {
      await rebuildWorker(root);
      await environment.restartEdge();
      console.log(`✓ ${file} changed: the Worker is the new one (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
    } catch (error) {
      console.log(`✗ ${file} changed, but there is no new Worker; the last one goes on.\n${messageOf(error)}`);
    }
  });
}

process.exit(await main());
