// Owns the probe pod: a shell's pod under an id of its own, made, watched on its way to Ready, set up, and ended.
// Must not know what is said of what was seen.

import { runForLines } from "../kubernetes/exec-lines.ts";
import { type ClusterFailure, isInDoubt } from "../kubernetes/failure.ts";
import type { ContainerStatus, Pod } from "../kubernetes/pod.ts";
import type { PodEvent } from "../kubernetes/pod-events.ts";
import { containerName, scripts } from "../kubernetes/pod-manifest.ts";
import { type PodState, podState } from "../kubernetes/pod-state.ts";
import type { ClusterAnswer } from "../kubernetes/request.ts";
import { podNameOf } from "../shells/shell-record.ts";
import { probeManifest } from "./look-at-cluster.ts";
import { probeLifeMs } from "./patience.ts";
import type { SeenEnding, SeenPart } from "./pod-words.ts";
import { makeProbeId } from "./probe-id.ts";
import { ProbeTalk } from "./probe-talk.ts";
import type { Visit } from "./visit.ts";

/** The pod has nothing to save. */
const graceSeconds = 5;
const deleteTries = 3;
/** A container that ends as soon as it has started was up for a moment. */
const steadyMs = 1_500;

/** What an autoscaler says of a pod for which it adds a machine (see `scaling`). */
const comes: readonly string[] = ["TriggeredScaleUp", "Nominated"];
/** Why a container waits that no further try will mend. */
const hopeless: readonly string[] = ["InvalidImageName", "ErrImageNeverPull"];
const pulls: readonly string[] = ["ErrImagePull", "ImagePullBackOff", "RegistryUnavailable"];
const making: readonly (string | null)[] = [null, "ContainerCreating", "PodInitializing"];

/** Where the pod stands: what is done, what can come to nothing more, or what it waits for. */
type Standing =
  | { readonly type: "done" }
  | { readonly type: "failed"; readonly detail: string }
  | { readonly type: "waiting"; readonly patienceMs: number; readonly detail: string | null };

export class ProbePod {
  readonly id = makeProbeId();
  readonly name = podNameOf(this.id);
  readonly #visit: Visit;
  #uid: string | null = null;
  #askedMs = 0;
  #pullFailedMs: number | null = null;

  constructor(visit: Visit) {
    this.#visit = visit;
  }

  /** Null: it was not made. */
  get uid(): string | null {
    return this.#uid;
  }

  /** Null: it is made. */
  async create(): Promise<string | null> {
    const { cluster, world } = this.#visit;
    this.#askedMs = world.now();
    const made = await cluster.pods.create(probeManifest(this.#visit, this.id, this.name));
    // An answer may be lost after the pod was made: nobody has this name but us.
    const answer = !made.ok && isInDoubt(made.failure) ? await cluster.pods.get(this.name) : made;
    if (answer.ok) this.#uid = answer.value.uid;
    return answer.ok ? null : (made.ok ? answer : made).failure.message;
  }

  /** Until a node has it. */
  scheduled(): Promise<SeenPart> {
    const { nodeMs, machineMs } = this.#visit.world.patience;
    return this.#watch(this.#askedMs, (pod, state, events) => {
      if (state.conditions.podScheduled) return { type: "done" };
      if (pod.deleting || state.ended) return { type: "failed", detail: state.detail ?? "it ended" };
      const added = events.some(({ reason }) => comes.includes(reason));
      if (events.some(({ reason }) => reason === "NotTriggerScaleUp") && !added) {
        return { type: "failed", detail: state.detail ?? "no machine is added for it" };
      }
      return { type: "waiting", patienceMs: added ? machineMs : nodeMs, detail: state.detail };
    });
  }

  /** Until its image is there and a container was made of it, whatever that does then. */
  pulled(): Promise<SeenPart> {
    const { imageMs, pullMs } = this.#visit.world.patience;
    const nowMs = this.#visit.world.now();
    return this.#watch(nowMs, (pod, state) => {
      const container = containerOf(pod);
      const reason = container?.waiting?.reason ?? null;
      if (container !== null && (container.running || container.restarts > 0 || container.terminated !== null)) {
        return { type: "done" };
      }
      if (state.ended || pod.deleting || hopeless.includes(reason ?? "")) {
        return { type: "failed", detail: state.detail ?? "it ended" };
      }
      if (pulls.includes(reason ?? "")) {
        this.#pullFailedMs ??= this.#visit.world.now();
        const enough = this.#visit.world.now() - this.#pullFailedMs >= pullMs;
        return enough
          ? { type: "failed", detail: state.detail ?? "it cannot be fetched" }
          : { type: "waiting", patienceMs: imageMs, detail: state.detail };
      }
      // It has an image and cannot be made of it: that is told as “Start”.
      if (container !== null && !making.includes(reason)) return { type: "done" };
      return { type: "waiting", patienceMs: imageMs, detail: state.detail };
    });
  }

  /** Until it is Ready and stays so. `ms` counts from when it was asked for. */
  async started(): Promise<SeenPart> {
    const { world } = this.#visit;
    const { startMs } = world.patience;
    let readySinceMs: number | null = null;
    const begunMs = world.now();
    const seen = await this.#watch(begunMs, (pod, state) => {
      const container = containerOf(pod);
      const crashed = (container?.restarts ?? 0) > 0 || (container?.terminated ?? null) !== null;
      if (state.ended || pod.deleting || state.phase === "failed" || crashed) {
        return { type: "failed", detail: state.detail ?? howItEnds(container) };
      }
      readySinceMs = state.phase === "ready" ? (readySinceMs ?? world.now()) : null;
      if (readySinceMs !== null && world.now() - readySinceMs >= steadyMs) return { type: "done" };
      return { type: "waiting", patienceMs: startMs, detail: state.detail };
    });
    return seen.type === "done" ? { type: "done", ms: (readySinceMs ?? world.now()) - this.#askedMs } : seen;
  }

  /** A conversation with `setup` in it. For what comes after `started`. */
  talk(repository: string | null): Promise<ProbeTalk> {
    const { cluster, config, world } = this.#visit;
    const { setupMs, gitMs } = world.patience;
    const timeoutMs = repository === null ? setupMs : gitMs;
    return ProbeTalk.begin(config, { id: this.id, podUid: this.#uid ?? "", repository }, world.now, (line, heard) =>
      runForLines(
        cluster.client,
        {
          pod: this.name,
          container: containerName,
          command: [`${scripts}/setup`],
          line,
          timeoutMs,
          silenceMs: timeoutMs / 2,
        },
        heard,
        world.cancel,
      ),
    );
  }

  /** Asks it to end and waits until it is gone, whoever has given up meanwhile. */
  async end(): Promise<SeenEnding> {
    const { cluster, world } = this.#visit;
    const uid = this.#uid;
    if (uid === null) return { type: "none" };
    const begunMs = world.now();
    let why = await this.#delete(uid);
    while (why === null) {
      const answer = await cluster.pods.get(this.name);
      if (isGone(answer) || (answer.ok && answer.value.uid !== uid)) return { type: "gone", ms: world.now() - begunMs };
      if (world.now() - begunMs >= world.patience.endMs) {
        why = answer.ok ? "it was asked to end and has not yet" : answer.failure.message;
      } else {
        await world.pause(world.patience.lookEveryMs);
      }
    }
    if (why === "gone") return { type: "gone", ms: world.now() - begunMs };
    return { type: "left", pod: this.name, endsAtMs: this.#askedMs + probeLifeMs, why };
  }

  /** Null: it was asked to end. `gone`: it was gone already. */
  async #delete(uid: string): Promise<string | null> {
    const { cluster, world } = this.#visit;
    for (let tries = 1; ; tries += 1) {
      const answer = await cluster.pods.delete(this.name, uid, graceSeconds);
      if (answer.ok) return null;
      if (isGone(answer) || answer.failure.status === 409) return "gone";
      if (tries === deleteTries) return answer.failure.message;
      await world.pause(world.patience.lookEveryMs * 2 ** tries);
    }
  }

  async #watch(
    sinceMs: number,
    judge: (pod: Pod, state: PodState, events: readonly PodEvent[]) => Standing,
  ): Promise<SeenPart> {
    const { cluster, world } = this.#visit;
    let lastFailure: ClusterFailure | null = null;
    for (;;) {
      const answer = await cluster.pods.get(this.name);
      const waitedMs = world.now() - sinceMs;
      if (isGone(answer)) return { type: "failed", detail: "somebody else deleted it" };
      lastFailure = answer.ok ? null : answer.failure;
      const standing: Standing = answer.ok
        ? await this.#judged(answer.value, judge)
        : { type: "waiting", patienceMs: world.patience.nodeMs, detail: lastFailure?.message ?? null };
      if (standing.type === "done") return { type: "done", ms: waitedMs };
      if (standing.type === "failed") return standing;
      if (waitedMs >= standing.patienceMs) return { type: "overtime", ms: waitedMs, detail: standing.detail };
      if (world.cancel.aborted)
        return { type: "failed", detail: "it was given up, since nobody waits for it any more" };
      await world.pause(world.patience.lookEveryMs);
    }
  }

  /** Events are asked for only where the pod stands still. */
  async #judged(
    pod: Pod,
    judge: (pod: Pod, state: PodState, events: readonly PodEvent[]) => Standing,
  ): Promise<Standing> {
    const first = judge(pod, podState(pod), []);
    if (first.type === "done") return first;
    const events = await this.#visit.cluster.pods.events(pod.uid);
    return events.ok ? judge(pod, podState(pod, events.value), events.value) : first;
  }
}

function containerOf(pod: Pod): ContainerStatus | null {
  return pod.containers.find(({ name }) => name === containerName) ?? null;
}

/** Of one that runs again at this moment, and will end again. */
function howItEnds(container: ContainerStatus | null): string {
  const end = container?.terminated ?? container?.lastTerminated ?? null;
  const how = end?.exitCode === undefined || end.exitCode === null ? "" : ` (exit status ${end.exitCode})`;
  return `its container ends again and again${how}`;
}

function isGone(answer: ClusterAnswer<unknown>): boolean {
  return !answer.ok && answer.failure.status === 404 && answer.failure.reason === "NotFound";
}
