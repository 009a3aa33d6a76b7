// Owns one container of a pod: its main process, its restarts with back-off, its status.
// Must not know the pod's other containers, the store or the API.

import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, statSync } from "node:fs";
import { constants } from "node:os";
import type { Happening } from "../pods/event-recorder.ts";
import { type ContainerStatus, type Terminated, timestamp } from "../pods/pod.ts";
import type { ContainerPlan } from "../pods/pod-plan.ts";
import { signal } from "./pod-processes.ts";

/** The kubelet's back-off: the first restart at once, then 10 s, doubled up to 5 min; forgotten after 10 min of running. */
const firstBackOffMs = 10_000;
const longestBackOffMs = 300_000;
const forgivenAfterMs = 600_000;

/** A log that has grown beyond this begins anew at the next start. */
const longestLogBytes = 1024 * 1024;

export interface ContainerSurroundings {
  /** Asked for at each start. */
  readonly argv: () => readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Where the main process's output goes. */
  readonly logFile: string;
  /** `NAME_NAMESPACE(UID)`, as the kubelet writes it in messages. */
  readonly podLabel: string;
}

export interface ContainerListener {
  changed(): void;
  happened(happening: Happening): void;
  /** The main process ended; whether it is started again is decided after this. */
  ended(exitCode: number): Promise<void>;
}

export class ContainerRunner {
  readonly plan: ContainerPlan;
  readonly #surroundings: ContainerSurroundings;
  readonly #listener: ContainerListener;
  readonly #restarts: (exitCode: number) => boolean;
  #status: ContainerStatus;
  #child: ChildProcess | undefined;
  #backOffMs = 0;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #exit: Promise<void> = Promise.resolve();

  constructor(
    plan: ContainerPlan,
    surroundings: ContainerSurroundings,
    restarts: (exitCode: number) => boolean,
    restartCount: number,
    listener: ContainerListener,
  ) {
    this.plan = plan;
    this.#surroundings = surroundings;
    this.#restarts = restarts;
    this.#listener = listener;
    this.#status = {
      name: plan.name,
      state: { waiting: { reason: "ContainerCreating" } },
      lastState: {},
      ready: false,
      started: false,
      restartCount,
      image: plan.image,
      imageID: "",
    };
  }

  get status(): ContainerStatus {
    return this.#status;
  }

  get running(): boolean {
    return "running" in this.#status.state;
  }

  wait(reason: string, message: string): void {
    this.#change({ state: { waiting: { reason, message } } });
  }

  setReady(ready: boolean): void {
    if (ready !== this.#status.ready && (this.running || !ready)) this.#change({ ready });
  }

  async start(): Promise<void> {
    const { argv, cwd, env, logFile } = this.#surroundings;
    const { name, image } = this.plan;
    const log = openSync(logFile, sizeOf(logFile) > longestLogBytes ? "w" : "a", 0o600);
    const [file = "/bin/false", ...args] = argv();
    const child = spawn(file, args, { cwd, env: { ...env }, stdio: ["ignore", log, log], detached: true });
    this.#exit = new Promise((resolve) => {
      child.once("exit", (code, by) => {
        this.#exited(code ?? 128 + (by === null ? 0 : constants.signals[by])).finally(resolve);
      });
      child.once("error", resolve);
    });
    const failure = await new Promise<Error | undefined>((resolve) => {
      child.once("spawn", () => resolve(undefined));
      child.once("error", resolve);
    });
    closeSync(log);
    if (failure !== undefined) {
      const message = `failed to create containerd task: OCI runtime create failed: ${failure.message}`;
      this.#listener.happened({ reason: "Failed", type: "Warning", message: `Error: ${message}`, container: name });
      this.#terminated(128, "StartError", message);
      this.#again(128, 0);
      return;
    }
    this.#child = child;
    const containerID = `containerd://${createHash("sha256").update(randomBytes(16)).digest("hex")}`;
    this.#listener.happened({ reason: "Created", message: `Created container: ${name}`, container: name });
    this.#listener.happened({ reason: "Started", message: `Started container ${name}`, container: name });
    this.#change({
      state: { running: { startedAt: timestamp() } },
      started: true,
      ready: this.plan.readiness === undefined,
      containerID,
      imageID: `local/${image}`,
    });
    if (this.#stopped) signal(child.pid ?? 0, "SIGKILL");
  }

  /** No restart from now on. */
  retire(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** Sends a signal to the main process. */
  signal(name: NodeJS.Signals): void {
    if (this.#child?.pid !== undefined && this.running) signal(this.#child.pid, name);
  }

  /** Resolves when the main process has ended and its end is in the status. */
  ended(): Promise<void> {
    return this.#exit;
  }

  async #exited(exitCode: number): Promise<void> {
    const started = "running" in this.#status.state ? Date.parse(this.#status.state.running.startedAt) : Date.now();
    // First whatever else ran in the container, so that nobody sees it ended while a part of it lives.
    await this.#listener.ended(exitCode);
    this.#terminated(exitCode, exitCode === 0 ? "Completed" : "Error");
    this.#again(exitCode, Date.now() - started);
  }

  #terminated(exitCode: number, reason: string, message?: string): void {
    const { state, containerID = "" } = this.#status;
    const finishedAt = timestamp();
    const terminated: Terminated = {
      exitCode,
      reason,
      ...(message === undefined ? {} : { message }),
      startedAt: "running" in state ? state.running.startedAt : finishedAt,
      finishedAt,
      containerID,
    };
    this.#change({ state: { terminated }, ready: false, started: false });
  }

  #again(exitCode: number, ranMs: number): void {
    if (this.#stopped || !this.#restarts(exitCode)) return;
    if (ranMs > forgivenAfterMs) this.#backOffMs = 0;
    const delayMs = this.#backOffMs;
    this.#backOffMs = Math.min(longestBackOffMs, Math.max(firstBackOffMs, delayMs * 2));
    const lastState = this.#status.state;
    const { name } = this.plan;
    if (delayMs > 0) {
      const message = `back-off ${delayMs / 1_000}s restarting failed container=${name} pod=${this.#surroundings.podLabel}`;
      this.#change({ state: { waiting: { reason: "CrashLoopBackOff", message } }, lastState });
      this.#listener.happened({
        reason: "BackOff",
        type: "Warning",
        message: `Back-off restarting failed container ${name} in pod ${this.#surroundings.podLabel}`,
        container: name,
      });
    }
    this.#timer = setTimeout(() => {
      this.#change({ lastState, restartCount: this.#status.restartCount + 1 });
      this.start().catch((error: unknown) => this.wait("RunContainerError", String(error)));
    }, delayMs);
  }

  #change(change: Partial<ContainerStatus>): void {
    this.#status = { ...this.#status, ...change };
    this.#listener.changed();
  }
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
