// Owns the proof that a cluster takes the overlay that docs/install.md has people write, with what docs/operate.md adds to it.
// Must not know what is in the manifests. Nothing is changed: the server is asked what it would do.

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { testsLabel } from "../setup/kubernetes-somebodys.ts";
import { field, listOf } from "./harness/json.ts";
import type { Kubectl } from "./harness/kubectl.ts";
import { needsKubernetes, openKubectl } from "./harness/kubernetes.ts";

const root = resolve(import.meta.dirname, "../..");
let folder: string;
let kubectl: Kubectl;

/** The checkout in a folder `limpet`, in which the document's own commands are run. */
beforeEach(async (context) => {
  needsKubernetes(context);
  const opened = await openKubectl();
  if (opened === null) return;
  kubectl = opened;
  folder = await realpath(await mkdtemp(join(tmpdir(), "limpet-documents-")));
  await mkdir(join(folder, "limpet"));
  await cp(join(root, "cluster"), join(folder, "limpet/cluster"), { recursive: true });
  const commands = blockOf(
    await readFile(join(root, "docs/install.md"), "utf8"),
    "sh",
    "limpet-install/kustomization.yaml",
  );
  await promisify(execFile)("sh", ["-euc", commands], {
    cwd: join(folder, "limpet"),
    env: {
      PATH: process.env["PATH"] ?? "",
      LIMPET_HOST: "limpet.acme.test",
      CLUSTER_HOST: "cluster.acme.test",
      IMAGE: "registry.acme.test/limpet-shell:1",
    },
  });
  // Without them a server that has no Limpet yet could not be asked about what is to be in them.
  const namespaces = parseAllDocuments(await readFile(join(root, "cluster/base/namespaces.yaml"), "utf8"));
  const items = namespaces.map((each) => {
    const labels = Object.entries(testsLabel);
    for (const [name, value] of labels) each.setIn(["metadata", "labels", name], value);
    return each.toJS();
  });
  await kubectl.run(["apply", "--filename", "-"], { apiVersion: "v1", kind: "List", items });
});
afterEach(async () => {
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

/** The one block of code of `language` in which `words` stand. */
function blockOf(document: string, language: string, words: string): string {
  const blocks = [...document.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))]
    .map(([, block = ""]) => block)
    .filter((block) => block.includes(words));
  const [block, ...more] = blocks;
  if (block === undefined || more.length > 0) throw new Error(`${blocks.length} blocks have ${words}`);
  return block;
}

/** What the server would make of the overlay. */
async function wouldApply(overlay = join(folder, "limpet-install")): Promise<readonly unknown[]> {
  const said = await kubectl.run([
    "apply",
    "--kustomize",
    overlay,
    "--dry-run=server",
    "--warnings-as-errors",
    "--output=json",
  ]);
  return listOf(JSON.parse(said), "items");
}

function find(objects: readonly unknown[], kind: string, name: RegExp): unknown {
  const found = objects.filter(
    (each) => field(each, "kind") === kind && name.test(String(field(field(each, "metadata"), "name"))),
  );
  expect(found).toHaveLength(1);
  return found[0];
}

test("the overlay of docs/install.md is taken as it stands, with the reader's own names in it", async () => {
  const objects = await wouldApply();
  expect(objects.length).toBeGreaterThan(20);
  expect(field(find(objects, "ConfigMap", /^limpet-ingress-[a-z0-9]{10}$/), "data")).toMatchObject({
    LIMPET_ISSUER: "https://limpet.acme.test",
    LIMPET_AUDIENCE: "limpet-cluster",
    LIMPET_NAMESPACE: "limpet-shells",
  });
  expect(field(find(objects, "ConfigMap", /^limpet-admission$/), "data")).toMatchObject({
    images: "registry.acme.test/limpet-shell:1",
    installs: "limpet",
    nodeSelector: "limpet.dev/pool=shells\n",
  });
});

test("so is it with the larger quota of docs/operate.md", async () => {
  const patches = blockOf(await readFile(join(root, "docs/operate.md"), "utf8"), "yaml", "ResourceQuota");
  const file = join(folder, "limpet-install/kustomization.yaml");
  await writeFile(file, (await readFile(file, "utf8")) + patches);
  const objects = await wouldApply();
  expect(field(field(find(objects, "ResourceQuota", /^limpet-shells$/), "spec"), "hard")).toMatchObject({
    pods: "200",
    "requests.memory": "50Gi",
    "limits.cpu": "400",
  });
  expect(JSON.stringify(field(find(objects, "LimitRange", /^limpet-shells$/), "spec"))).toContain('"memory":"4Gi"');
  expect(field(find(objects, "ConfigMap", /^limpet-admission$/), "data")).toMatchObject({
    memoryLimit: "4Gi",
    images: "registry.acme.test/limpet-shell:1",
  });
});

test("and with a registry that wants a sign-in", async () => {
  const patches = blockOf(await readFile(join(root, "docs/install.md"), "utf8"), "yaml", "imagePullSecrets");
  const file = join(folder, "limpet-install/kustomization.yaml");
  await writeFile(file, (await readFile(file, "utf8")) + patches);
  const objects = await wouldApply();
  expect(field(find(objects, "ServiceAccount", /^default$/), "imagePullSecrets")).toEqual([{ name: "registry" }]);
  expect(field(find(objects, "ConfigMap", /^limpet-admission$/), "data")).toMatchObject({ pullSecrets: "registry" });
});

test("so is the one without an ingress, of the overlay's own README", async () => {
  const readme = await readFile(join(root, "cluster/overlays/direct/README.md"), "utf8");
  await writeFile(join(folder, "kustomization.yaml"), blockOf(readme, "yaml", "overlays/direct"));
  const objects = await wouldApply(folder);
  expect(field(find(objects, "ConfigMap", /^limpet-admission$/), "data")).toMatchObject({
    images: "registry.example.com/limpet-shell:1",
  });
  expect(objects.filter((each) => field(each, "kind") === "Deployment")).toEqual([]);
});
