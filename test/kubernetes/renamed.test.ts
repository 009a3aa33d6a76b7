// Owns the proof that manifests whose names an installation changes do not lead past the admission policies.
// Must not know the rules of those.

import { mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { type Installation, openInstallation, podsPath } from "./harness/installation.ts";
import { field } from "./harness/json.ts";
import { needsKubernetes } from "./harness/kubernetes.ts";

const base = resolve(import.meta.dirname, "../../cluster/base");
const soon = { timeout: 30_000, interval: 200 };

let installation: Installation;
let renamed: object | null = null;
beforeAll(async () => {
  const opened = await openInstallation();
  if (opened !== null) installation = opened;
});
beforeEach(needsKubernetes);
// The other proofs find the cluster as they expect it.
afterAll(async () => {
  if (renamed === null) return;
  await installation.kubectl.run(["delete", "--ignore-not-found", "--filename", "-"], renamed);
});

/** What kustomize makes of the base with one more field. */
async function rendered(field: object): Promise<string> {
  const own = await realpath(await mkdtemp(join(tmpdir(), "limpet-overlay-")));
  try {
    const kustomization = {
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      resources: [relative(own, base)],
      ...field,
    };
    await writeFile(join(own, "kustomization.yaml"), JSON.stringify(kustomization));
    return await installation.kubectl.run(["kustomize", own]);
  } finally {
    await rm(own, { recursive: true, force: true });
  }
}

/** Without a body: a shell's pod as the edge makes it. It is a dry run. */
async function creating(
  account: string,
  body: object = installation.shellPod(),
): Promise<{ readonly code: number; readonly message: string }> {
  const ask = await installation.as(account);
  return await ask({ method: "POST", path: `${podsPath}?dryRun=All`, body });
}

test("another namespace is refused by kustomize", async () => {
  await expect(rendered({ namespace: "team" })).rejects.toThrow("namespace transformation produces ID conflict");
});

test("with a prefix the policies still know the edge's account", async () => {
  const objects: readonly unknown[] = parseAllDocuments(await rendered({ namePrefix: "team-" })).map((one) =>
    one.toJS(),
  );
  // Their names stay.
  const items = objects.filter((one) => field(one, "kind") !== "Namespace");
  expect(objects.length - items.length).toBe(2);
  renamed = { apiVersion: "v1", kind: "List", items };
  await installation.kubectl.run(["apply", "--filename", "-"], renamed);
  await expect.poll(() => creating("team-limpet-edge"), soon).toMatchObject({ code: 201 });
  const pod = installation.shellPod();
  const noShell = { ...pod, metadata: { ...pod.metadata, finalizers: ["example.com/stay"] } };
  const refused = { code: 403, message: expect.stringContaining("a shell has no such fields: metadata.finalizers") };
  await expect.poll(() => creating("team-limpet-edge", noShell), soon).toMatchObject(refused);
});
