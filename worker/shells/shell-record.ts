// Owns the shape of a shell's record, and how it is shown.
// Must not know the database, the cluster or what changes it.

import type { ShellPhase } from "../../durable/protocol/messages.ts";
import type { PodConditions } from "../kubernetes/pod-state.ts";
import type { ShellView } from "./shell-object.ts";

/** What is kept of a shell: what is wanted, and what was last seen of its pod. Times are unix milliseconds. */
export interface ShellRecord {
  readonly id: string;
  readonly userId: string;
  readonly podName: string;
  /** Null until the cluster has answered for the present pod. */
  readonly podUid: string | null;
  readonly desired: "present" | "absent";
  readonly phase: ShellPhase;
  /** Kubernetes' own word, or an error code of ours where the cluster gave none. */
  readonly reason: string | null;
  /** A sentence for a person. */
  readonly detail: string | null;
  readonly conditions: PodConditions;
  readonly expiresAt: number;
  /** When its present pod was asked for: the longest life counts from here. */
  readonly startedAt: number;
  readonly createdAt: number;
}

/** The pod of a person has one name, so that a second create finds the first. */
export function podNameOf(userId: string): string {
  return `limpet-${userId}`;
}

export function shellView(record: ShellRecord): ShellView {
  return {
    id: record.id,
    podName: record.podName,
    phase: record.phase,
    reason: record.reason,
    detail: record.detail,
    alive: record.phase === "ready",
    status: record.conditions,
    expiresAt: record.expiresAt,
    createdAt: record.createdAt,
  };
}
