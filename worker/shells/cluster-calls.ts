// Owns how a call of the rules is carried out at the cluster and how its answer is read for them.
// Must not know the rules, the record's keeping or when a call is due.

import type { ClusterFailure } from "../kubernetes/failure.ts";
import type { Pod } from "../kubernetes/pod.ts";
import { type PodEvent, troubles } from "../kubernetes/pod-events.ts";
import {
  askForPeace,
  asksForPeace,
  type PodSettings,
  podLabels,
  podManifest,
  unixSeconds,
} from "../kubernetes/pod-manifest.ts";
import { eventsMayTell, podState } from "../kubernetes/pod-state.ts";
import type { PodClient } from "../kubernetes/pods.ts";
import type { FoundPod, Rules, ShellCall, ShellHeard } from "./life.ts";
import type { ShellRecord } from "./shell-record.ts";

export interface ClusterSide {
  readonly pods: PodClient;
  readonly settings: PodSettings;
  readonly rules: Rules;
}

/** Never rejects for what the cluster or the network does. `record` is the one the call was decided on. */
export async function callCluster(
  { pods, settings, rules }: ClusterSide,
  call: Exclude<ShellCall, { readonly type: "forget" }>,
  record: ShellRecord,
  nowMs: number,
): Promise<ShellHeard> {
  const { podName, userId } = record;
  const found = (pod: Pod, events: readonly PodEvent[] = []): ShellHeard => ({
    type: "pod",
    pod: foundPod(pod, events, settings.installId, userId),
  });
  switch (call.type) {
    case "look": {
      const answer = await pods.get(podName);
      if (answer.ok) {
        const waitedMs = nowMs - record.startedAt;
        const asks = eventsMayTell(podState(answer.value), waitedMs);
        return found(answer.value, asks ? await eventsOf(pods, answer.value.uid) : []);
      }
      const missing = failed(answer.failure, { 404: "missing" });
      // What was wanted and is gone: the cluster may know why.
      if (missing.type !== "missing" || record.podUid === null || record.desired !== "present") return missing;
      const told = troubles(await eventsOf(pods, record.podUid));
      return told === null ? missing : { ...missing, told };
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
      const answer = await pods.delete(podName, call.uid, call.force ? 0 : settings.graceSeconds);
      return answer.ok ? { type: "ending" } : failed(answer.failure, { 404: "missing", 409: "other" });
    }
    case "mark": {
      const labels = { [podLabels.expiresAt]: unixSeconds(record.expiresAt) };
      const answer = await pods.mark(podName, call.uid, { labels, annotations: askForPeace(call.busy) });
      return answer.ok ? found(answer.value) : failed(answer.failure, { 404: "missing", 409: "other", 422: "other" });
    }
  }
}

/** None where the cluster does not tell: they only explain. */
async function eventsOf(pods: PodClient, uid: string): Promise<readonly PodEvent[]> {
  const answer = await pods.events(uid);
  return answer.ok ? answer.value : [];
}

/** The answer where its status has a meaning of its own for this call, the failure otherwise. */
function failed(why: ClusterFailure, meanings: Readonly<Record<number, "missing" | "other">>): ShellHeard {
  // A 404 of the pod's own is Kubernetes' word; a proxy's, without a Status, says nothing about the pod.
  const meaning =
    why.kind === "refused" && why.reason !== null && why.status !== null ? meanings[why.status] : undefined;
  return meaning === undefined ? { type: "failed", failure: why } : { type: meaning };
}

function foundPod(pod: Pod, events: readonly PodEvent[], installId: string, userId: string): FoundPod {
  const expires = pod.labels[podLabels.expiresAt] ?? "";
  return {
    uid: pod.uid,
    ours: pod.labels[podLabels.install] === installId && pod.labels[podLabels.user] === userId,
    marks: {
      expiresAt: /^\d{1,12}$/.test(expires) ? Number(expires) * 1000 : null,
      busy: asksForPeace(pod.annotations),
    },
    state: podState(pod, events),
  };
}
