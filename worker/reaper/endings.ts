// Owns how the reaper ends pods: one at a time, looked at again right before, gracefully, and only ever this very pod (uid).
// Must not know how a pod was found or suspected.

import type { Pod } from "../kubernetes/pod.ts";
import { describeError, type LogFields, log } from "../log.ts";
import { doEach, type Outcome } from "./each.ts";
import type { Suspect } from "./pod-sweep.ts";
import { judgePod, userOfPod, type Verdict } from "./verdict.ts";
import { ClusterCallFailed, type Done, type ReaperWorld } from "./world.ts";

/** Pods in which nothing runs any more: only the object is left to delete. @returns how many went. */
export async function clearPods(world: ReaperWorld, step: string, pods: readonly Pod[]): Promise<Done> {
  const outcome = await doEach(
    pods,
    () => world.turn.mayTake(1),
    (pod) => end(world, pod),
  );
  return counted(step, outcome);
}

/** Pods that nobody has. */
export function endOrphans(world: ReaperWorld, step: string, suspects: readonly Suspect[]): Promise<Done> {
  return endChecked(world, step, suspects, "orphan");
}

/** Pods whose objects did not end them although both clocks had long said so. */
export function endOverdue(world: ReaperWorld, step: string, suspects: readonly Suspect[]): Promise<Done> {
  return endChecked(world, step, suspects, "expire");
}

/** Ends those of them of which the verdict still holds: the list and the records that it was read from are old. */
async function endChecked(
  world: ReaperWorld,
  step: string,
  suspects: readonly Suspect[],
  verdict: Verdict,
): Promise<Done> {
  const outcome = await doEach(
    suspects,
    () => world.turn.mayTake(3),
    async (suspect) => {
      const pod = await look(world, suspect);
      if (pod === null) return false;
      // The record last: it may have come while the cluster was asked.
      const user = userOfPod(pod.name);
      const record = user === null ? null : await world.shells.find(user);
      const now = judgePod(pod, record, { installId: world.config.installId, nowMs: world.nowMs });
      if (now !== verdict || !(await world.turn.stands())) return false;
      const ended = await end(world, pod);
      if (ended) log("warn", "reaper-ended", { why: verdict, pod: pod.name, uid: pod.uid });
      return ended;
    },
  );
  return counted(step, outcome);
}

/** The pod as it is now; null where it is gone or another has its name. @throws ClusterCallFailed */
async function look({ pods }: ReaperWorld, { name, uid }: Suspect): Promise<Pod | null> {
  const answer = await pods.get(name);
  if (answer.ok) return answer.value.uid === uid ? answer.value : null;
  if (answer.failure.status === 404) return null;
  throw new ClusterCallFailed("the pod could not be looked at", answer.failure);
}

/** @returns false where it is gone or another has its name. @throws ClusterCallFailed */
async function end({ pods, config }: ReaperWorld, { name, uid }: Suspect): Promise<boolean> {
  const answer = await pods.delete(name, uid, config.graceSeconds);
  if (answer.ok) return true;
  if (answer.failure.status === 404 || answer.failure.status === 409) return false;
  throw new ClusterCallFailed("the pod could not be ended", answer.failure);
}

/** What passes by itself is a warning, and the next sweep finds the pod again; what does not is a failure of the run. */
function counted(step: string, outcome: Outcome<Suspect>): Done {
  let failed = 0;
  for (const { item, error } of outcome.failed) {
    const passing = error instanceof ClusterCallFailed && error.passing;
    if (!passing) failed += 1;
    const why: LogFields = error instanceof ClusterCallFailed ? { error: error.message } : describeError(error);
    log(passing ? "warn" : "error", "reaper", { step, pod: item.name, ...why });
  }
  return { done: outcome.done, failed, left: outcome.left };
}
