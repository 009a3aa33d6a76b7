// Owns the programs of a real Kubernetes: built from Go modules once for each set of versions, then found in the cache.
// Must not know how they are started.

import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { runQuietly } from "../../setup/processes.mjs";
import { contentKey } from "../cache/cache-folder.ts";
import { madeOnce } from "../cache/made-once.ts";
import { findGo } from "./go.ts";
import { compareGoVersions } from "./go-version.ts";
import { kubernetesModule, type Module, modules, requiredGo, requiredVersion } from "./programs.ts";

export interface Binaries {
  /** The folder that holds every program by its usual name (programs.ts), `pause` among them. */
  readonly dir: string;
  /** Of Kubernetes, as `v1.34.4`. */
  readonly version: string;
}

const place = join(import.meta.dirname, "modules");

/**
 * Five minutes and 3 GB of modules and objects (in Go's own caches) the first time, nothing after that.
 * @throws SetupError when something cannot be fetched or built; its message has the end of what the tool said
 */
export async function ensureBinaries(): Promise<Binaries> {
  const sources = await Promise.all(modules.map(readSources));
  const recipe = modules.map((module) => goBuild(module, "v0.0.0", "").join(" "));
  const key = contentKey([process.arch, JSON.stringify(environment), ...recipe, ...sources.flat()]);
  const folder = await madeOnce("binaries-", key, buildAll);
  return { dir: join(folder, "bin"), version: await projectVersion(kubernetesModule) };
}

/**
 * Static programs, of just the modules that go.sum has. Nobody is asked for a checksum then, and no go.work around us, no
 * newer toolchain and no flag of the person's own changes what is built.
 */
const environment = {
  CGO_ENABLED: "0",
  GOFLAGS: "-mod=readonly -modcacherw -trimpath -buildvcs=false",
  GOTOOLCHAIN: "local",
  GOWORK: "off",
  GOOS: "linux",
  GOEXPERIMENT: "",
};

async function buildAll(folder: string): Promise<void> {
  const needs = await Promise.all(modules.map(async (module) => requiredGo(await readGoMod(module))));
  const go = await findGo(needs.toSorted(compareGoVersions).at(-1) ?? "");
  await mkdir(join(folder, "bin"));
  for (const module of modules) {
    const names = Object.keys(module.programs).join(", ");
    const command = goBuild(module, await projectVersion(module), join(folder, "bin"));
    const env = { ...process.env, ...environment };
    await runQuietly(`Building ${names}`, [go, ...command], { cwd: join(place, module.folder), env });
  }
}

/** Arguments of `go`: where one package makes one program it is named, since Go would name it after its folder. */
function goBuild(module: Module, version: string, bin: string): readonly string[] {
  const variables = Object.entries(module.variables?.(version) ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  const [[name] = [], ...more] = Object.entries(module.programs);
  const output = more.length === 0 ? join(bin, String(name)) : `${bin}/`;
  // Without symbol tables and debug information: a third of the size, and sooner linked.
  return ["build", "-ldflags", ["-s", "-w", ...variables].join(" "), "-o", output, ...Object.values(module.programs)];
}

async function projectVersion(module: Module): Promise<string> {
  return module.project === undefined ? "" : requiredVersion(await readGoMod(module), module.project);
}

async function readGoMod(module: Module): Promise<string> {
  return await readFile(join(place, module.folder, "go.mod"), "utf8");
}

/** Names and texts of a module's files. */
async function readSources(module: Module): Promise<readonly string[]> {
  const folder = join(place, module.folder);
  const names = (await readdir(folder)).toSorted();
  const texts = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8")));
  return [module.folder, ...names.flatMap((name, index) => [name, String(texts[index])])];
}
