// Owns what a run of the doctor has at hand: the platform's bindings, the configuration where it is right, the cluster, time.
// Must not know any check.

import { type Config, parseConfig } from "../config.ts";
import { type Database, openDatabase } from "../db/database.ts";
import { LimpetError } from "../errors.ts";
import type { PodSettings } from "../kubernetes/pod-manifest.ts";
import type { PodClient } from "../kubernetes/pods.ts";
import { ClusterClient } from "../kubernetes/request.ts";
import { clusterSettings, clusterSide } from "../shells/settings.ts";
import type { Patience } from "./patience.ts";

export interface DoctorWorld {
  readonly env: Env;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** An address that passed `checkGitUrl`; null: no repository is asked for. */
  readonly repository: string | null;
  readonly patience: Patience;
  /** Whoever asked has gone: what was begun is ended, and nothing else is begun. */
  readonly cancel: AbortSignal;
}

/** The cluster as the edge speaks to it. */
export interface ClusterAtHand {
  readonly client: ClusterClient;
  readonly pods: PodClient;
  readonly settings: PodSettings;
}

/** Tokens of the doctor's say so: the cluster's audit log tells them from a person's. */
const subject = "limpet:doctor";

export class Visit {
  readonly world: DoctorWorld;
  readonly db: Database;
  /** Null where it is wrong; `fault` says why. */
  readonly settled: Config | null;
  readonly fault: string | null;
  readonly #cluster: ClusterAtHand | null;

  constructor(world: DoctorWorld) {
    this.world = world;
    this.db = openDatabase(world.env);
    const parsed = tryConfig(world.env);
    this.settled = typeof parsed === "string" ? null : parsed;
    this.fault = typeof parsed === "string" ? parsed : null;
    this.#cluster = this.settled === null ? null : clusterAtHand(this.settled, world.now);
  }

  /** For checks that need “Configuration”. */
  get config(): Config {
    if (this.settled === null) throw new Error("a check that uses the configuration must need it");
    return this.settled;
  }

  get cluster(): ClusterAtHand {
    if (this.#cluster === null) throw new Error("a check that asks the cluster must need the configuration");
    return this.#cluster;
  }
}

function tryConfig(env: Env): Config | string {
  try {
    return parseConfig(env);
  } catch (error) {
    if (error instanceof LimpetError) return error.message;
    throw error;
  }
}

function clusterAtHand(config: Config, now: () => number): ClusterAtHand {
  const client = new ClusterClient(clusterSettings(config), subject, now);
  return { client, ...clusterSide(config, client) };
}

/** Longest answer of one of the platform's parts that is waited for, in milliseconds. */
const partTimeoutMs = 10_000;

/** The work, or a rejection after ten seconds: a part that hangs is a part that does not answer. */
export async function inTime<T>(work: PromiseLike<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${partTimeoutMs / 1000} seconds`)), partTimeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The words of what was thrown; of a failed query those of the database, without the query. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return "no reason was given";
  return error.cause instanceof Error ? error.cause.message : error.message;
}
