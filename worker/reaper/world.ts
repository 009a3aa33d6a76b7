// Owns what the reaper's steps work with, and how each of them counts.
// Must not know any step.

import type { Config } from "../config.ts";
import type { Database } from "../db/database.ts";
import { type ClusterFailure, isPassing } from "../kubernetes/failure.ts";
import type { PodClient } from "../kubernetes/pods.ts";
import { describeError, type LogFields, log } from "../log.ts";
import type { ShellObject } from "../shells/shell-object.ts";
import { doEach } from "./each.ts";
import type { SweptShells } from "./swept-shell.ts";
import type { Turn } from "./turn.ts";

export type SweptObject = Pick<ShellObject, "sweep" | "endSession">;

export interface ReaperWorld {
  readonly env: Env;
  readonly db: Database;
  readonly shells: SweptShells;
  readonly pods: PodClient;
  readonly config: Pick<Config, "installId" | "graceSeconds">;
  readonly objectOf: (userId: string) => SweptObject;
  /** The minute that this run is for, in unix milliseconds: every rule counts from it. */
  readonly nowMs: number;
  readonly turn: Turn;
}

/** Something that a person who runs Limpet must look at. It is logged as an error of its own, and the run fails. */
export class ReaperAlert extends Error {
  readonly alert: string;
  readonly fields: LogFields;

  /** `alert`: a stable word. */
  constructor(alert: string, message: string, fields: LogFields) {
    super(message);
    this.name = "ReaperAlert";
    this.alert = alert;
    this.fields = fields;
  }
}

/** The cluster did not do as asked, this time. */
export class ClusterCallFailed extends Error {
  readonly passing: boolean;

  constructor(what: string, why: ClusterFailure) {
    super(`${what}: ${why.message}`);
    this.name = "ClusterCallFailed";
    this.passing = isPassing(why);
  }
}

/** What a step did, in numbers. `failed` of them are to be looked at: each was logged with its name. */
export interface Done {
  readonly done: number;
  readonly failed: number;
  /** Not begun: the run's calls or its time were used up, or its lease was lost. */
  readonly left: number;
}

export const nothingDone: Done = { done: 0, failed: 0, left: 0 };

/** Longest answer of an object that is waited for, in milliseconds: it goes on without us. */
const objectTimeoutMs = 15_000;

/** Tells these people's objects to look at their shells. One that fails does not stop the rest. */
export async function tellObjects(world: ReaperWorld, step: string, userIds: readonly string[]): Promise<Done> {
  const people = userIds.map((userId) => ({ userId }));
  const outcome = await doEach(
    people,
    () => world.turn.mayTake(1),
    async ({ userId }) => {
      await inTime(world.objectOf(userId).sweep(userId));
      return true;
    },
  );
  for (const { item, error } of outcome.failed) {
    log("error", "reaper", { step, user: item.userId, ...describeError(error) });
  }
  return { done: outcome.done, failed: outcome.failed.length, left: outcome.left };
}

export function sumOf(...parts: readonly Done[]): Done {
  return parts.reduce(
    (sum, part) => ({ done: sum.done + part.done, failed: sum.failed + part.failed, left: sum.left + part.left }),
    nothingDone,
  );
}

async function inTime(work: Promise<void>): Promise<void> {
  const over = new AbortController();
  const tooLong = scheduler.wait(objectTimeoutMs, { signal: over.signal }).then(
    () => {
      throw new Error(`no answer in ${objectTimeoutMs / 1000} seconds`);
    },
    () => undefined,
  );
  await Promise.race([work, tooLong]).finally(() => over.abort());
}
