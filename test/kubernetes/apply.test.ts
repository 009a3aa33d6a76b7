// Owns the proof that a server takes each overlay as it is, and that there is nothing to do a second time.
// Must not know what is in them.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { apply, difference, type Installation, openInstallation, shells, system } from "./harness/installation.ts";
import { field, listOf } from "./harness/json.ts";
import { needsKubernetes } from "./harness/kubernetes.ts";

let installation: Installation;
beforeAll(async () => {
  const opened = await openInstallation();
  if (opened !== null) installation = opened;
});
beforeEach(needsKubernetes);
// The other proofs find the cluster as they expect it.
afterAll(async () => {
  if (installation === undefined) return;
  await apply(installation, "overlays/generic");
  // An apply takes nothing away: this one is GKE's alone.
  const more = ["networkpolicy", "limpet-shells-node-local-dns", "--namespace", shells];
  await installation.kubectl.run(["delete", ...more, "--ignore-not-found"]);
});

const overlays = ["eks", "eks-karpenter", "gke", "aks", "direct", "generic"].map((name) => `overlays/${name}`);

describe.each(overlays)("%s", (overlay) => {
  test("is accepted without a warning, and the second time changes nothing", async () => {
    const first = await apply(installation, overlay);
    expect(first.length).toBeGreaterThan(20);
    expect(await difference(installation, overlay)).toBe("");
    expect(await apply(installation, overlay)).toEqual(first);
  });
});

test("every expression of the admission policies fits the types that the cluster knows", async () => {
  const names = ["limpet-pods", "limpet-changes", "limpet-endings", "limpet-reach"];
  await expect
    .poll(
      async () => {
        const policies = await installation.kubectl.json(["get", "validatingadmissionpolicies", ...names]);
        return listOf(policies, "items").map((policy) => {
          const status = field(policy, "status");
          const seen = field(status, "observedGeneration") === field(field(policy, "metadata"), "generation");
          return seen ? (field(field(status, "typeChecking"), "expressionWarnings") ?? []) : "not looked at yet";
        });
      },
      { timeout: 30_000 },
    )
    .toEqual(names.map(() => []));
});

test("the overlay for AKS: shells tolerate its spot nodes, and its policy lets them", async () => {
  await apply(installation, "overlays/aks");
  const namespace = await installation.kubectl.json(["get", "namespace", shells]);
  const wanted: unknown = JSON.parse(
    String(
      field(field(field(namespace, "metadata"), "annotations"), "scheduler.alpha.kubernetes.io/defaultTolerations"),
    ),
  );
  const edge = await installation.as("limpet-edge");
  const pod = installation.shellPod();
  // What AKS's plug-in does to a pod (PodTolerationRestriction), which this cluster's API server does not run.
  const pressure = { key: "node.kubernetes.io/memory-pressure", operator: "Exists", effect: "NoSchedule" };
  const added = Array.isArray(wanted) ? [...wanted, pressure] : [];
  const tolerations = [...pod.spec.tolerations, ...added];
  const body = { ...pod, spec: { ...pod.spec, tolerations } };
  const create = () => edge({ method: "POST", path: `/api/v1/namespaces/${shells}/pods?dryRun=All`, body });
  await expect.poll(create, { timeout: 10_000 }).toMatchObject({ code: 201 });
  await apply(installation, "overlays/generic");
  await expect.poll(create, { timeout: 10_000 }).toMatchObject({ code: 403 });
});

test("the overlay direct: the edge is a group, and has no account of the cluster", async () => {
  const { kubectl } = installation;
  await kubectl.run(["delete", "serviceaccount", "limpet-edge", "--namespace", system]);
  await apply(installation, "overlays/direct");
  await expect(kubectl.run(["get", "serviceaccount", "limpet-edge", "--namespace", system])).rejects.toThrow(
    "NotFound",
  );
  const can = (...args: readonly string[]): Promise<string> =>
    kubectl
      .run(["auth", "can-i", ...args, "--as=limpet:somebody", "--as-group=limpet-edge", "--namespace", shells])
      .catch(() => "no");
  expect(await can("create", "pods")).toContain("yes");
  expect(await can("get", "secrets")).toContain("no");
  await apply(installation, "overlays/generic");
});
