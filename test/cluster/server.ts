// Owns a local cluster for tests of what only it does: on state that a test can start again.
// Must not know what is tested.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, createCluster } from "../../dev/cluster/cluster.ts";
import { ApiClient } from "../contract/api-client.ts";
import { type Issuer, type SigningKey, signingCredentials, startIssuer } from "../contract/credentials.ts";
import { imageDir, type Target } from "../contract/target.ts";

export const audience = "limpet-test";
export const faultsToken = "a-token-for-faults";

export interface Server extends Target {
  readonly cluster: Cluster;
  readonly key: SigningKey;
  readonly issuer: Issuer;
  readonly stateDir: string;
  readonly runDir: string;
  /** Closes this cluster and starts another on the same state. */
  again(): Promise<Server>;
}

export async function startServer(): Promise<Server> {
  const { issuer, key } = await startIssuer(audience);
  const root = mkdtempSync(join(tmpdir(), "limpet-cluster-"));
  return startOn(root, issuer, key);
}

async function startOn(root: string, issuer: Issuer, key: SigningKey): Promise<Server> {
  const stateDir = join(root, "state");
  const cluster = await createCluster({
    listen: { host: "127.0.0.1", port: 0 },
    issuer: issuer.url,
    audience,
    namespaces: ["limpet"],
    stateDir,
    imageDir,
    runDir: root,
    faultsToken,
    log: () => undefined,
  });
  return {
    cluster,
    key,
    issuer,
    stateDir,
    runDir: root,
    image: "shell:local",
    client: new ApiClient(cluster.url, "limpet", signingCredentials(key)),
    again: async () => {
      await cluster.close();
      return startOn(root, issuer, key);
    },
    close: async () => {
      await cluster.close();
      await issuer.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
