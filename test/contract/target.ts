// Owns which cluster the contract is held against: the one that the environment names, or a local one made for it.
// Must not know what is tested.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createCluster } from "../../dev/cluster/cluster.ts";
import { parseSigningKeys } from "../../worker/signing-keys.ts";
import { ApiClient } from "./api-client.ts";
import { type Credentials, signingCredentials, startIssuer } from "./credentials.ts";

export interface Target {
  readonly client: ApiClient;
  /** An image with `sh` and coreutils. */
  readonly image: string;
  close(): Promise<void>;
}

const audience = "limpet-contract";
export const imageDir = fileURLToPath(new URL("../../cluster/image", import.meta.url));

/**
 * `CONTRACT_URL`, `CONTRACT_NAMESPACE`, `CONTRACT_IMAGE`, and either `CONTRACT_TOKEN` (a bearer token) or
 * `CONTRACT_SIGNING_KEY` (a private JWK) with `CONTRACT_ISSUER` and `CONTRACT_AUDIENCE`. Without a URL: a local cluster.
 */
export async function openTarget(): Promise<Target> {
  const {
    CONTRACT_URL: url,
    CONTRACT_NAMESPACE: namespace = "limpet",
    CONTRACT_IMAGE: image = "busybox",
  } = process.env;
  if (url === undefined || url === "") return openLocal();
  const client = new ApiClient(url.replace(/\/$/, ""), namespace, credentialsFromEnvironment());
  return { client, image, close: async () => undefined };
}

function credentialsFromEnvironment(): Credentials {
  const { CONTRACT_TOKEN, CONTRACT_SIGNING_KEY, CONTRACT_ISSUER, CONTRACT_AUDIENCE } = process.env;
  if (CONTRACT_TOKEN !== undefined) return async () => `Bearer ${CONTRACT_TOKEN}`;
  if (CONTRACT_SIGNING_KEY === undefined || CONTRACT_ISSUER === undefined || CONTRACT_AUDIENCE === undefined) {
    throw new Error("CONTRACT_TOKEN, or CONTRACT_SIGNING_KEY with CONTRACT_ISSUER and CONTRACT_AUDIENCE, is needed");
  }
  const [jwk] = parseSigningKeys(`{"keys":[${CONTRACT_SIGNING_KEY}]}`) ?? [];
  if (jwk === undefined) throw new Error("CONTRACT_SIGNING_KEY must be a private ES256 key with a kid, as a JWK");
  return signingCredentials({
    jwk,
    issuer: CONTRACT_ISSUER,
    audience: CONTRACT_AUDIENCE,
  });
}

async function openLocal(): Promise<Target> {
  const { issuer, key } = await startIssuer(audience);
  const stateDir = mkdtempSync(join(tmpdir(), "limpet-contract-"));
  const cluster = await createCluster({
    listen: { host: "127.0.0.1", port: 0 },
    issuer: issuer.url,
    audience,
    namespaces: ["limpet"],
    stateDir,
    imageDir,
    log: () => undefined,
  });
  return {
    client: new ApiClient(cluster.url, "limpet", signingCredentials(key)),
    image: "shell:local",
    close: async () => {
      await cluster.close();
      await issuer.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
