// Owns the tests of how a running real Kubernetes says where it is.
// Must not know a cluster.

import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  type KubernetesFile,
  readKubernetesFile,
  writeKubernetesFile,
} from "../../../../dev/kubernetes/kubernetes-file.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "limpet-kubernetes-file-"));
});
afterEach(async () => await rm(folder, { recursive: true }));

const file: Omit<KubernetesFile, "version"> = {
  kubernetes: "v1.34.4",
  kubectl: "/bin/kubectl",
  kubeconfig: "/a/kubeconfig",
  caPath: "/a/ca.crt",
  server: "https://127.0.0.1:6443",
  control: "/a/control.sock",
  nodes: [{ name: "system-1", pool: "system", address: "10.77.0.11" }],
  nodePorts: { host: "127.0.0.1" },
  outside: { address: "203.0.113.10", domain: "outside.test" },
  privateAddresses: ["169.254.169.254"],
  images: { shell: "limpet.test/shell:1" },
};

test("is read as it was written, by its owner alone", async () => {
  const path = join(folder, "kubernetes.json");
  await writeKubernetesFile(path, file);
  expect(await readKubernetesFile(path)).toEqual({ version: 1, ...file });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test.each([
  ["version", 2],
  ["control", 7],
  ["nodes", null],
  ["nodes", [{ name: "a", pool: "other", address: "1.2.3.4" }]],
  ["outside", { address: "1.2.3.4" }],
  ["privateAddresses", [1]],
  ["images", { shell: 1 }],
])("with %s as %j is refused, and the field named", async (field, value) => {
  const path = join(folder, "kubernetes.json");
  await writeKubernetesFile(path, file);
  const whole: object = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...whole, [field]: value }));
  await expect(readKubernetesFile(path)).rejects.toThrow(/kubernetes\.json: \w+ is missing or wrong/);
});
