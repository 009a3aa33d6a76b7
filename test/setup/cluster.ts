// Owns a local cluster for the tests in workerd: a process of its own, since Vite would resolve its packages for workerd.
// Must not know any test.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface TestCluster {
  readonly url: string;
  /** The home of the pod with this uid. */
  readonly homeOf: (uid: string) => string;
  readonly close: () => Promise<void>;
}

export interface TestClusterOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly namespace: string;
  /** Opens `/faults`. */
  readonly faultsToken: string;
}

/** `CLUSTER_LOG=1` shows its log. */
export async function startTestCluster(options: TestClusterOptions): Promise<TestCluster> {
  const state = await mkdtemp(join(tmpdir(), "limpet-"));
  const child = spawn(process.execPath, ["dev/cluster/main.ts"], {
    cwd: root,
    // The channel closes with this process, however it ends; then the cluster and its pods end too.
    stdio: ["ignore", "pipe", process.env["CLUSTER_LOG"] === undefined ? "ignore" : "inherit", "ipc"],
    env: {
      ...process.env,
      CLUSTER_PORT: "0",
      CLUSTER_ISSUER: options.issuer,
      CLUSTER_AUDIENCE: options.audience,
      CLUSTER_NAMESPACES: options.namespace,
      CLUSTER_STATE_DIR: join(state, "state"),
      CLUSTER_RUN_DIR: state,
      CLUSTER_IMAGE_DIR: "cluster/image",
      CLUSTER_FAULTS_TOKEN: options.faultsToken,
    },
  });
  const url = await firstUrl(child);
  return {
    url,
    homeOf: (uid) => join(state, "state/pods", uid, "home"),
    close: async () => {
      const ended = once(child, "exit");
      if (child.exitCode === null) {
        child.kill("SIGTERM");
        await ended;
      }
      await rm(state, { recursive: true, force: true });
    },
  };
}

/** @throws Error where it ends before it says where it listens. */
async function firstUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the cluster has no output");
  for await (const line of createInterface({ input: child.stdout })) {
    const said: unknown = JSON.parse(line);
    const url: unknown = typeof said === "object" && said !== null ? Reflect.get(said, "url") : undefined;
    if (typeof url === "string") return url;
  }
  throw new Error("the local cluster did not start: CLUSTER_LOG=1 shows why");
}
