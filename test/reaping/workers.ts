// Owns what runs at a proof's edge: the product as wrangler.toml describes it, with a proof's settings, and the proof's hand.
// Must not know how either is run.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import type { LegacyWorkerOptions } from "miniflare";
import { writeSettings } from "../../dev/build/worker.ts";

const root = resolve(import.meta.dirname, "../..");

/** A Worker without its code, as dev/build/worker.ts writes it. */
type BuiltSettings = LegacyWorkerOptions &
  Required<Pick<LegacyWorkerOptions, "assets" | "bindings" | "compatibilityDate" | "d1Databases">>;

export interface EdgeWorkers {
  /** The product first: what names no other is for it. */
  readonly all: readonly LegacyWorkerOptions[];
  /** The product's database and nobody who could use it. */
  readonly handAlone: readonly LegacyWorkerOptions[];
}

/** `dir`: for what the build writes. `bindings`: over those of wrangler.toml. */
export async function buildWorkers(dir: string, bindings: Readonly<Record<string, string>>): Promise<EdgeWorkers> {
  const assets = join(dir, "assets");
  await mkdir(assets, { recursive: true });
  await writeFile(join(assets, "index.html"), "");
  await writeSettings(root, dir);
  const options = parseOptions(await readFile(join(dir, "settings.json"), "utf8"));
  const [product, script] = await Promise.all([bundle("worker/index.ts"), bundle("test/reaping/hand.ts")]);
  const hand = {
    name: "hand",
    modules: true,
    script,
    compatibilityDate: options.compatibilityDate,
    d1Databases: options.d1Databases,
  };
  const limpet = {
    ...options,
    name: "limpet",
    modules: true,
    script: product,
    bindings: { ...options.bindings, ...bindings },
    assets: { ...options.assets, directory: assets },
  };
  const objects = { USER_SHELL: { className: "UserShell", scriptName: limpet.name } };
  return { all: [limpet, { ...hand, durableObjects: objects }], handAlone: [hand] };
}

async function bundle(entry: string): Promise<string> {
  const built = await build({
    entryPoints: [join(root, entry)],
    write: false,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "error",
  });
  const [file] = built.outputFiles;
  if (file === undefined) throw new Error(`${entry} was not built`);
  return file.text;
}

/** Written by our own build; miniflare checks each field of it. */
function parseOptions(text: string): BuiltSettings {
  const options: unknown = JSON.parse(text);
  if (!isOptions(options)) throw new Error("the settings are not what the build writes");
  return options;
}

function isOptions(value: unknown): value is BuiltSettings {
  return typeof value === "object" && value !== null && "assets" in value && "d1Databases" in value;
}
