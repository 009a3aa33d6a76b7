// Owns a hand on shells' pods from beside Limpet: what the cluster says of one, and a look into it as an administrator has it.
// Must not know what is proven.

import { type Patience, until } from "../../browser/harness/until.ts";
import { field, listOf } from "../harness/json.ts";
import type { Kubectl } from "../harness/kubectl.ts";

export const shellsNamespace = "limpet-shells";

export interface PodSeen {
  readonly uid: string;
  /** Of its node; "" where it has none yet. */
  readonly node: string;
  /** As `status.phase` and `status.reason`. */
  readonly phase: string;
  readonly reason: string | null;
  readonly deleting: boolean;
  readonly annotations: ReadonlyMap<string, string>;
  readonly restarts: number;
  /** Why its container ended the last time (`OOMKilled`, …). */
  readonly lastEnd: string | null;
}

export class Pods {
  readonly #kubectl: Kubectl;

  constructor(kubectl: Kubectl) {
    this.#kubectl = kubectl;
  }

  /** `null` where there is none of this name. */
  async see(name: string): Promise<PodSeen | null> {
    const list = await this.#kubectl.json([
      "get",
      "pods",
      "-n",
      shellsNamespace,
      `--field-selector=metadata.name=${name}`,
    ]);
    const [pod] = listOf(list, "items");
    if (pod === undefined) return null;
    const [metadata, spec, status] = ["metadata", "spec", "status"].map((part) => field(pod, part));
    const annotations = field(metadata, "annotations");
    const containers = field(status, "containerStatuses");
    const container: unknown = Array.isArray(containers) ? containers[0] : undefined;
    const text = (from: unknown, name: string): string | null => {
      const value = field(from, name);
      return typeof value === "string" ? value : null;
    };
    return {
      uid: text(metadata, "uid") ?? "",
      node: text(spec, "nodeName") ?? "",
      phase: text(status, "phase") ?? "",
      reason: text(status, "reason"),
      deleting: text(metadata, "deletionTimestamp") !== null,
      annotations: new Map(
        Object.entries(typeof annotations === "object" && annotations !== null ? annotations : {}).map(
          ([key, value]): [string, string] => [key, String(value)],
        ),
      ),
      restarts: Number(field(container, "restartCount") ?? 0),
      lastEnd: text(field(field(container, "lastState"), "terminated"), "reason"),
    };
  }

  /** Unix milliseconds: when its node took it, and when its container ended; `null`: it has not. */
  async times(name: string): Promise<{ readonly startedAt: number; readonly endedAt: number | null }> {
    const status = field(await this.#kubectl.json(["get", "pod", "-n", shellsNamespace, name]), "status");
    const [container] = listOf(status, "containerStatuses");
    const finished = field(field(field(container, "state"), "terminated"), "finishedAt");
    return {
      startedAt: Date.parse(String(field(status, "startTime"))),
      endedAt: typeof finished === "string" ? Date.parse(finished) : null,
    };
  }

  async until(
    name: string,
    what: string,
    is: (pod: PodSeen | null) => boolean,
    patience?: Patience,
  ): Promise<PodSeen | null> {
    return await until(`the pod ${name} to be ${what}`, () => this.see(name), is, { everyMs: 300, ...patience });
  }

  /** Runs a script in the pod, in its home. @returns what it wrote @throws Error with what it complained of */
  async run(name: string, script: string): Promise<string> {
    return await this.#kubectl.run(["exec", "-n", shellsNamespace, name, "-c", "shell", "--", "sh", "-c", script]);
  }

  async read(name: string, path: string): Promise<string> {
    return (await this.run(name, `cat -- '${path}'`)).trimEnd();
  }
}
