// Owns the pods that run on this machine: starting them, ending them, bringing them back after a restart.
// Must not know HTTP.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FaultBoard } from "../faults.ts";
import { EventRecorder, type PodEvent } from "../pods/event-recorder.ts";
import type { Pod } from "../pods/pod.ts";
import { planPod } from "../pods/pod-plan.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { forgetPod, loadPods, savePod, unsavePod } from "../store/pod-archive.ts";
import { Pipes } from "./pipes.ts";
import { endPodProcesses } from "./pod-processes.ts";
import { PodRunner } from "./pod-runner.ts";

export interface KubeletOptions {
  readonly pods: ObjectStore<Pod>;
  readonly events: ObjectStore<PodEvent>;
  readonly faults: FaultBoard;
  readonly stateDir: string;
  readonly runDir: string;
  readonly imageDir: string;
  readonly log: (line: string) => void;
}

/** How long pods get to end when this server does: people wait for it at the keyboard. */
const closeGraceSeconds = 8;

export class Kubelet {
  readonly #options: KubeletOptions;
  readonly #runners = new Map<string, PodRunner>();
  readonly #events: EventRecorder;
  readonly pipes = new Pipes();
  #closed = false;

  constructor(options: KubeletOptions) {
    this.#options = options;
    this.#events = new EventRecorder(options.events);
    options.pods.subscribe(({ type, object }) => {
      if (type === "DELETED") unsavePod(options.stateDir, object.metadata.uid);
      else if (!this.#closed) savePod(options.stateDir, object);
    });
  }

  /** Starts the pods of the last run again, as after a node's reboot; those that were being deleted are gone. */
  async restore(): Promise<void> {
    await this.pipes.prepare();
    for (const pod of loadPods(this.#options.stateDir)) {
      // What a server that was killed has left running.
      await endPodProcesses(pod.metadata.uid);
      if (pod.metadata.deletionTimestamp !== undefined) {
        forgetPod(this.#options.stateDir, pod.metadata.uid);
        continue;
      }
      const stored = this.#options.pods.add(pod);
      if (pod.status.phase === "Pending" || pod.status.phase === "Running") this.admit(stored);
    }
  }

  /** Takes charge of a pod that is in the store. */
  admit(pod: Pod): void {
    const plan = planPod(pod.spec, []);
    if (plan === undefined) throw new Error(`pod ${pod.metadata.name} was stored without a valid spec`);
    const directory = this.#directory(pod);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const { pods: store, faults, runDir, imageDir, log } = this.#options;
    const runner = new PodRunner(pod, plan, { store, events: this.#events, faults, directory, runDir, imageDir, log });
    this.#runners.set(pod.metadata.uid, runner);
    runner.start().catch((error: unknown) => log(`pod ${pod.metadata.name} did not start: ${String(error)}`));
  }

  runner(pod: Pod): PodRunner | undefined {
    return this.#runners.get(pod.metadata.uid);
  }

  /** Ends the pod within the grace, then removes it and its folders. */
  async end(pod: Pod, graceSeconds: number): Promise<void> {
    await this.#runners.get(pod.metadata.uid)?.terminate(graceSeconds);
    this.#remove(pod);
  }

  /** Removes the object now; its processes are killed after. */
  async kill(pod: Pod): Promise<void> {
    this.#options.pods.remove(pod.metadata.namespace, pod.metadata.name);
    await this.#runners.get(pod.metadata.uid)?.vanish();
    this.#remove(pod);
  }

  /** Ends every pod gracefully and keeps its object for the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    const ends = [...this.#runners.values()].map((runner) => runner.terminate(closeGraceSeconds));
    await Promise.all(ends);
    this.pipes.close();
  }

  #remove(pod: Pod): void {
    const { namespace, name, uid } = pod.metadata;
    if (this.#closed) return;
    this.#runners.delete(uid);
    const current = this.#options.pods.get(namespace, name);
    if (current?.metadata.uid === uid) this.#options.pods.remove(namespace, name);
    forgetPod(this.#options.stateDir, uid);
  }

  #directory(pod: Pod): string {
    return join(this.#options.stateDir, "pods", pod.metadata.uid);
  }
}
