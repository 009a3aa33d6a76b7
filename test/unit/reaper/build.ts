// Owns pods and records for the reaper's tests: a pair that fits, changed where a test needs it.
// Must not know what is judged.

import type { Pod } from "../../../worker/kubernetes/pod.ts";
import type { SweptShell } from "../../../worker/reaper/swept-shell.ts";

export const nowMs = Date.parse("2026-11-20T12:00:00Z");
export const minuteMs = 60_000;
export const installId = "here";
export const userId = "0123456789abcdefghjk";
export const uid = "0f1e2d3c-0000-4000-8000-000000000001";

/** A label's value for a moment that many minutes from now. */
export function labelIn(minutes: number): string {
  return String((nowMs + minutes * minuteMs) / 1000);
}

/** It runs since an hour ago and ends in an hour. */
export function pod(changes: Partial<Pod> = {}, labels: Readonly<Record<string, string>> = {}): Pod {
  return {
    name: `limpet-${userId}`,
    uid,
    labels: {
      "app.kubernetes.io/name": "limpet-shell",
      "limpet.dev/install": installId,
      "limpet.dev/user": userId,
      "limpet.dev/expires-at": labelIn(60),
      ...labels,
    },
    annotations: {},
    createdAt: nowMs - 60 * minuteMs,
    deleting: false,
    endsBy: null,
    phase: "Running",
    reason: null,
    message: null,
    conditions: [],
    containers: [],
    ...changes,
  };
}

/** Of that pod, written half an hour ago. */
export function record(changes: Partial<SweptShell> = {}): SweptShell {
  return {
    userId,
    podName: `limpet-${userId}`,
    podUid: uid,
    desired: "present",
    phase: "ready",
    expiresAt: nowMs + 60 * minuteMs,
    updatedAt: nowMs - 30 * minuteMs,
    ...changes,
  };
}
