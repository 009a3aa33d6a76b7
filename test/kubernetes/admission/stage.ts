// Owns what the proofs of the edge's rights have in common: the edge as a caller, and a pod that nobody else changes.
// Must not know what is tried.

import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach } from "vitest";
import type { ApiRequest, Ask } from "../harness/api-server.ts";
import { type Installation, openInstallation, podsPath } from "../harness/installation.ts";
import { needsKubernetes } from "../harness/kubernetes.ts";
import { type GatedPod, gatedPod, removeGated } from "./gated-pod.ts";

export interface Stage {
  readonly installation: Installation;
  /** Asks with the edge's ServiceAccount, past the ingress. */
  readonly edge: Ask;
  readonly pod: GatedPod;
}

export const merge = "application/merge-patch+json";

export const create = (body: object): ApiRequest => ({ method: "POST", path: `${podsPath}?dryRun=All`, body });

/** Built before the first test of a file and gone after its last. @param testId unlike any other's: `makeTestId` */
export function useStage(testId: string): () => Stage {
  let stage: Stage | null = null;
  beforeAll(async () => {
    const installation = await openInstallation();
    if (installation === null) return;
    const edge = await installation.as("limpet-edge");
    stage = { installation, edge, pod: await gatedPod(installation, testId, installation.shellPod(testId)) };
  });
  beforeEach(needsKubernetes);
  afterAll(async () => {
    if (stage !== null) await removeGated(stage.installation, testId);
  });
  return () => {
    if (stage === null) throw new Error("The stage is built before the first test.");
    return stage;
  };
}

export function makeTestId(kind: string): string {
  return `${kind}${randomBytes(4).toString("hex")}`;
}
