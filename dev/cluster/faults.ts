// Owns the faults that a test has asked for and how often each still strikes.
// Must not know how a fault is played: whoever could suffer one asks here.

import { randomUUID } from "node:crypto";
import { Chance, type Struck } from "./chance.ts";
import type { Wall } from "./pods/admission.ts";

/** Strikes each pod (or the pod of that name) for as long as it stands. */
export type PodFault =
  /** `autoscaler`: what one has to say of it, as an event of the pod. */
  | {
      readonly type: "unschedulable";
      readonly pod?: string;
      readonly message?: string;
      readonly autoscaler?: Autoscaler;
    }
  | { readonly type: "image-pull"; readonly pod?: string; readonly message?: string }
  /** Containers start that much later. */
  | { readonly type: "slow-start"; readonly pod?: string; readonly delayMs: number }
  /** Its node is not heard of: asked to end it goes on, `Terminating`, until it is forced; as though asked `agoMs` before. */
  | { readonly type: "silent-node"; readonly pod?: string; readonly agoMs: number }
  /** The main process ends with 1 as soon as it starts. */
  | { readonly type: "crash-loop"; readonly pod?: string };

/** Strikes the next `times` requests of that method whose path and query hold `path`. */
export type RequestFault = {
  readonly method?: string;
  readonly path?: string;
  readonly times: number;
} /** `message`: the Status' words. */ & (
  | {
      readonly type: "answer";
      readonly status: 401 | 403 | 404 | 409 | 410 | 429 | 500 | 503;
      readonly message?: string;
    }
  /** Nothing is ever answered; the request has no effect. */
  | { readonly type: "hang" }
  /** The request is served, but half of the answer's body is missing and the connection is reset. */
  | { readonly type: "cut-body" }
  /** For an exec: 101 first, then an error Status on channel 3 and close 1000. */
  | { readonly type: "refuse-exec"; readonly message?: string }
  /** For an exec: its first resize hangs stdin for good, as a malformed one does. */
  | { readonly type: "resize-hangs" }
);

/**
 * Strikes that many of a hundred requests by chance, for as long as it stands: some are answered with 500, 503 or 429, of
 * some the answer's body is cut after they were served. The same seed strikes the same requests in the same order.
 */
export interface ChanceFault {
  readonly type: "chance";
  /** 0 strikes nothing: it only counts. */
  readonly percent: number;
  /** A whole number. */
  readonly seed: number;
  readonly method?: string;
  readonly path?: string;
}

/** The whole cluster's clock is off, for as long as it stands: in answers (`Date`) and in what it makes of tokens. */
export interface ClockFault {
  readonly type: "clock";
  readonly offsetMs: number;
}

/** Somebody took this wall down: what it would refuse is made. Stands. */
export interface WallFault {
  readonly type: "no-wall";
  readonly wall: Wall;
}

export type Fault = PodFault | RequestFault | ChanceFault | ClockFault | WallFault;

/** Cluster Autoscaler adds a machine, or none would help; Karpenter has one in mind. */
export const autoscalers = ["TriggeredScaleUp", "NotTriggerScaleUp", "Nominated"] as const;
export type Autoscaler = (typeof autoscalers)[number];

/** One standing fault, as `GET /faults` shows it. */
export interface StandingFault {
  readonly id: string;
  readonly fault: Fault;
  /** How often it still strikes; null for as long as it stands. */
  readonly left: number | null;
  /** Of chance: how many requests it saw, by method, and how many of them it struck. */
  readonly seen?: Readonly<Record<string, number>>;
  readonly struck?: number;
}

interface Standing {
  readonly fault: Fault;
  left: number | null;
  readonly chance?: Chance;
}

export class FaultBoard {
  readonly #standing = new Map<string, Standing>();
  readonly #waiting = new Set<() => void>();

  /** Lets it strike from now on. The id takes it away again. */
  add(fault: Fault): string {
    const id = randomUUID();
    this.#standing.set(id, {
      fault,
      left: "times" in fault ? fault.times : null,
      ...(fault.type === "chance" ? { chance: new Chance(fault) } : {}),
    });
    this.#wake();
    return id;
  }

  remove(id: string): boolean {
    const removed = this.#standing.delete(id);
    this.#wake();
    return removed;
  }

  clear(): void {
    this.#standing.clear();
    this.#wake();
  }

  list(): readonly StandingFault[] {
    return [...this.#standing].map(([id, { fault, left, chance }]) => ({ id, fault, left, ...chance?.counts() }));
  }

  /** The fault of this type that stands for this pod. */
  forPod<T extends PodFault["type"]>(type: T, pod: string): Extract<PodFault, { type: T }> | undefined {
    for (const { fault } of this.#standing.values()) {
      if (!isPodFault(fault, type)) continue;
      if (fault.pod === undefined || fault.pod === pod) return fault;
    }
    return undefined;
  }

  /** How far the cluster's clock is from the machine's, in milliseconds. */
  clockOffsetMs(): number {
    for (const { fault } of this.#standing.values()) if (fault.type === "clock") return fault.offsetMs;
    return 0;
  }

  /** What was taken down of what looks at new pods. */
  missingWalls(): ReadonlySet<Wall> {
    const faults = Array.from(this.#standing.values(), ({ fault }) => fault);
    return new Set(faults.flatMap((fault) => (fault.type === "no-wall" ? [fault.wall] : [])));
  }

  /** The fault of one of these types that strikes this request; it has then struck once more. */
  strike<T extends RequestFault["type"]>(
    types: readonly T[],
    method: string,
    url: string,
  ): Extract<RequestFault, { type: T }> | undefined {
    for (const [id, standing] of this.#standing) {
      const { fault } = standing;
      if (!isRequestFault(fault, types)) continue;
      if (fault.method !== undefined && fault.method.toUpperCase() !== method) continue;
      if (fault.path !== undefined && !url.includes(fault.path)) continue;
      standing.left = (standing.left ?? 1) - 1;
      if (standing.left <= 0) this.#standing.delete(id);
      return fault;
    }
    return undefined;
  }

  /** What chance does to this request, where it strikes it. Every chance that stands sees it. */
  byChance(method: string, url: string): Struck | undefined {
    const struck = [...this.#standing.values()].map(({ chance }) => chance?.draw(method, url));
    return struck.find((fault) => fault !== undefined);
  }

  /** Resolves when the set of faults changes. */
  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiting.delete(wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }
}

function isPodFault<T extends PodFault["type"]>(fault: Fault, type: T): fault is Extract<PodFault, { type: T }> {
  return fault.type === type;
}

function isRequestFault<T extends RequestFault["type"]>(
  fault: Fault,
  types: readonly T[],
): fault is Extract<RequestFault, { type: T }> {
  return types.some((type) => fault.type === type);
}
