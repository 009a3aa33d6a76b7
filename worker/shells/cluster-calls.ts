// Owns how a call of the rules is carried out at the cluster and how its answer is read for them.
// Must not know the rules, the record's keeping or when a call is due.

import type { ClusterFailure } from "../kubernetes/failure.ts";
import type { Pod } from "../kubernetes/pod.ts";
import { type PodSettings, podLabels, podManifest, unixSeconds } from "../kubernetes/pod-manifest.ts";
import { podState } from "../kubernetes/pod-state.ts";
import type { PodClient } from "../kubernetes/pods.ts";
import type { ClusterCall, ClusterHeard, FoundPod, Rules } from "./life.ts";
import type { ShellRecord } from "./shell-record.ts";

export interface ClusterSide {
  readonly pods: PodClient;
  readonly settings: PodSettings;
  readonly rules: Rules;
}

/** Never rejects for what the cluster or the network does. `record` is the one the call was decided on. */
export async function callCluster(
  { pods, settings, rules }: ClusterSide,
  call: ClusterCall,
  record: ShellRecord,
  nowMs: number,
): Promise<ClusterHeard> {
  const { podName, userId } = record;
  const found = (pod: Pod): ClusterHeard => ({ type: "pod", pod: foundPod(pod, settings.installId, userId) });
  switch (call.type) {
    case "look": {
      const answer = await pods.get(podName);
      return answer.ok ? found(answer.value) : failed(answer.failure, { 404: "missing" });
    }
    case "create": {
      const longestLifeMs = record.startedAt + rules.lifeMs - nowMs;
      const wish = { name: podName, userId, expiresAtMs: record.expiresAt, longestLifeMs };
      const answer = await pods.create(podManifest(settings, wish));
      if (answer.ok) return found(answer.value);
      // 409 is also said where two changes of a quota met; only this reason names the pod.
      return answer.failure.reason === "AlreadyExists" ? { type: "taken" } : failed(answer.failure, {});
    }
    case "delete": {
      const answer = await pods.delete(podName, call.uid, settings.graceSeconds);
      return answer.ok ? { type: "ending" } : failed(answer.failure, { 404: "missing", 409: "other" });
    }
    case "label": {
      const answer = await pods.label(podName, call.uid, { [podLabels.expiresAt]: unixSeconds(record.expiresAt) });
      return answer.ok ? found(answer.value) : failed(answer.failure, { 404: "missing", 409: "other", 422: "other" });
    }
  }
}

/** The answer where its status has a meaning of its own for this call, the failure otherwise. */
function failed(why: ClusterFailure, meanings: Readonly<Record<number, "missing" | "other">>): ClusterHeard {
  // A 404 of the pod's own is Kubernetes' word; a proxy's, without a Status, says nothing about the pod.
  const meaning =
    why.kind === "refused" && why.reason !== null && why.status !== null ? meanings[why.status] : undefined;
  return meaning === undefined ? { type: "failed", failure: why } : { type: meaning };
}

function foundPod(pod: Pod, installId: string, userId: string): FoundPod {
  const expires = pod.labels[podLabels.expiresAt] ?? "";
  return {
    uid: pod.uid,
    ours: pod.labels[podLabels.install] === installId && pod.labels[podLabels.user] === userId,
    expiresAt: /^\d{1,12}$/.test(expires) ? Number(expires) * 1000 : null,
    state: podState(pod),
  };
}
