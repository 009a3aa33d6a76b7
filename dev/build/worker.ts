// Owns the Worker's bundle as wrangler makes it for a deploy, and what a local edge needs to know of wrangler.toml.
// Must not know where the bundle runs.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build as bundle } from "esbuild";
import { runTool } from "./tool.ts";

export interface WorkerSize {
  /** As uploaded. */
  readonly bytes: number;
  readonly compressedBytes: number;
}

/** Writes `worker/index.js`, `gate.js` and `settings.json` below `buildDir`. */
export async function buildWorker(root: string, buildDir: string): Promise<WorkerSize> {
  const [said] = await Promise.all([
    runTool(root, ["wrangler", "deploy", "--dry-run", "--outdir", join(buildDir, "worker")]),
    buildGate(root, buildDir),
    writeSettings(root, buildDir),
  ]);
  return parseSize(said);
}

/** wrangler's own figures: `Total Upload: 512.34 KiB / gzip: 101.20 KiB`. */
export function parseSize(said: string): WorkerSize {
  const match = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/.exec(said);
  if (match === null) throw new Error(`wrangler did not say how large the Worker is:\n${said}`);
  return { bytes: Number(match[1]) * 1024, compressedBytes: Number(match[2]) * 1024 };
}

async function buildGate(root: string, buildDir: string): Promise<void> {
  await bundle({
    entryPoints: [join(root, "dev/gate/index.ts")],
    outfile: join(buildDir, "gate.js"),
    bundle: true,
    format: "esm",
    target: "es2023",
    logLevel: "silent",
  });
}

/** The Worker as wrangler.toml describes it, in miniflare's words, without paths and without anybody's secrets. */
export async function writeSettings(root: string, buildDir: string): Promise<void> {
  // Not named above: it takes half a second to load, and an up-to-date build needs none of it.
  const { unstable_getMiniflareWorkerOptions, unstable_readConfig } = await import("wrangler");
  const file = join(root, "wrangler.toml");
  // It warns of the secrets that a deploy needs; the local edge brings them itself.
  const level = process.env["WRANGLER_LOG"];
  process.env["WRANGLER_LOG"] = "none";
  const { workerOptions } = unstable_getMiniflareWorkerOptions(file);
  if (level === undefined) delete process.env["WRANGLER_LOG"];
  else process.env["WRANGLER_LOG"] = level;
  const { rootPath: _, modulesRules: __, ...options } = workerOptions;
  const settings = {
    ...options,
    // Not those of .dev.vars and the process's environment, which wrangler adds.
    bindings: unstable_readConfig({ config: file }).vars,
  };
  await mkdir(buildDir, { recursive: true });
  await writeFile(join(buildDir, "settings.json"), JSON.stringify(settings, null, 2));
}
