// Owns `node dev/kubernetes/main.ts up [--state DIR]`: a real Kubernetes that lives as long as this process.
// Must not know how a cluster is made.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ensureBinaries } from "./binaries/ensure-binaries.ts";
import { type Cluster, controlSocket, startCluster } from "./cluster.ts";
import { listens } from "./control/listens.ts";
import { ensureImageStore } from "./image-store.ts";
import { ensureImages } from "./images/ensure-images.ts";
import { writeKubernetesFile } from "./kubernetes-file.ts";
import { abandonedCgroups, makeCgroups } from "./namespaces/cgroups.ts";
import { makeDisk } from "./node-disks.ts";
import { whyNoKubernetes } from "./requirements.ts";

const usage = "node dev/kubernetes/main.ts up [--state DIR]";

/** Of sysexits.h: wrong use; what is needed is not there. */
const wrongUse = 64;
const unavailable = 69;

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { state: { type: "string" } },
  });
  if (positionals.length !== 1 || positionals[0] !== "up") {
    console.error(usage);
    return wrongUse;
  }
  const fault = whyNoKubernetes();
  if (fault !== null) {
    console.error(fault);
    return unavailable;
  }
  // Whoever started it with a channel may end, however it ends, while programs and images are still made.
  const leave = (): never => process.exit(unavailable);
  process.once("disconnect", leave);
  const startedMs = Date.now();
  const binaries = await ensureBinaries();
  const images = { ...(await ensureImages()) };
  const imageStore = await ensureImageStore(Object.values(images));
  const madeMs = Date.now();
  const own = values.state === undefined;
  const state = own ? await mkdtemp(join(tmpdir(), "limpet-kubernetes-")) : resolve(values.state ?? "");
  const folder = join(state, "cluster");
  if (await listens(join(folder, controlSocket))) {
    console.error(`A cluster runs in ${state} already: end that one, or name another folder with --state.`);
    return unavailable;
  }
  // What an earlier one left.
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const filePath = join(state, "kubernetes.json");
  const disk = await makeDisk();
  const cgroups = makeCgroups(process.pid);
  const sweep = startSweeper([own ? state : folder, disk, ...cgroups.folders, ...abandonedCgroups()]);

  const wish = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => wish.abort());
  process.once("disconnect", () => wish.abort()).off("disconnect", leave);
  let cluster: Cluster | null = null;
  try {
    const tell = (line: string): void => console.log(`· ${line}`);
    const { dir: bin, version: kubernetes } = binaries;
    const { signal } = wish;
    cluster = await startCluster({ bin, kubernetes, images, imageStore, folder, disk, cgroups, tell, signal });
    await writeKubernetesFile(filePath, cluster.file);
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
    const made = `programs and images: ${seconds(madeMs - startedMs)}`;
    console.log(`✓ Kubernetes ${binaries.version} is ready in ${seconds(Date.now() - madeMs)} (${made})`);
    console.log(`  ${filePath}`);
    if (!wish.signal.aborted) await once(wish.signal, "abort");
    return 0;
  } catch (error) {
    if (wish.signal.aborted) return 0;
    throw error;
  } finally {
    await rm(filePath, { force: true });
    await cluster?.end();
    await sweep();
  }
}

/**
 * A process that outlives this one, even where it is killed, for just as long as it takes to remove what the kernel does
 * not remove by itself.
 * @returns waits until it is done
 */
function startSweeper(args: readonly string[]): () => Promise<void> {
  const script = join(import.meta.dirname, "namespaces", "sweep.sh");
  const sweeper = spawn("sh", [script, ...args], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  return async () => {
    sweeper.stdin?.end();
    if (sweeper.exitCode === null) await once(sweeper, "exit");
  };
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 1;
});
process.exit();
