// Owns a model of the cluster for the rules' tests: one name, one pod at a time, answers that may be lost.
// Must not know the rules.

import { failure } from "../../../worker/kubernetes/failure.ts";
import { noConditions, type PodState } from "../../../worker/kubernetes/pod-state.ts";
import type { ShellCall, ShellHeard } from "../../../worker/shells/life.ts";

interface ModelPod {
  readonly uid: string;
  readonly readyAtMs: number;
  /** When it is to have ended; null: nobody asked it to. */
  goneAtMs: number | null;
  /** Its node is dead, and the cluster goes on waiting for it: it ends by force alone. */
  nodeLost: boolean;
  failed: boolean;
  restarts: number;
  expiresAt: number;
  busy: boolean;
}

export const allTrue = { initialized: true, podScheduled: true, containersReady: true, ready: true };

export function stateIn(phase: PodState["phase"], more: Partial<PodState> = {}): PodState {
  const conditions = phase === "ready" ? allTrue : noConditions;
  return {
    phase,
    reason: null,
    detail: null,
    conditions,
    ended: false,
    endsBy: null,
    restarts: 0,
    lastEnd: null,
    ...more,
  };
}

export class ModelCluster {
  pod: ModelPod | null = null;
  /** How many pods there have ever been. */
  created = 0;

  look(nowMs: number): ModelPod | null {
    const { pod } = this;
    if (pod !== null && pod.goneAtMs !== null && pod.goneAtMs <= nowMs && !pod.nodeLost) this.pod = null;
    return this.pod;
  }

  /** The pod, where it still works or saves. */
  alive(nowMs: number): ModelPod | null {
    const pod = this.look(nowMs);
    return pod === null || pod.failed || pod.nodeLost ? null : pod;
  }

  /** The call is carried out; its true answer. */
  answer(call: ShellCall, expiresAt: number, nowMs: number): ShellHeard {
    const pod = this.look(nowMs);
    switch (call.type) {
      case "forget":
        return { type: "forgotten" };
      case "create":
        if (pod !== null) return { type: "taken" };
        this.created += 1;
        this.pod = {
          uid: `uid-${this.created}`,
          readyAtMs: nowMs + 900,
          goneAtMs: null,
          nodeLost: false,
          failed: false,
          restarts: 0,
          expiresAt,
          busy: false,
        };
        return this.#found(this.pod, nowMs);
      case "look":
        return pod === null ? { type: "missing" } : this.#found(pod, nowMs);
      case "delete":
        if (pod === null) return { type: "missing" };
        // The precondition: whatever was meant, another pod is not ended.
        if (pod.uid !== call.uid) return { type: "other" };
        pod.goneAtMs ??= nowMs + 2_000;
        if (call.force) this.pod = null;
        return { type: "ending" };
      case "mark":
        if (pod === null) return { type: "missing" };
        if (pod.uid !== call.uid) return { type: "other" };
        pod.expiresAt = expiresAt;
        pod.busy = call.busy;
        return this.#found(pod, nowMs);
    }
  }

  #found(pod: ModelPod, nowMs: number): ShellHeard {
    const state =
      pod.goneAtMs !== null
        ? stateIn("stopping", { reason: "Terminating", endsBy: pod.goneAtMs })
        : pod.failed
          ? stateIn("failed", { reason: "Evicted", ended: true })
          : stateIn(nowMs >= pod.readyAtMs ? "ready" : "starting");
    const { uid, restarts, expiresAt, busy } = pod;
    return { type: "pod", pod: { uid, ours: true, marks: { expiresAt, busy }, state: { ...state, restarts } } };
  }
}

export const lost: ShellHeard = { type: "failed", failure: failure("unreachable", "the connection failed") };

export function refused(status: number, reason: string | null, message = "no"): ShellHeard {
  return { type: "failed", failure: failure("refused", message, { status, reason }) };
}
