// Owns the proof that the contract suite, unchanged, holds on a real Kubernetes: through the ingress, and asked directly.
// Must not know what the suite asks.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { signingCredentials } from "../contract/credentials.ts";
import { contractNamespace, makeGround, openContractIngress, removeGround } from "./contract/contract-cluster.ts";
import { type ContractTarget, runContract } from "./contract/contract-suite.ts";
import { directConfiguration } from "./contract/direct-configuration.ts";
import { type HttpsIssuer, openHttpsIssuer } from "./contract/https-issuer.ts";
import { needsOwnKubernetes, type OwnKubernetes, openOwnKubernetes } from "./harness/kubernetes.ts";

const audience = "limpet-contract";
const suiteMs = 420_000;
/** The API server reads its authentication file within seconds; and the ingress may still be taking its first key. */
const acceptedMs = 90_000;
/** Longer than it takes the API server to see that its file has changed (10 s), or than it remembers a token (10 s). */
const forgottenMs = 30_000;

describe("the contract suite, unchanged", () => {
  let own: OwnKubernetes | null = null;
  let issuer: HttpsIssuer | null = null;
  let folder = "";
  const open = (): { readonly own: OwnKubernetes; readonly issuer: HttpsIssuer } => {
    if (own === null || issuer === null) throw new Error("a test that needs a cluster began without one");
    return { own, issuer };
  };

  beforeAll(async () => {
    own = await openOwnKubernetes();
    if (own === null) return;
    folder = await mkdtemp(join(tmpdir(), "limpet-contract-ca-"));
    await removeGround(own, true);
    await makeGround(own);
    issuer = await openHttpsIssuer(own.control, own.file.outside.address);
  });
  afterAll(async () => {
    await own?.control.authentication(null);
    if (own !== null) await removeGround(own, false);
    await issuer?.close();
    if (folder !== "") await rm(folder, { recursive: true, force: true });
  });
  beforeEach(needsOwnKubernetes);

  const targetAt = async (url: string, ca: string): Promise<ContractTarget> => {
    const caPath = join(folder, `${new URL(url).port}.pem`);
    await writeFile(caPath, ca);
    const { signingKey, url: issuerUrl } = open().issuer;
    const image = open().own.file.images["shell"] ?? "";
    return { url, caPath, namespace: contractNamespace, image, issuer: issuerUrl, audience, signingKey };
  };

  test("holds through HAProxy", { timeout: suiteMs + acceptedMs }, async () => {
    const { own: cluster, issuer: edge } = open();
    const { url, ca } = await openContractIngress(cluster, { issuer: edge.url, audience, signingKey: edge.signingKey });
    const result = await runContract(await targetAt(url, ca), suiteMs);
    console.log(`· Contract through HAProxy: ${result.passed} passed`);
    expect(result).toMatchObject({ failures: [], skipped: [] });
    expect(result.passed).toBeGreaterThan(40);
  });

  test("holds against the API server itself (overlay direct)", { timeout: suiteMs + acceptedMs }, async () => {
    const { own: cluster, issuer: edge } = open();
    await cluster.control.authentication(await directConfiguration(edge, audience));
    const target = await targetAt(cluster.file.server, await readFile(cluster.file.caPath, "utf8"));
    await untilStatus(200, target, acceptedMs);
    const result = await runContract(target, suiteMs);
    console.log(`· Contract against the API server itself: ${result.passed} passed`);
    expect(result).toMatchObject({ failures: [], skipped: [] });
    expect(result.passed).toBeGreaterThan(40);
  });

  test("a key that is published no more opens direct until the authentication file changes", {
    timeout: acceptedMs + 15_000 + 2 * forgottenMs,
  }, async () => {
    const { own: cluster, issuer: edge } = open();
    await cluster.control.authentication(await directConfiguration(edge, audience));
    const target = await targetAt(cluster.file.server, await readFile(cluster.file.caPath, "utf8"));
    await untilStatus(200, target, acceptedMs);
    await edge.changeKey();
    // Each token is a new one: no answer comes from the API server's memory of those it has seen (10 s).
    await new Promise((done) => setTimeout(done, 15_000));
    expect(await statusOf(target)).toBe(200);
    const changedAt = Date.now();
    // Any change will do.
    await cluster.control.authentication(await directConfiguration(edge, audience, "another-audience"));
    await untilStatus(401, target, forgottenMs);
    console.log(`· Direct: a key is forgotten ${Date.now() - changedAt} ms after a change of the authentication file`);
  });
});

/** What the API server says to a new token that is signed with the target's key. */
async function statusOf({ url, namespace, caPath, ...key }: ContractTarget): Promise<number> {
  const ca = await readFile(caPath, "utf8");
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const credentials = signingCredentials({ jwk: key.signingKey, issuer: key.issuer, audience: key.audience });
  const authorization = await credentials({ method: "GET", path, pod: undefined });
  return await new Promise<number>((answered, failed) => {
    const asked = request(`${url}${path}`, { ca, agent: false, headers: { authorization } }, (response) => {
      response.resume();
      answered(response.statusCode ?? 0);
    });
    asked.once("error", failed).end();
  });
}

async function untilStatus(wanted: number, target: ContractTarget, withinMs: number): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const code = await statusOf(target);
    if (code === wanted) return;
    if (Date.now() > deadline) throw new Error(`the API server answers the edge's token with ${code}, not ${wanted}`);
    await new Promise((done) => setTimeout(done, 500));
  }
}
