// Owns what stands beside the Worker in its tests, and the variables that tell the Worker of it.
// Must not know any test.

import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import type { TestProject } from "vitest/node";
import { startTestIssuer } from "./issuer.ts";
import type { WorkerVariables } from "./variables.ts";

const publicUrl = "http://localhost:8787";
/** The same on https, where cookies have other names and flags. */
const securePublicUrl = "https://localhost:8787";

/** Vitest's global set-up: starts what the tests need, gives back what ends it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const issuer = await startTestIssuer([publicUrl, securePublicUrl].map((url) => `${url}/auth/callback`));
  const variables: WorkerVariables = {
    PUBLIC_URL: publicUrl,
    LOCAL: "true",
    OIDC_ISSUER: issuer.url,
    OIDC_CLIENT_ID: "limpet",
    ALLOWED_EMAILS: "ada@example.com",
    ALLOWED_DOMAINS: "example.org",
    ALLOWED_GROUPS: "shell-users",
    ACCESS_CONTACT: "the test team",
    SIGNING_KEYS: JSON.stringify({ keys: [await signingKey("new"), await signingKey("old")] }),
  };
  project.provide("workerVariables", JSON.stringify(variables));
  return issuer.close;
}

async function signingKey(name: string): Promise<object> {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  return { ...(await exportJWK(privateKey)), alg: "ES256", kid: `${name}-${randomUUID()}` };
}
