// Owns pods that no node takes, made as the administrator, so that nobody but a proof of admission changes them.
// Must not know what is tried on them.

import { type Installation, shells } from "../harness/installation.ts";
import { field } from "../harness/json.ts";

export interface GatedPod {
  readonly name: string;
  readonly uid: string;
}

const label = "limpet.dev/test";

/** No policy of ours binds the administrator. */
export async function gatedPod({ kubectl }: Installation, testId: string, manifest: object): Promise<GatedPod> {
  const metadata = Object(field(manifest, "metadata"));
  const gated = {
    ...manifest,
    metadata: { ...metadata, labels: { ...metadata.labels, [label]: testId } },
    spec: { ...Object(field(manifest, "spec")), schedulingGates: [{ name: label }] },
  };
  const said = await kubectl.run(["create", "--namespace", shells, "--output", "json", "--filename", "-"], gated);
  const made = field(JSON.parse(said), "metadata");
  return { name: String(field(made, "name")), uid: String(field(made, "uid")) };
}

/** All pods of a proof, and its role bindings in the shells' namespace. */
export async function removeGated({ kubectl }: Installation, testId: string): Promise<void> {
  const all = ["--namespace", shells, "--ignore-not-found", "--now", "--wait=false"];
  await kubectl.run(["delete", "pod,rolebinding", "--selector", `${label}=${testId}`, ...all]);
}
