// Owns the proof that somebody's own cluster, named by KUBECONFIG, is safe from these proofs: a Limpet that is there stays as it
// is, and where there was none there is none in the end.
// Must not know what the proofs do in between. It plays somebody's on the cluster of the proofs.

import { dirname } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until } from "../browser/harness/until.ts";
import { removeOurs, testsLabel } from "../setup/kubernetes-somebodys.ts";
import { apply, type Installation, openInstallation, system } from "./harness/installation.ts";
import { field, listOf } from "./harness/json.ts";
import { needsKubernetesAlone, type OwnKubernetes, openKubernetesAlone } from "./harness/kubernetes.ts";
import { runSuite, type SuiteResult } from "./harness/suite.ts";

const limitMs = 240_000;
const name = "limpet-admission";

let own: OwnKubernetes;
let installation: Installation;
beforeAll(async () => {
  const ours = await openKubernetesAlone();
  const opened = ours === null ? null : await openInstallation();
  if (ours === null || opened === null) return;
  own = ours;
  installation = opened;
});
beforeEach(needsKubernetesAlone);
// The other proofs find the cluster as they expect it.
afterAll(async () => {
  if (installation === undefined) return;
  if (process.env["LIMPET_KUBERNETES_ALONE"] === "1") await forgetParameters();
  await apply(installation, "overlays/generic");
});

/** Some proofs as their owner runs them, with the variable as it is given. */
async function runProofs(kubeconfig: string): Promise<SuiteResult> {
  const path = `${dirname(own.file.kubectl)}:${process.env["PATH"] ?? ""}`;
  const env = { LIMPET_KUBERNETES: "", LIMPET_KUBERNETES_ALONE: "", KUBECONFIG: kubeconfig, PATH: path };
  return await runSuite({ project: "kubernetes", path: "test/kubernetes/parameters.test.ts", env, limitMs });
}

/** Without any binding an API server never reads the policies' parameters again: kubernetes/kubernetes #130887, open at 1.34. */
async function forgetParameters(): Promise<void> {
  await own.control.component("kube-apiserver", "restart");
  const ask = () => installation.kubectl.run(["get", "--raw", "/readyz"]).catch(String);
  await until("the API server to be back", ask, (said) => said === "ok", { withinMs: 60_000 });
}

/** Of everything that the proofs would change, how it is now: any write gives another version. */
async function versions(): Promise<readonly string[]> {
  const kinds = "validatingadmissionpolicies,validatingadmissionpolicybindings,priorityclasses,namespaces";
  const inside = ["configmaps,serviceaccounts,rolebindings,networkpolicies", "--namespace", system];
  const lists = [await installation.kubectl.json(["get", kinds]), await installation.kubectl.json(["get", ...inside])];
  return lists.flatMap((list) =>
    listOf(list, "items").map((item) => {
      const metadata = field(item, "metadata");
      return `${field(item, "kind")} ${field(metadata, "name")} ${field(metadata, "resourceVersion")}`;
    }),
  );
}

describe("a cluster that KUBECONFIG names", () => {
  test("keeps the Limpet that is there: nothing begins, nothing changes", { timeout: limitMs }, async () => {
    const { kubectl } = installation;
    const [label = ""] = Object.keys(testsLabel);
    await kubectl.run(["label", "configmap", name, "--namespace", system, `${label}-`]);
    const before = await versions();
    const refused = runProofs(own.file.kubeconfig);
    await expect(refused).rejects.toThrow("A Limpet is installed on the cluster that KUBECONFIG names: ");
    expect(await versions()).toEqual(before);
    expect(before.some((each) => each.startsWith(`ConfigMap ${name} `))).toBe(true);
  });

  test("is one: a list of files is refused", { timeout: limitMs }, async () => {
    const refused = runProofs(`${own.file.kubeconfig}:/nowhere/config`);
    await expect(refused).rejects.toThrow("KUBECONFIG names 2 files");
  });

  test("has no Limpet in the end where it had none", { timeout: 2 * limitMs, retry: 0 }, async (context) => {
    if (process.env["LIMPET_KUBERNETES_ALONE"] !== "1") {
      context.skip(
        "it spoils the cluster for the other proofs: name one by LIMPET_KUBERNETES, with LIMPET_KUBERNETES_ALONE=1",
      );
    }
    const { kubectl } = installation;
    const rules = ["validatingadmissionpolicies", "validatingadmissionpolicybindings", "priorityclasses"].join(",");
    const limpets = async (): Promise<readonly string[]> => {
      const found = await kubectl.run(["get", `${rules},namespaces`, "--output", "name"]);
      return found.split("\n").filter((each) => /\/limpet-(shells?|system|pods|changes|endings|reach)$/.test(each));
    };
    expect((await limpets()).length).toBeGreaterThan(8);
    // What is there is labelled as the proofs' own, which may be taken away.
    await removeOurs(kubectl);
    expect(await limpets()).toEqual([]);
    await forgetParameters();
    const { failures, passed } = await runProofs(own.file.kubeconfig);
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(5);
    expect(await limpets()).toEqual([]);
  });
});
