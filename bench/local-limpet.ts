// Owns a local Limpet that a benchmark has to itself: brought up as `npm start` does, in a folder that goes with it.
// Must not know what is measured on it.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build, buildDirOf } from "../dev/build/build.ts";
import { type KubernetesFile, readKubernetesFile } from "../dev/kubernetes/kubernetes-file.ts";
import { Environment } from "../dev/start/environment.ts";
import { textAt } from "../dev/start/fields.ts";
import { type Keys, loadKeys } from "../dev/start/keys.ts";
import { findPort } from "../dev/start/ports.ts";
import { claimState, readRun } from "../dev/start/run-file.ts";
import { parseSettings } from "../dev/start/settings.ts";
import { ClusterFaults } from "../test/browser/harness/cluster-faults.ts";

const root = resolve(import.meta.dirname, "..");
/** Above the port of `npm start`, so that both can run. */
const firstPort = 18_787;

export interface LocalLimpet {
  readonly url: string;
  readonly clusterUrl: string;
  readonly keys: Keys;
  readonly audience: string;
  readonly namespace: string;
  /** Process id of the edge; workerd is a child of it. */
  readonly edgePid: number;
  stop(): Promise<void>;
}

/** @param shellImage as LIMPET_SHELL_IMAGE; undefined: the local environment's own */
export async function startLimpet(shellImage?: string): Promise<LocalLimpet> {
  return start(shellImage === undefined ? {} : { LIMPET_SHELL_IMAGE: shellImage }, false);
}

/** On a real Kubernetes: the one that LIMPET_KUBERNETES names, or one that is started and ends with it. */
export async function startLimpetOnKubernetes(): Promise<LocalLimpet & { readonly kubernetes: KubernetesFile }> {
  const { LIMPET_KUBERNETES } = process.env;
  const limpet = await start(LIMPET_KUBERNETES === undefined ? {} : { LIMPET_KUBERNETES }, true);
  return { ...limpet, kubernetes: await readKubernetesFile(textAt(limpet.clusterReady, "kubernetes")) };
}

async function start(
  variables: Readonly<Record<string, string>>,
  kubernetes: boolean,
): Promise<LocalLimpet & { readonly clusterReady: object }> {
  const stateDir = await mkdtemp(join(tmpdir(), "limpet-bench-"));
  const parsed = parseSettings({ ...variables, LIMPET_STATE: stateDir }, root, kubernetes);
  if (!parsed.ok) throw new Error(parsed.faults.join(" "));
  const claim = claimState(stateDir);
  const port = await findPort(firstPort);
  if (!claim.ok || port === null) throw new Error("No free port or folder for a local Limpet.");
  await build(root);
  const keys = await loadKeys(stateDir);
  const environment = new Environment({
    root,
    buildDir: buildDirOf(root),
    settings: parsed.settings,
    keys,
    file: claim.file,
    port,
    watching: false,
    tell: (line) => console.error(line),
    gaveUp: () => console.error("A part of the local Limpet could not be kept alive."),
  });
  await environment.start(() => {});
  const runFile = join(stateDir, "run.json");
  // What it is measured against runs commands of its own in a shell, which the cluster's rules would refuse.
  if (!kubernetes) await new ClusterFaults(runFile).add({ type: "no-wall", wall: "limpet-reach" });
  const run = readRun(runFile);
  const clusterReady = run?.parts["cluster"]?.ready;
  const edgePid = run?.parts["edge"]?.pid;
  if (typeof clusterReady !== "object" || clusterReady === null || edgePid === undefined) {
    throw new Error("run.json does not say where the parts are.");
  }
  return {
    url: environment.url,
    clusterUrl: textAt(clusterReady, "url"),
    clusterReady,
    keys,
    audience: parsed.settings.cluster.audience,
    namespace: parsed.settings.cluster.namespace,
    edgePid,
    async stop() {
      await environment.stop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}
