// Owns the proof that requests.lst has exactly what the Worker and its objects send: each line is needed, nothing is missing.
// Must not know HAProxy.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { type ExecRequest, execQuery } from "../../worker/kubernetes/exec-query.ts";
import { containerName, podManifest, scripts } from "../../worker/kubernetes/pod-manifest.ts";
import { PodClient, podPath } from "../../worker/kubernetes/pods.ts";
import { ClusterClient } from "../../worker/kubernetes/request.ts";
import { parseSigningKeys } from "../../worker/signing-keys.ts";
import { makeSigner } from "./harness/tokens.ts";

const patterns = readFileSync(resolve(import.meta.dirname, "../../cluster/ingress/requests.lst"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"))
  .map((line) => new RegExp(line));

const resources = { cpu: "1", memory: "1Gi", "ephemeral-storage": "1Gi" };
const name = "limpet-0123456789abcdefghjk";
const uid = "00000000-0000-4000-8000-000000000000";

test("every request of the edge's is listed, and every line of the list is one of them", async () => {
  const sent: string[] = [];
  const server = createServer((request, response) => {
    sent.push(`${request.method} ${request.url} ${request.headers["content-type"] ?? "-"}`);
    request.resume();
    response.writeHead(404).end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const [signingKey] =
    parseSigningKeys(JSON.stringify({ keys: [{ ...makeSigner("x").key.export({ format: "jwk" }), kid: "x" }] })) ?? [];
  if (signingKey === undefined) throw new Error("the test made no key");
  const settings = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    audience: "a",
    issuer: "https://limpet.example.com",
    namespace: "limpet-shells",
    signingKey,
  };
  const cluster = new ClusterClient(settings, "limpet:0123456789abcdefghjk", Date.now);
  const pods = new PodClient(cluster);
  const manifest = podManifest(
    {
      image: "i",
      installId: "limpet",
      resources: { requests: resources, limits: resources },
      nodeSelector: {},
      priorityClass: "limpet-shell",
      graceSeconds: 30,
    },
    { name, userId: "0123456789abcdefghjk", expiresAtMs: Date.now(), longestLifeMs: 1_000 },
  );
  try {
    await pods.create(manifest);
    await pods.get(name);
    await pods.list("app.kubernetes.io/name=limpet-shell,limpet.dev/install=limpet", 100, null);
    // As the API server makes it: base64 without padding, of JSON.
    const next = Buffer.from(JSON.stringify({ v: "meta.k8s.io/v1", rv: 123, start: `${name}\u0000` })).toString(
      "base64url",
    );
    await pods.list("app.kubernetes.io/name=limpet-shell", 500, next);
    await pods.events(uid);
    await pods.mark(name, uid, { labels: { "limpet.dev/expires-at": "1" } });
    await pods.delete(name, uid, 0);
    // What the doctor tries.
    const trial = { method: "POST", path: "/pods", query: [["dryRun", "All"]], pod: null, timeoutMs: 5_000 } as const;
    await cluster.ask({ ...trial, body: { contentType: "application/json", json: manifest } });
  } finally {
    await new Promise((done) => server.close(done));
  }
  const commands: readonly Pick<ExecRequest, "command" | "tty">[] = [
    { command: [`${scripts}/attach`, "control"], tty: false },
    { command: [`${scripts}/attach`, "plain"], tty: true },
    { command: [`${scripts}/setup`], tty: false },
  ];
  for (const { command, tty } of commands) {
    const url = cluster.url(
      `${podPath(name)}/exec`,
      execQuery({ pod: name, container: containerName, command, tty, timeoutMs: 1 }),
    );
    sent.push(`GET ${url.pathname}${url.search} -`);
  }
  expect(sent).toHaveLength(11);
  expect(sent.filter((request) => !patterns.some((pattern) => pattern.test(request)))).toEqual([]);
  expect(patterns.filter((pattern) => !sent.some((request) => pattern.test(request)))).toEqual([]);
  // Each is matched from end to end: nothing can be put around it.
  for (const { source } of patterns) expect(source).toMatch(/^\^.*\$$/);
});
