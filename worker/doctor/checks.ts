// Owns the list of checks: the links of the chain from the edge to the pod, in their order, and which needs which.
// Must not know how any of them is looked at.

import type { Finding } from "./check.ts";

interface CheckPlan {
  readonly id: string;
  readonly title: string;
  /** Where one of these failed or was skipped, this one says nothing that is not said already. */
  readonly needs: readonly string[];
}

/** What is needed always stands before what needs it. */
export const checks = [
  { id: "configuration", title: "Configuration", needs: [] },
  { id: "database", title: "D1", needs: [] },
  { id: "migrations", title: "Migrations", needs: ["database"] },
  { id: "storage", title: "R2", needs: [] },
  { id: "object", title: "Durable Object", needs: [] },
  { id: "seal-keys", title: "Seal keys", needs: ["configuration", "migrations"] },
  { id: "reaper", title: "Reaper", needs: ["migrations"] },
  { id: "limit", title: "Shell limit", needs: ["configuration", "migrations"] },
  { id: "issuer", title: "Issuer", needs: ["configuration"] },
  { id: "redirect", title: "Redirect URI", needs: ["issuer"] },
  { id: "signing-key", title: "Signing key", needs: ["configuration"] },
  { id: "public-url", title: "Published keys", needs: ["signing-key"] },
  { id: "cluster-address", title: "Cluster address", needs: ["signing-key"] },
  { id: "strangers", title: "Strangers", needs: ["cluster-address"] },
  { id: "cluster-clock", title: "Clocks", needs: ["cluster-address"] },
  { id: "token", title: "Token", needs: ["cluster-address", "cluster-clock"] },
  { id: "rights", title: "Rights", needs: ["token"] },
  { id: "admission", title: "Admission", needs: ["token"] },
  { id: "quota", title: "Quota", needs: ["admission"] },
  { id: "pod-security", title: "Pod Security", needs: ["admission", "quota"] },
  { id: "policy", title: "Admission policy", needs: ["admission", "quota"] },
  { id: "node", title: "Node", needs: ["rights", "admission", "quota"] },
  { id: "image", title: "Image", needs: ["node"] },
  { id: "start", title: "Start", needs: ["image"] },
  { id: "setup", title: "Set-up", needs: ["start"] },
  { id: "programs", title: "Programs", needs: ["setup"] },
  { id: "network", title: "Network policy", needs: ["setup"] },
  { id: "pod-to-edge", title: "Pod to edge", needs: ["setup"] },
  { id: "git", title: "Git", needs: ["setup"] },
  // Of the probe pod, and last: should a wall be missing, nothing that is looked at later suffers of it.
  { id: "policy-changes", title: "Policy: changes", needs: ["node"] },
  { id: "policy-endings", title: "Policy: endings", needs: ["node"] },
  { id: "policy-reach", title: "Policy: commands", needs: ["node"] },
  // Not behind `node`: a pod that found none is to go as well.
  { id: "ending", title: "End of the pod", needs: ["rights", "admission", "quota"] },
] as const satisfies readonly CheckPlan[];

export type CheckId = (typeof checks)[number]["id"];

export function titleOf(id: string): string {
  return checks.find((check) => check.id === id)?.title ?? id;
}

/**
 * Why this check is not looked at, given what was found so far: the first need that failed, at the root of it. Null: it is
 * to be looked at.
 */
export function whySkipped(id: CheckId, found: ReadonlyMap<string, Finding>): string | null {
  const root = failedNeed(id, found);
  return root === null ? null : `Not looked at: it needs “${titleOf(root)}”, which is to be put right first.`;
}

function failedNeed(id: string, found: ReadonlyMap<string, Finding>): string | null {
  const needs: readonly string[] = checks.find((check) => check.id === id)?.needs ?? [];
  for (const need of needs) {
    const finding = found.get(need);
    if (finding === undefined) throw new Error(`${id} stands before ${need}, which it needs`);
    if (finding.state === "failed") return need;
    if (finding.state === "skipped") return failedNeed(need, found) ?? need;
  }
  return null;
}
