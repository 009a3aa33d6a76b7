// Owns what the proofs may do to a cluster of somebody's own, which KUBECONFIG names: only what they put there, told by a label.
// Must not know any proof.

import { delimiter, resolve } from "node:path";
import { field } from "../kubernetes/harness/json.ts";
import type { Kubectl } from "../kubernetes/harness/kubectl.ts";

/** On each object that the proofs apply of cluster/. */
export const testsLabel = { "limpet.dev/tests": "true" } as const;
const labelText = Object.entries(testsLabel)
  .map(([name, value]) => `${name}=${value}`)
  .join(",");

const manifests = resolve(import.meta.dirname, "../../cluster/overlays/generic");
/** Of the manifests' kinds those outside of any namespace, but for namespaces: what is in them goes with them. */
const rules = ["validatingadmissionpolicybindings", "validatingadmissionpolicies", "priorityclasses"];
const goneWithin = "180s";

/**
 * The one file that KUBECONFIG names. Of several, kubectl writes to some and reads from others, and a person may not know which
 * cluster they come to together.
 * @throws Error with what to do
 */
export function soleKubeconfig(variable: string): string {
  const [path, ...more] = variable.split(delimiter).filter((each) => each !== "");
  if (path === undefined || more.length > 0) {
    throw new Error(
      `KUBECONFIG names ${more.length + (path === undefined ? 0 : 1)} files (${variable}), and the proofs take just one, which names ` +
        "the cluster that they may change. Make one of them: kubectl config view --flatten --minify >FILE, then KUBECONFIG=FILE.",
    );
  }
  return resolve(path);
}

/** Nothing of Limpet is there but what the proofs left. Reads only. @throws Error with what is there, or that nobody answers */
export async function expectNoLimpet(kubectl: Kubectl): Promise<void> {
  await kubectl.run(["version", "--client"]).catch((error: unknown) => {
    throw new Error(`KUBECONFIG is set, but there is no kubectl on the PATH that works: ${said(error)}`);
  });
  const wanted = await kubectl.run(["kustomize", manifests]);
  const found = await kubectl
    .run(["get", "--ignore-not-found", "--output", "json", "--filename", "-"], wanted)
    .catch((error: unknown) => {
      throw new Error(`The cluster that KUBECONFIG names could not be asked whether a Limpet is there: ${said(error)}`);
    });
  const foreign = parseObjects(found).filter((object) => !isOurs(object));
  if (foreign.length === 0) return;
  const names = foreign.map((object) => `${field(object, "kind")} ${field(field(object, "metadata"), "name")}`);
  const some = names.length > 4 ? `${names.slice(0, 4).join(", ")} and ${names.length - 4} more` : names.join(", ");
  throw new Error(
    `A Limpet is installed on the cluster that KUBECONFIG names: ${some}, without the label ${labelText} of these tests. ` +
      "They would change and delete it, so they did not begin, and nothing was changed. Name a cluster that has none; " +
      "or unset KUBECONFIG: as root on Debian they make one of their own.",
  );
}

/** Removes all that the proofs put there. */
export async function removeOurs(kubectl: Kubectl): Promise<void> {
  const ours = ["--selector", labelText];
  const wait = ["--ignore-not-found", `--timeout=${goneWithin}`];
  await kubectl.run(["delete", rules.join(","), ...ours, ...wait]);
  const named = await kubectl.run(["get", "namespaces", ...ours, "--output", "jsonpath={.items[*].metadata.name}"]);
  const namespaces = named.split(" ").filter((name) => name !== "");
  if (namespaces.length === 0) return;
  // An ingress would wait minutes for the end of its connections; so first whoever makes new pods goes, then pods go at once.
  for (const namespace of namespaces) {
    const all = ["--all", "--namespace", namespace, ...wait];
    await kubectl.run(["delete", "cronjobs,jobs,deployments,replicasets", "--cascade=orphan", ...all]);
    await kubectl.run(["delete", "pods", "--grace-period=0", "--force", ...all]);
  }
  await kubectl.run(["delete", "namespace", ...namespaces, ...wait]);
}

function isOurs(object: unknown): boolean {
  const labels = field(field(object, "metadata"), "labels");
  return Object.entries(testsLabel).every(([name, value]) => field(labels, name) === value);
}

/** kubectl says nothing for none, the object itself for one, a List for more. */
function parseObjects(json: string): readonly unknown[] {
  if (json.trim() === "") return [];
  const value: unknown = JSON.parse(json);
  const items = field(value, "items");
  return Array.isArray(items) ? items : [value];
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
