// Owns the proof of the node group: shells run there and nowhere else, and nothing else runs there.
// Must not know how a cloud makes such nodes.

import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Installation, openInstallation, podsPath, shells } from "./harness/installation.ts";
import { field, listOf } from "./harness/json.ts";
import { needsOwnKubernetes, openOwnKubernetes } from "./harness/kubernetes.ts";

const namespace = `limpet-nodes-${randomBytes(3).toString("hex")}`;
const people = ["one", "two", "three"].map((name) => `nodes${name}${randomBytes(3).toString("hex")}`);

let installation: Installation;

beforeAll(async () => {
  if ((await openOwnKubernetes()) === null) return;
  const opened = await openInstallation();
  if (opened === null) return;
  installation = opened;
  await installation.kubectl.run(["create", "namespace", namespace]);
});
beforeEach(needsOwnKubernetes);
afterAll(async () => {
  if (installation === undefined) return;
  const names = people.map((name) => `pod/limpet-${name}`);
  const now = ["--ignore-not-found", "--now", "--wait=false"];
  await installation.kubectl.run(["delete", ...names, "--namespace", shells, ...now]);
  await installation.kubectl.run(["delete", "namespace", namespace, ...now]);
});

/** Of each node its pool; null for one without. */
async function pools(): Promise<ReadonlyMap<string, string | null>> {
  const nodes = listOf(await installation.kubectl.json(["get", "nodes"]), "items");
  return new Map(
    nodes.map((node) => {
      const metadata = field(node, "metadata");
      const pool = field(field(metadata, "labels"), "limpet.dev/pool");
      return [String(field(metadata, "name")), typeof pool === "string" ? pool : null];
    }),
  );
}

/** The pool of each pod's node. */
async function poolsOf(where: string, ...names: readonly string[]): Promise<readonly unknown[]> {
  const known = await pools();
  const answer = await installation.kubectl.json(["get", "pods", "--namespace", where, ...names]);
  const found = names.length === 1 ? [answer] : listOf(answer, "items");
  return found.map((pod) => known.get(String(field(field(pod, "spec"), "nodeName"))) ?? "no node");
}

const plain = (name: string, spec: object = {}): object => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name, namespace },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "only", image: installation.images.shell, command: ["sleep", "infinity"] }],
    ...spec,
  },
});

describe("the shells' node group", () => {
  test("has every shell that the edge asks for, ready", async () => {
    const edge = await installation.as("limpet-edge");
    for (const person of people) {
      const answer = await edge({ method: "POST", path: podsPath, body: installation.shellPod(person) });
      expect(answer).toMatchObject({ code: 201 });
    }
    const names = people.map((name) => `limpet-${name}`);
    const ready = ["--for=condition=Ready", "--timeout=120s"];
    await installation.kubectl.run(["wait", ...names.map((name) => `pod/${name}`), "--namespace", shells, ...ready]);
    expect(await poolsOf(shells, ...names)).toEqual(people.map(() => "shells"));
  });

  test("has no pod that only looks for room, however many there are", async () => {
    const names = Array.from({ length: 12 }, (_, index) => `plain-${index}`);
    const items = names.map((name) => plain(name));
    await installation.kubectl.run(["create", "--filename", "-"], { apiVersion: "v1", kind: "List", items });
    const scheduled = ["--for=condition=PodScheduled", "--timeout=60s"];
    await installation.kubectl.run([
      "wait",
      ...names.map((name) => `pod/${name}`),
      "--namespace",
      namespace,
      ...scheduled,
    ]);
    expect(await poolsOf(namespace, ...names)).toEqual(names.map(() => "system"));
  });

  test("has no pod that asks for its label without tolerating its taint", async () => {
    await installation.kubectl.run(
      ["create", "--filename", "-"],
      plain("wishful", { nodeSelector: { "limpet.dev/pool": "shells" } }),
    );
    const condition = "{.status.conditions[?(@.type=='PodScheduled')].message}";
    const look = ["get", "pod", "wishful", "--namespace", namespace, "--output", `jsonpath=${condition}`];
    await expect
      .poll(() => installation.kubectl.run(look), { timeout: 30_000 })
      .toMatch(/1 node\(s\) didn't match Pod's node affinity\/selector, 2 node\(s\) had untolerated taint/);
  });

  test("has no pod that does not name its taint, but what runs on every node", async () => {
    const known = await pools();
    const everywhere = listOf(await installation.kubectl.json(["get", "pods", "--all-namespaces"]), "items");
    const strangers = everywhere.flatMap((pod) => {
      const [metadata, spec] = [field(pod, "metadata"), field(pod, "spec")];
      const [owners, tolerations] = [field(metadata, "ownerReferences") ?? [], field(spec, "tolerations") ?? []];
      const daemon = Array.isArray(owners) && owners.some((owner) => field(owner, "kind") === "DaemonSet");
      const named = Array.isArray(tolerations) && tolerations.some((one) => field(one, "key") === "limpet.dev/shells");
      const inGroup = known.get(String(field(spec, "nodeName"))) === "shells";
      return inGroup && !daemon && !named ? [`${field(metadata, "namespace")}/${field(metadata, "name")}`] : [];
    });
    expect(strangers).toEqual([]);
  });
});
