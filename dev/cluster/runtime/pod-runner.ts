// Owns one pod from scheduling to its end, as a kubelet does: places, containers, readiness, deadline, termination.
// Must not know HTTP, or any other pod.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { Autoscaler, FaultBoard } from "../faults.ts";
import type { EventRecorder, Happening } from "../pods/event-recorder.ts";
import { type Pod, timestamp } from "../pods/pod.ts";
import type { ContainerPlan, PodPlan } from "../pods/pod-plan.ts";
import { composeStatus, type PodFacts } from "../pods/pod-status.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { type CommandTarget, runCommand } from "./container-command.ts";
import { ContainerRunner } from "./container-runner.ts";
import { Grace } from "./grace.ts";
import { nodeName, whyNoNode } from "./local-node.ts";
import { containerEnvironment, localCommand, workingDirectory } from "./pod-environment.ts";
import { makePlaces, type PodPlaces, removeRunFolder } from "./pod-places.ts";
import { endPodProcesses } from "./pod-processes.ts";

/** The image's own entrypoint, for a container that names no command. */
const imageCommand = ["/usr/local/lib/limpet/shell"] as const;

/** In the words of Cluster Autoscaler and Karpenter. */
const autoscalerSays: Readonly<Record<Autoscaler, Happening>> = {
  TriggeredScaleUp: {
    reason: "TriggeredScaleUp",
    by: "cluster-autoscaler",
    message: "pod triggered scale-up: [{shells-spot 1->2 (max: 10)}]",
  },
  NotTriggerScaleUp: {
    reason: "NotTriggerScaleUp",
    by: "cluster-autoscaler",
    message: "pod didn't trigger scale-up: 1 max node group size reached",
  },
  Nominated: { reason: "Nominated", by: "karpenter", message: "Pod should schedule on: nodeclaim/shells-spot-x7k2p" },
};

export interface PodRunnerOptions {
  readonly store: ObjectStore<Pod>;
  readonly events: EventRecorder;
  readonly faults: FaultBoard;
  /** `stateDir/pods/UID` */
  readonly directory: string;
  /** Where short-lived run folders are made. */
  readonly runDir: string;
  readonly imageDir: string;
  readonly log: (line: string) => void;
}

export class PodRunner {
  readonly #options: PodRunnerOptions;
  readonly #plan: PodPlan;
  readonly #ending = new AbortController();
  #pod: Pod;
  #places: PodPlaces | undefined;
  #containers: readonly ContainerRunner[] = [];
  #facts: PodFacts;
  #stopping: Promise<void> | undefined;
  readonly #grace = new Grace();
  #deadline: NodeJS.Timeout | undefined;

  /** A pod that ran before (its status says so) keeps its place in time and counts a restart. */
  constructor(pod: Pod, plan: PodPlan, options: PodRunnerOptions) {
    this.#options = options;
    this.#plan = plan;
    this.#pod = pod;
    this.#facts = {
      unschedulable: undefined,
      scheduled: pod.status.startTime !== undefined,
      sandbox: false,
      startedAt: pod.status.startTime,
      containers: pod.status.containerStatuses ?? [],
      restartPolicy: plan.restartPolicy,
      failure: undefined,
      deleting: false,
    };
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** What an exec needs of a running container; undefined where there is none to speak of. */
  target(container: ContainerPlan): CommandTarget | undefined {
    const runner = this.#containers.find(({ plan }) => plan.name === container.name);
    if (this.#places === undefined || runner?.running !== true) return undefined;
    return {
      cwd: workingDirectory(container, this.#places.home),
      env: containerEnvironment(this.#pod, container, this.#places),
    };
  }

  /** Brings the pod up; failures of single steps are in its status, as in a cluster. */
  async start(): Promise<void> {
    if (!this.#facts.scheduled && !(await this.#schedule())) return;
    const restored = this.#facts.containers;
    this.#facts = { ...this.#facts, scheduled: true, startedAt: this.#facts.startedAt ?? timestamp() };
    this.watchDeadline(this.#plan.deadlineSeconds);
    const places = makePlaces(this.#options.directory, this.#options.runDir, this.#options.imageDir);
    this.#places = places;
    this.#containers = this.#plan.containers.map((plan) => {
      const before = restored.find(({ name }) => name === plan.name);
      return this.#makeContainer(plan, places, before === undefined ? 0 : before.restartCount + 1);
    });
    this.#publish();
    this.#facts = { ...this.#facts, sandbox: true };
    this.#publish();
    await Promise.all(this.#containers.map((container) => this.#bringUp(container)));
  }

  /** Lowers (or sets) the time this pod may run, in seconds since its start. */
  watchDeadline(seconds: number | undefined): void {
    clearTimeout(this.#deadline);
    if (seconds === undefined || this.#facts.startedAt === undefined) return;
    const leftMs = Date.parse(this.#facts.startedAt) + seconds * 1_000 - Date.now();
    // Timers hold 31 bits of milliseconds; a deadline further away is looked at again.
    if (leftMs > 2 ** 31 - 1) this.#deadline = setTimeout(() => this.watchDeadline(seconds), 2 ** 30);
    else this.#deadline = setTimeout(() => this.#overdue(), Math.max(0, leftMs));
  }

  /** preStop, TERM, KILL within the grace; then `ended`. Again with less grace: the shorter one counts. */
  terminate(graceSeconds: number): Promise<void> {
    this.#grace.shorten(graceSeconds);
    this.#facts = { ...this.#facts, deleting: true };
    this.#stopping ??= this.#stop(graceSeconds);
    return this.#stopping;
  }

  /** Every process gone at once, as with the node under it. */
  async vanish(): Promise<void> {
    this.#retire();
    const left = await endPodProcesses(this.#pod.metadata.uid);
    if (left > 0) this.#options.log(`pod ${this.#pod.metadata.name}: ${left} processes could not be ended`);
    await Promise.all(this.#containers.map((container) => container.ended()));
    removeRunFolder(this.#options.directory);
  }

  /** False where the pod was ended while it waited for a node. */
  async #schedule(): Promise<boolean> {
    const { faults } = this.#options;
    const { signal } = this.#ending;
    const { namespace, name } = this.#pod.metadata;
    for (;;) {
      if (signal.aborted) return false;
      const message = whyNoNode(this.#pod, faults);
      if (message === undefined) break;
      // A scheduler of another name is nobody here: nothing is ever said of the pod.
      if (message !== "") {
        this.#facts = { ...this.#facts, unschedulable: { reason: "Unschedulable", message } };
        this.#publish();
        this.#happened({ reason: "FailedScheduling", type: "Warning", by: "default-scheduler", message });
        const autoscaler = faults.forPod("unschedulable", name)?.autoscaler;
        if (autoscaler !== undefined) this.#happened(autoscalerSays[autoscaler]);
      }
      await faults.changed(signal);
    }
    this.#facts = { ...this.#facts, unschedulable: undefined, scheduled: true };
    this.#happened({
      reason: "Scheduled",
      by: "default-scheduler",
      message: `Successfully assigned ${namespace}/${name} to ${nodeName}`,
    });
    return true;
  }

  async #bringUp(container: ContainerRunner): Promise<void> {
    const { faults } = this.#options;
    const { signal } = this.#ending;
    const { name } = this.#pod.metadata;
    const { image, name: containerName } = container.plan;
    for (let tries = 0; ; tries += 1) {
      const fault = faults.forPod("image-pull", name);
      if (fault === undefined || signal.aborted) break;
      const message = fault.message ?? `failed to pull and unpack image "${image}": not found`;
      this.#happened({ reason: "Pulling", message: `Pulling image "${image}"`, container: containerName });
      this.#happened({ reason: "Failed", type: "Warning", message: `Failed to pull image "${image}": ${message}` });
      container.wait("ErrImagePull", message);
      await Promise.race([
        faults.changed(signal),
        sleep(Math.min(1_000 * 2 ** tries, 10_000), undefined, { signal }),
      ]).catch(() => undefined);
      container.wait("ImagePullBackOff", `Back-off pulling image "${image}": ${message}`);
      this.#happened({ reason: "BackOff", message: `Back-off pulling image "${image}"`, container: containerName });
      if (faults.forPod("image-pull", name) !== undefined) await faults.changed(signal);
    }
    const delayMs = faults.forPod("slow-start", name)?.delayMs ?? 0;
    if (delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const message = `Container image "${image}" already present on machine`;
    this.#happened({ reason: "Pulled", message, container: containerName });
    await container.start();
    await this.#watchReadiness(container);
  }

  /** With a probe a container is ready when that first succeeds, and for as long as it does. */
  async #watchReadiness(container: ContainerRunner): Promise<void> {
    const probe = container.plan.readiness;
    if (probe === undefined) return;
    const { signal } = this.#ending;
    await sleep(probe.initialDelayMs, undefined, { signal }).catch(() => undefined);
    while (!signal.aborted) {
      if (container.running) {
        const code = await this.#command(container.plan, probe.argv, probe.timeoutMs);
        container.setReady(code === 0);
        if (code !== 0) {
          const message = `Readiness probe failed: exit code ${code}`;
          this.#happened({ reason: "Unhealthy", type: "Warning", message, container: container.plan.name });
        }
      }
      await sleep(probe.periodMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** A probe or a hook; 127 where the container does not run. */
  #command(plan: ContainerPlan, argv: readonly string[], limitMs: number): Promise<number> {
    const target = this.target(plan);
    return target === undefined ? Promise.resolve(127) : runCommand(target, this.#options.imageDir, argv, limitMs);
  }

  #overdue(): void {
    const { phase } = this.#pod.status;
    if (this.#stopping !== undefined || phase === "Succeeded" || phase === "Failed") return;
    const message = "Pod was active on the node longer than the specified deadline";
    this.#happened({ reason: "DeadlineExceeded", message });
    this.#facts = { ...this.#facts, failure: { reason: "DeadlineExceeded", message } };
    this.#publish();
    this.#grace.shorten(this.#plan.graceSeconds);
    this.#stopping = this.#stop(this.#plan.graceSeconds);
  }

  async #stop(graceSeconds: number): Promise<void> {
    this.#retire();
    await Promise.all(
      this.#containers.map(async (container) => {
        if (!container.running) return;
        const { name, preStop } = container.plan;
        this.#happened({ reason: "Killing", message: `Stopping container ${name}`, container: name });
        if (preStop !== undefined && graceSeconds > 0) {
          const code = await this.#grace.wait(this.#command(container.plan, preStop, graceSeconds * 1_000));
          if (code !== undefined && code !== 0) {
            const message = `PreStopHook failed: command terminated with exit code ${code}`;
            this.#happened({ reason: "FailedPreStopHook", type: "Warning", message, container: name });
          }
        }
        container.signal("SIGTERM");
        await this.#grace.wait(container.ended());
        container.signal("SIGKILL");
      }),
    );
    await this.vanish();
  }

  #retire(): void {
    this.#ending.abort();
    clearTimeout(this.#deadline);
    for (const container of this.#containers) container.retire();
  }

  #makeContainer(plan: ContainerPlan, places: PodPlaces, restartCount: number): ContainerRunner {
    const { metadata } = this.#pod;
    const { faults } = this.#options;
    const wanted = localCommand(plan.argv.length > 0 ? plan.argv : imageCommand, places.imageDir);
    const surroundings = {
      argv: () => (faults.forPod("crash-loop", metadata.name) === undefined ? wanted : ["/bin/false"]),
      cwd: workingDirectory(plan, places.home),
      env: containerEnvironment(this.#pod, plan, places),
      logFile: join(this.#options.directory, `${plan.name}.log`),
      podLabel: `${metadata.name}_${metadata.namespace}(${metadata.uid})`,
    };
    const { restartPolicy } = this.#plan;
    const restarts = (code: number) => restartPolicy === "Always" || (restartPolicy === "OnFailure" && code !== 0);
    return new ContainerRunner(plan, surroundings, restarts, restartCount, {
      changed: () => this.#publish(),
      happened: (happening) => this.#happened(happening),
      // A container's end is the end of all that ran in it. With several containers in a pod, which process belongs to
      // which is not known: what one leaves behind then lives until the pod ends.
      ended: async () => {
        if (this.#containers.length === 1) await endPodProcesses(metadata.uid);
      },
    });
  }

  #happened(happening: Happening): void {
    this.#options.events.record(this.#pod, happening);
  }

  #publish(): void {
    const { namespace, name, uid } = this.#pod.metadata;
    this.#facts = { ...this.#facts, containers: this.#containers.map(({ status }) => status) };
    this.#options.store.update(namespace, name, (current) => {
      if (current.metadata.uid !== uid) return current;
      const spec = this.#facts.scheduled ? { ...current.spec, nodeName } : current.spec;
      const status = composeStatus(current.status, this.#facts, Date.now());
      const same = spec["nodeName"] === current.spec["nodeName"] && isDeepStrictEqual(status, current.status);
      return same ? current : { ...current, spec, status };
    });
    const now = this.#options.store.get(namespace, name);
    if (now?.metadata.uid === uid) this.#pod = now;
  }
}
