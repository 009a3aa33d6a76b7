// Owns what stands beside the Worker in its tests, and the variables that tell the Worker of it.
// Must not know any test.

import { randomBytes, randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import type { TestProject } from "vitest/node";
import { startTestCluster } from "./cluster.ts";
import { startEdgeKeys } from "./edge-keys.ts";
import { startTestIssuer } from "./issuer.ts";
import type { WorkerVariables } from "./variables.ts";

const audience = "limpet-cluster";
const namespace = "limpet-shells";
/** Another public address, on https, where cookies have other names and flags. */
const securePublicUrl = "https://localhost:8787";

/** Vitest's global set-up: starts what the tests need, gives back what ends it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  // wrangler warns of secrets that a deploy needs; here they come as variables.
  process.env["WRANGLER_LOG"] ??= "error";
  const keys = [await signingKey("new"), await signingKey("old")];
  const edge = await startEdgeKeys(keys);
  const issuer = await startTestIssuer([edge.url, securePublicUrl].map((url) => `${url}/auth/callback`));
  const faultsToken = randomUUID();
  const cluster = await startTestCluster({ issuer: edge.url, audience, namespace, faultsToken });
  const variables: WorkerVariables = {
    PUBLIC_URL: edge.url,
    LOCAL: "true",
    OIDC_ISSUER: issuer.url,
    OIDC_CLIENT_ID: "limpet",
    ALLOWED_EMAILS: "ada@example.com",
    ALLOWED_DOMAINS: "example.org",
    ALLOWED_GROUPS: "shell-users",
    ACCESS_CONTACT: "the test team",
    SIGNING_KEYS: JSON.stringify({ keys }),
    SEAL_KEYS: JSON.stringify({ keys: [sealKey("new"), sealKey("old")] }),
    CLUSTER_URL: cluster.url,
    CLUSTER_AUDIENCE: audience,
    CLUSTER_NAMESPACE: namespace,
    TEST_FAULTS_TOKEN: faultsToken,
  };
  project.provide("workerVariables", JSON.stringify(variables));
  return async () => {
    await Promise.all([issuer.close(), cluster.close(), edge.close()]);
  };
}

function sealKey(name: string): object {
  return { kty: "oct", kid: `${name}-${randomUUID()}`, k: randomBytes(32).toString("base64url") };
}

async function signingKey(name: string): Promise<object> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: "ES256", kid: `${name}-${randomUUID()}` };
}
