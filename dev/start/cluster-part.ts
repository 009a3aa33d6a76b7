// Owns the local cluster's process: configured over IPC, ends with its supervisor.
// Must not know what a cluster does.

import { createCluster } from "../cluster/cluster.ts";
import { portAt, textAt } from "./fields.ts";
import { runPart } from "./part-child.ts";

runPart(async (configuration) => {
  const cluster = await createCluster({
    listen: { host: "127.0.0.1", port: portAt(configuration, "port") },
    issuer: textAt(configuration, "issuer"),
    audience: textAt(configuration, "audience"),
    namespaces: [textAt(configuration, "namespace")],
    stateDir: textAt(configuration, "stateDir"),
    imageDir: textAt(configuration, "imageDir"),
    faultsToken: textAt(configuration, "faultsToken"),
    log: (line) => console.log(line),
  });
  return {
    ready: { url: cluster.url, port: Number(new URL(cluster.url).port) },
    stop: async () => await cluster.close(),
  };
});
