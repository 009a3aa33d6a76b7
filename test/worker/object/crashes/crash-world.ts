// Owns a person's shell among things that fail: the real rules and service over the real D1 and R2, a model of the cluster.
// Must not know which step is to fail, nor what ought to come of it.

import { env } from "cloudflare:workers";
import { drizzle } from "drizzle-orm/d1";
import { parseConfig } from "../../../../worker/config.ts";
import type { Database } from "../../../../worker/db/database.ts";
import { makeUserId } from "../../../../worker/db/ids.ts";
import { users } from "../../../../worker/db/schema.ts";
import { readSecrets } from "../../../../worker/db/secrets.ts";
import { failure } from "../../../../worker/kubernetes/failure.ts";
import { PodClient } from "../../../../worker/kubernetes/pods.ts";
import { type ClusterAnswer, ClusterClient, type ClusterRequest } from "../../../../worker/kubernetes/request.ts";
import { openSecrets } from "../../../../worker/sealing/secrets.ts";
import { ShellLifecycle } from "../../../../worker/shells/lifecycle.ts";
import { findShell } from "../../../../worker/shells/records.ts";
import { clusterSettings, clusterSide } from "../../../../worker/shells/settings.ts";
import type { SetUpOutcome } from "../../../../worker/shells/setup-lane.ts";
import type { SetupLine } from "../../../../worker/shells/setup-line.ts";
import { makeSetupLine } from "../../../../worker/shells/setup-sources.ts";
import type { ShellRecord } from "../../../../worker/shells/shell-record.ts";
import { removeSnapshotsOf } from "../../../../worker/snapshots/remove.ts";
import { ModelApi, refused } from "./model-api.ts";
import { type Fault, type Plan, Points } from "./points.ts";

const config = parseConfig(env);
const start = 1_800_000_000_000;
/** What is due later than this is not waited for: an expiry, a slow retry of what was given up. */
const patienceMs = 45_000;
/** More steps than any way to rest takes. */
const mostSteps = 400;

type Told = Exclude<Fault, { type: "killed-before" | "killed-after" }>;

export class CrashWorld {
  readonly userId = makeUserId();
  readonly db: Database = drizzle(env.DB);
  readonly api = new ModelApi(() => this.nowMs);
  nowMs = start;
  attended = false;
  /** Most shells that may run at a time; for the next life of the object. */
  shellLimit: number | null = null;
  /** No run of `setup` gives a receipt. */
  setUpFails = false;
  /** What the pod of this uid was last set up with. */
  readonly setUpWith = new Map<string, SetupLine>();
  points = new Points(null);
  shell: ShellLifecycle;
  #wakeAtMs: number | null = null;

  private constructor() {
    this.shell = this.#wake();
  }

  static async begin(): Promise<CrashWorld> {
    const world = new CrashWorld();
    await world.db.insert(users).values({ id: world.userId, issuer: "https://issuer.test", subject: world.userId });
    return world;
  }

  /** The object begins a new life, in which this is to fail. What the one before held is lost. */
  wake(plan: Plan | null): void {
    this.points = new Points(plan);
    this.#wakeAtMs = null;
    this.shell = this.#wake();
  }

  /** The object begins a new life in which nothing fails, and hears of nobody: only the alarm that it had set comes. */
  revive(): void {
    const wakeAtMs = this.#wakeAtMs;
    this.wake(null);
    this.#wakeAtMs = wakeAtMs;
  }

  /** Lets time go by until nothing more happens soon, or the object is killed. */
  async rest(): Promise<void> {
    for (let step = 0; step < mostSteps; step += 1) {
      await this.#quiet();
      if (this.points.killed || this.#wakeAtMs === null || this.#wakeAtMs - this.nowMs > patienceMs) return;
      this.nowMs = Math.max(this.nowMs + 1, this.#wakeAtMs);
      this.#wakeAtMs = null;
      // D1 may not answer it: the object's alarm comes again.
      await this.#within(this.shell.tick().catch(() => this.#again()));
    }
    throw new Error("the shell never comes to rest");
  }

  /** A wish, up to its answer or the object's end. */
  async ask(wish: (shell: ShellLifecycle) => Promise<unknown>): Promise<void> {
    await this.#within(wish(this.shell));
  }

  record(): Promise<ShellRecord | null> {
    return findShell(this.db, this.userId);
  }

  /** All that is kept and all that runs, without what differs from one run to the next. `firstId`: the shell it began with. */
  async outcome(firstId: string | null): Promise<object> {
    const record = await this.record();
    const { pod } = this.api;
    const { opened: secrets } = await openSecrets(config.sealKeys, await readSecrets(this.db, this.userId));
    const line = pod === null ? undefined : this.setUpWith.get(pod.uid);
    const objects = firstId === null ? [] : (await env.SNAPSHOTS.list({ prefix: `${firstId}/` })).objects;
    return {
      record:
        record === null
          ? null
          : {
              desired: record.desired,
              phase: record.phase,
              reason: record.reason,
              replacing: record.replacing,
              gitUrl: record.gitUrl,
              gitSignIn: record.gitSignIn,
              isFirst: record.id === firstId,
              isOfPod: pod === null ? null : record.podUid === pod.uid,
              isSetUp: pod === null ? null : record.setUpFor === `${pod.uid}/0/${record.setupVersion}`,
            },
      pod: pod === null ? null : { ending: pod.goneAtMs !== null, token: line?.git?.token ?? null },
      isOwnCapability:
        line === undefined ? null : line.edge.capability.split(".")[3] === String(record?.capabilityGeneration),
      isOwnSaveKey: line === undefined ? null : line.save.key === secrets.get("save-key"),
      secrets: [...secrets.keys()].toSorted(),
      token: secrets.get("git-token") ?? null,
      snapshots: objects.length,
    };
  }

  async #within(work: Promise<unknown>): Promise<void> {
    let over = false;
    const ends = work.then(
      () => {
        over = true;
      },
      (error: unknown) => {
        over = true;
        throw error;
      },
    );
    while (!over && !this.points.killed) await Promise.race([ends, scheduler.wait(1)]);
    if (over) await ends;
    else ends.catch(() => undefined);
  }

  /** Until nothing is under way; every answer is given within a real moment. */
  async #quiet(): Promise<void> {
    do await scheduler.wait(1);
    while (!this.points.idle && !this.points.killed);
  }

  #again(): void {
    this.#wakeAtMs = this.nowMs + 2_000;
  }

  #wake(): ShellLifecycle {
    const { points, userId } = this;
    const db = drizzle(batchesThrough(points));
    const side = clusterSide(config, new ClusterClient(clusterSettings(config), "limpet:test", () => this.nowMs));
    const isHere = () => points === this.points && !points.killed;
    return new ShellLifecycle({
      db,
      cluster: { ...side, pods: new PodClient(new ModelClient(points, this.api)) },
      userId,
      keys: config.sealKeys,
      shellLimit: this.shellLimit,
      now: () => this.nowMs,
      random: Math.random,
      setUp: (record, _heard, cancel) =>
        points.pass({
          name: "setup",
          work: () => this.#setUp(record, cancel),
          fails: () => () => ({ type: "none", code: "SETUP_FAILED", text: "Lost.", final: false, checks: [] }),
        }),
      forget: (shellId) =>
        points.pass({
          name: "forget",
          work: () => removeSnapshotsOf(env, shellId),
          fails: () => () => {
            throw new Error("R2 does not answer");
          },
        }),
      attended: () => this.attended,
      changed: () => undefined,
      notice: () => undefined,
      touched: () => undefined,
      wake: (atMs) => {
        if (isHere()) this.#wakeAtMs = atMs;
      },
    });
  }

  async #setUp(record: ShellRecord, cancel: AbortSignal): Promise<SetUpOutcome | null> {
    const { podUid } = record;
    if (podUid === null || this.api.pod?.uid !== podUid || this.setUpFails) {
      return { type: "none", code: "SETUP_FAILED", text: "It said nothing.", final: false, checks: [] };
    }
    const { line } = await makeSetupLine(this.db, config, { ...record, podUid }, this.nowMs);
    this.setUpWith.set(podUid, line);
    return cancel.aborted ? null : { type: "receipt", checks: [] };
  }
}

/** The real D1, each of whose batches (all writes of a shell's life are batches) can fail. */
function batchesThrough(points: Points): D1Database {
  return new Proxy(env.DB, {
    get(database, name) {
      if (name !== "batch") {
        const member: unknown = Reflect.get(database, name);
        return typeof member === "function" ? member.bind(database) : member;
      }
      return (statements: D1PreparedStatement[]) =>
        points.pass({
          name: "d1",
          work: () => database.batch(statements),
          fails: () => () => {
            throw new Error("D1 does not answer");
          },
        });
    },
  });
}

/** The client as it is, over the model, each of whose answers can fail. */
class ModelClient extends ClusterClient {
  readonly #points: Points;
  readonly #api: ModelApi;

  constructor(points: Points, api: ModelApi) {
    super(clusterSettings(config), "limpet:test", Date.now);
    this.#points = points;
    this.#api = api;
  }

  override ask(request: ClusterRequest): Promise<ClusterAnswer<unknown>> {
    return this.#points.pass({
      name: `${request.method} ${request.path.split("/")[1]}`,
      work: async () => this.#api.answer(request),
      fails: (fault) => () => failed(fault),
    });
  }
}

const reasons = { 401: "Unauthorized", 409: "Conflict", 410: "Expired", 429: "TooManyRequests", 500: "InternalError" };

function failed(fault: Told): ClusterAnswer<unknown> {
  switch (fault.type) {
    case "refused":
      return refused(fault.status, reasons[fault.status]);
    case "answer-lost":
      return { ok: false, failure: failure("unreachable", "the connection failed") };
    case "hangs":
      return { ok: false, failure: failure("timeout", "no answer in 5 seconds") };
    case "cut":
      return { ok: false, failure: failure("garbled", "its answer was cut", { status: 200 }) };
  }
}
