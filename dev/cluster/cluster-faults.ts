// Owns what a test can do to this cluster: faults that stand, and things that happen at once.
// Must not know HTTP routes.

import type { ApiServer } from "./api/api-server.ts";
import type { ExecResource, ExecSelection, OpenExec } from "./api/exec-resource.ts";
import type { Cut } from "./api/exec-session.ts";
import type { Fault, FaultBoard, StandingFault } from "./faults.ts";
import type { Pod } from "./pods/pod.ts";
import type { Kubelet } from "./runtime/kubelet.ts";
import type { ObjectStore } from "./store/object-store.ts";

export type FaultAction =
  /** A node is lost: the pod's processes and its object are gone, with no grace and no preStop. */
  | { readonly type: "lose-pod"; readonly pod: string }
  /** Open execs end: `reset` (RST), `close` (1000 without a Status), `success` (a Status that lies). Processes live on. */
  | ({ readonly type: "cut-exec"; readonly how: Cut } & ExecSelection)
  /** Open execs read and write nothing any more; their connections stay. */
  | ({ readonly type: "silence-exec" } & ExecSelection)
  /** Every connection is reset and none accepted for this long. */
  | { readonly type: "api-down"; readonly durationMs: number }
  /** Old resource versions and continue tokens are gone (410). */
  | { readonly type: "forget-history" };

export interface FaultTargets {
  readonly board: FaultBoard;
  readonly pods: ObjectStore<Pod>;
  readonly kubelet: Kubelet;
  readonly execs: ExecResource;
  readonly api: () => ApiServer;
}

export class ClusterFaults {
  readonly #targets: FaultTargets;
  #recovery: NodeJS.Timeout | undefined;

  constructor(targets: FaultTargets) {
    this.#targets = targets;
  }

  add(fault: Fault): string {
    return this.#targets.board.add(fault);
  }

  remove(id: string): boolean {
    return this.#targets.board.remove(id);
  }

  clear(): void {
    this.#targets.board.clear();
  }

  list(): readonly StandingFault[] {
    return this.#targets.board.list();
  }

  execs(): readonly OpenExec[] {
    return this.#targets.execs.list();
  }

  /** How many pods or execs were struck (1 for what strikes the whole server). */
  async act(action: FaultAction): Promise<number> {
    const { pods, kubelet, execs } = this.#targets;
    switch (action.type) {
      case "lose-pod": {
        const lost = pods.all().filter(({ metadata }) => metadata.name === action.pod);
        await Promise.all(lost.map((pod) => kubelet.kill(pod)));
        return lost.length;
      }
      case "cut-exec":
        return execs.cut(action, action.how);
      case "silence-exec":
        return execs.silence(action);
      case "api-down":
        await this.apiDown(action.durationMs);
        return 1;
      case "forget-history":
        pods.forgetHistory();
        return 1;
    }
  }

  /** Resolves once it is down; it comes back by itself. */
  async apiDown(durationMs: number): Promise<void> {
    clearTimeout(this.#recovery);
    const api = this.#targets.api();
    await api.down();
    this.#recovery = setTimeout(() => void this.apiUp(), durationMs);
  }

  async apiUp(): Promise<void> {
    clearTimeout(this.#recovery);
    await this.#targets.api().up();
  }

  /** No recovery is due any more: the server is closing. */
  stop(): void {
    clearTimeout(this.#recovery);
  }
}
