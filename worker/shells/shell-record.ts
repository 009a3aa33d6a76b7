// Owns the shape of a shell's record, and how it is shown.
// Must not know the database, the cluster or what changes it.

import type { ShellPhase } from "../../durable/protocol/messages.ts";
import type { PodConditions } from "../kubernetes/pod-state.ts";
import type { ShellView } from "./shell-object.ts";
import type { CloudProvider, GitSignIn, SetupCheck } from "./shell-setup.ts";

/** What is kept of a shell: what is wanted, and what was last seen of its pod. Times are unix milliseconds. */
export interface ShellRecord {
  readonly id: string;
  readonly userId: string;
  readonly podName: string;
  /** Its last pod's, also when that is gone; null from when a pod is asked for until the cluster has answered. */
  readonly podUid: string | null;
  /** The pod that is to end before a new one takes its place; null: none. */
  readonly replacing: string | null;
  readonly desired: "present" | "stopped" | "deleted";
  readonly phase: ShellPhase;
  /** Kubernetes' own word, or an error code of ours where the cluster gave none. */
  readonly reason: string | null;
  /** A sentence for a person. */
  readonly detail: string | null;
  readonly conditions: PodConditions;
  readonly expiresAt: number;
  /** When its present pod was asked for: the longest life counts from here. */
  readonly startedAt: number;
  /** Pods that were made anew by themselves since one was last ready for a while: bounded. */
  readonly recreations: number;
  readonly provider: CloudProvider | null;
  readonly gitUrl: string | null;
  readonly gitBranch: string | null;
  readonly gitSignIn: GitSignIn | null;
  readonly gitPublicKey: string | null;
  readonly workspace: string | null;
  readonly saveUpstream: boolean;
  /** Raised with each change that `setup` must carry into the pod. */
  readonly setupVersion: number;
  /** What `setup` was last carried out for: `POD_UID/RESTARTS/SETUP_VERSION`; null: for nothing. */
  readonly setUpFor: string | null;
  readonly setup: readonly SetupCheck[];
  /** Until then a job is taken to be at work in its pod, unless that says otherwise; null: none is. */
  readonly busyUntil: number | null;
  /** A capability of an earlier generation opens nothing. */
  readonly capabilityGeneration: number;
  readonly lastSavedAt: number | null;
  readonly createdAt: number;
}

/** Why a shell failed whose pod is not there any more. */
export const podGoneReason = "PodGone";

/** The pod of a person has one name, so that a second create finds the first. */
export function podNameOf(userId: string): string {
  return `limpet-${userId}`;
}

/** True where nothing of the one is otherwise in the other. */
export function isSameRecord(one: ShellRecord | null, other: ShellRecord | null): boolean {
  return isSame(one, other);
}

/** Of plain data. */
function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  const entries = Object.entries(one);
  return (
    entries.length === Object.keys(other).length &&
    entries.every(([name, value]) => Object.hasOwn(other, name) && isSame(value, Reflect.get(other, name)))
  );
}

/** True where its pod is known to be gone, or never was there: it has no part in what runs. */
export function hasNoPod({ phase, podUid, reason }: ShellRecord): boolean {
  return phase === "absent" || (phase === "failed" && (podUid === null || reason === podGoneReason));
}

/** `lifeMs`: the longest life of a pod. */
export function shellView(record: ShellRecord, lifeMs: number): ShellView {
  return {
    id: record.id,
    podName: record.podName,
    phase: record.phase,
    reason: record.reason,
    detail: record.detail,
    alive: record.phase === "ready",
    status: record.conditions,
    provider: record.provider,
    gitUrl: record.gitUrl,
    gitBranch: record.gitBranch,
    gitSignIn: record.gitSignIn,
    gitPublicKey: record.gitPublicKey,
    workspace: record.workspace,
    saveUpstream: record.saveUpstream,
    setup: record.setup,
    setupPending: record.desired === "present" && record.setUpFor?.split("/").at(-1) !== String(record.setupVersion),
    expiresAt: record.expiresAt,
    extendableUntil: record.startedAt + lifeMs,
    lastSavedAt: record.lastSavedAt,
    createdAt: record.createdAt,
  };
}

/** What a shell has before anybody gave it anything. */
export const nothingSetUp = {
  replacing: null,
  recreations: 0,
  provider: null,
  gitUrl: null,
  gitBranch: null,
  gitSignIn: null,
  gitPublicKey: null,
  workspace: null,
  saveUpstream: true,
  setupVersion: 0,
  setUpFor: null,
  setup: [],
  busyUntil: null,
  capabilityGeneration: 0,
  lastSavedAt: null,
} as const;
