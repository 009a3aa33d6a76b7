// Owns running the local cluster as a process of its own: settings from the environment, signals, its one line of output.
// Must not know what a cluster does.

import { resolve } from "node:path";
import { createCluster } from "./cluster.ts";

/**
 * Settings: `CLUSTER_PORT` (0: any free one), `CLUSTER_ISSUER`, `CLUSTER_AUDIENCE`, `CLUSTER_NAMESPACES` (comma list),
 * `CLUSTER_STATE_DIR`, `CLUSTER_IMAGE_DIR`; `CLUSTER_RUN_DIR`, `CLUSTER_FAULTS_TOKEN` (both optional). Once it listens
 * it prints `{"url": …}` as one line on stdout; its log goes to stderr. TERM or INT ends it and its pods gracefully, and so
 * does the end, even by KILL, of whoever started it with an IPC channel.
 */
function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

const runDir = process.env["CLUSTER_RUN_DIR"];
const faultsToken = process.env["CLUSTER_FAULTS_TOKEN"];
const cluster = await createCluster({
  listen: { host: "127.0.0.1", port: Number(process.env["CLUSTER_PORT"] ?? 0) },
  issuer: required("CLUSTER_ISSUER"),
  audience: required("CLUSTER_AUDIENCE"),
  namespaces: required("CLUSTER_NAMESPACES").split(","),
  stateDir: resolve(required("CLUSTER_STATE_DIR")),
  imageDir: resolve(required("CLUSTER_IMAGE_DIR")),
  ...(runDir === undefined ? {} : { runDir }),
  ...(faultsToken === undefined ? {} : { faultsToken }),
  log: (line) => process.stderr.write(`${new Date().toISOString()} ${line}\n`),
});
process.stdout.write(`${JSON.stringify({ url: cluster.url })}\n`);

let closing = false;
for (const end of ["SIGTERM", "SIGINT", "disconnect"] as const) {
  process.on(end, () => {
    if (closing) return;
    closing = true;
    void cluster.close().then(() => process.exit(0));
  });
}
