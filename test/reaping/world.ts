// Owns the stage of the reaper's proof: an edge whose clock the proof turns, a local cluster, and its own eyes and hands there.
// Must not know who lives on it or what is proven.

import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadKeys } from "../../dev/start/keys.ts";
import { findPort } from "../../dev/start/ports.ts";
import type { Pod } from "../../worker/kubernetes/pod.ts";
import { PodClient } from "../../worker/kubernetes/pods.ts";
import { ClusterClient } from "../../worker/kubernetes/request.ts";
import { parseSigningKeys } from "../../worker/signing-keys.ts";
import { startTestCluster, type TestCluster } from "../setup/cluster.ts";
import { Edge } from "./edge.ts";

const audience = "limpet-cluster";
const namespace = "limpet-shells";
/** Above the ports of `npm start` and of the benchmarks. */
const firstPort = 19_787;
/** Nobody needs it but where ten times as much is at work on this machine as it can bear. */
export const graceSeconds = 120;

export interface Counted {
  /** Requests to the cluster, by method. */
  readonly seen: Readonly<Record<string, number>>;
  readonly struck: number;
}

export class World {
  readonly edge: Edge;
  readonly cluster: TestCluster;
  readonly installId: string;
  /** Where light pods take their work when they end. */
  readonly savedDir: string;
  readonly client: ClusterClient;
  readonly pods: PodClient;
  readonly #faultsToken: string;
  /** In the order in which the parts were started. */
  readonly #closers: readonly (() => Promise<void>)[];

  private constructor(
    parts: Pick<World, "edge" | "cluster" | "installId" | "client" | "savedDir">,
    faultsToken: string,
    closers: readonly (() => Promise<void>)[],
  ) {
    this.edge = parts.edge;
    this.cluster = parts.cluster;
    this.installId = parts.installId;
    this.client = parts.client;
    this.pods = new PodClient(parts.client);
    this.savedDir = parts.savedDir;
    this.#faultsToken = faultsToken;
    this.#closers = closers;
  }

  /** @throws Error where a part of it does not start; none of it is left then */
  static async start(): Promise<World> {
    const dir = await mkdtemp(join(tmpdir(), "limpet-reaping-"));
    const closers: (() => Promise<void>)[] = [() => rm(dir, { recursive: true, force: true })];
    try {
      return await World.#startIn(dir, closers);
    } catch (error) {
      for (const close of closers.toReversed()) await close();
      throw error;
    }
  }

  static async #startIn(dir: string, closers: (() => Promise<void>)[]): Promise<World> {
    const savedDir = join(dir, "saved");
    await mkdir(savedDir);
    const keys = await loadKeys(dir);
    const port = await findPort(firstPort);
    const signing = parseSigningKeys(JSON.stringify(keys.signing));
    if (port === null || signing === null) throw new Error("no port or no key for the proof");
    const url = `http://127.0.0.1:${port}`;
    const faultsToken = randomUUID();
    const cluster = await startTestCluster({ issuer: url, audience, namespace, faultsToken });
    closers.push(cluster.close);
    const edge = await Edge.start({
      dir,
      port,
      bindings: {
        LOCAL: "true",
        PUBLIC_URL: url,
        OIDC_ISSUER: `${url}/oidc`,
        OIDC_CLIENT_ID: "limpet",
        ALLOWED_DOMAINS: "*",
        CLUSTER_URL: cluster.url,
        CLUSTER_AUDIENCE: audience,
        CLUSTER_NAMESPACE: namespace,
        SIGNING_KEYS: JSON.stringify(keys.signing),
        SEAL_KEYS: JSON.stringify(keys.seal),
        POD_EDGE_URL: url,
        INSTALL_ID: keys.installId,
        SHELL_IMAGE: "limpet-shell:proof",
        SHELL_GRACE_SECONDS: String(graceSeconds),
      },
    });
    closers.push(() => edge.close());
    const settings = { url: cluster.url, audience, issuer: url, namespace, signingKey: signing[0] };
    const client = new ClusterClient(settings, "limpet:proof", Date.now);
    return new World({ edge, cluster, installId: keys.installId, client, savedDir }, faultsToken, closers);
  }

  /** Every pod there is, whosever. */
  async listPods(): Promise<readonly Pod[]> {
    const found: Pod[] = [];
    let next: string | null = null;
    do {
      const page = await this.pods.list("", 500, next);
      if (!page.ok) throw new Error(`the cluster did not list: ${page.failure.message}`);
      found.push(...page.value.pods);
      next = page.value.next;
    } while (next !== null);
    return found;
  }

  /** From now on every request is counted and `percent` of them fail. */
  async failByChance(percent: number, seed: number): Promise<void> {
    await this.#faults("POST", { type: "chance", percent, seed });
  }

  /** What was counted since, and all goes well again. */
  async endChance(): Promise<Counted> {
    const { faults } = await this.#faults("GET");
    await this.#faults("DELETE");
    const chance: unknown = Array.isArray(faults) ? faults[0] : null;
    if (!isCounted(chance)) throw new Error("the cluster did not count");
    return chance;
  }

  async close(): Promise<void> {
    for (const close of this.#closers.toReversed()) await close();
  }

  async #faults(method: string, body?: object): Promise<{ readonly faults?: unknown }> {
    const response = await fetch(`${this.cluster.url}/faults`, {
      method,
      headers: { authorization: `Bearer ${this.#faultsToken}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`the fault was not taken: ${await response.text()}`);
    const answer: unknown = await response.json();
    return typeof answer === "object" && answer !== null ? answer : {};
  }
}

/** Asks again and again until it holds. @throws with `what` where it does not in time. */
export async function until(what: string, withinMs: number, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`in vain: ${what}`);
    await sleep(100);
  }
}

/** A few at a time. */
export async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

function isCounted(value: unknown): value is Counted {
  return typeof value === "object" && value !== null && "seen" in value && "struck" in value;
}
