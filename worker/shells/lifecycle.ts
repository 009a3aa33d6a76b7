// Owns one person's shell as it is lived: asks the rules, keeps the record, carries out one call at a time.
// Must not know sockets, terminals or what keeps it awake.

import type { Database } from "../db/database.ts";
import { makeShellId } from "../db/ids.ts";
import { type ClusterFailure, clusterError, failure } from "../kubernetes/failure.ts";
import { describeError, log } from "../log.ts";
import { heard } from "./answers.ts";
import { type ClusterSide, callCluster } from "./cluster-calls.ts";
import {
  type ClusterCall,
  type ClusterHeard,
  type Life,
  type Moment,
  resumed,
  type ShellEvent,
  type Step,
} from "./life.ts";
import { findShell, writeShell } from "./records.ts";
import type { ShellResult } from "./shell-object.ts";
import { type ShellRecord, shellView } from "./shell-record.ts";
import { lookNow, used, wishAbsent, wishPresent } from "./wishes.ts";

/** How long a wish waits for the cluster's first word, so that a refusal can be its answer, in milliseconds. */
const firstWordMs = 1_000;
/** A record that could not be written is written again after this long. */
const rewriteMs = 2_000;
/** Events kept for a record that cannot be written. */
const mostUnwritten = 20;
/** Should the object be lost with a call under way, it is woken after this long to look what came of it. */
const callBackstopMs = 30_000;

export interface LifecycleWorld {
  readonly db: Database;
  readonly cluster: ClusterSide;
  readonly userId: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** The record is another one than before; null: there is no shell. Called after it was written. */
  readonly changed: (record: ShellRecord | null) => void;
  /** When `tick` wants to be called next (unix milliseconds); null: not at all. */
  readonly wake: (atMs: number | null) => void;
}

export class ShellLifecycle {
  readonly #world: LifecycleWorld;
  /** Null until the record was read. */
  #life: Life | null = null;
  /** The call under way: there is never a second one. */
  #call: Promise<void> | null = null;
  /** Set where the record could not be written: when to try again. */
  #rewriteAtMs: number | null = null;
  #unwritten: readonly ShellEvent[] = [];
  /** Why the last call failed; null where it did not. */
  #failure: ClusterFailure | null = null;
  /** The lock: every change waits for the one before it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(world: LifecycleWorld) {
    this.#world = world;
  }

  /** The record as it stands; reads it where this object has just woken. @throws where D1 does not answer. */
  async record(): Promise<ShellRecord | null> {
    return this.#locked(async () => (await this.#lived()).record);
  }

  /** Somebody wants a running shell. `existing`: only where there is one. */
  async want(existing: "any" | "existing"): Promise<ShellResult> {
    return this.#wish((life, moment) =>
      existing === "existing" && (life.record === null || life.record.desired !== "present")
        ? null
        : wishPresent(life, this.#world.userId, makeShellId(), moment),
    );
  }

  /** Nobody wants the shell any more. */
  async unwant(): Promise<ShellResult> {
    return this.#wish((life, moment) => (life.record === null ? null : wishAbsent(life, "asked", moment.nowMs)));
  }

  /** The shell is being used. */
  async used(): Promise<void> {
    await this.#change((life, { rules, nowMs }) => ({ life: used(life, rules, nowMs), events: [] }));
  }

  /** Something may have happened to the pod. */
  async look(): Promise<void> {
    await this.#change((life, { nowMs }) => ({ life: lookNow(life, nowMs), events: [] }));
  }

  /** The time that `wake` named has come, or any other: what is due is done. */
  async tick(): Promise<void> {
    await this.#change((life, { nowMs }) => {
      const { record } = life;
      const over = record !== null && record.desired === "present" && record.expiresAt <= nowMs;
      return over ? wishAbsent(life, "expired", nowMs) : { life, events: [] };
    });
  }

  async #wish(rule: (life: Life, moment: Moment) => Step | null): Promise<ShellResult> {
    let before: ShellRecord | null = null;
    try {
      before = await this.#change(rule);
    } catch (error) {
      log("error", "shell-wish", describeError(error));
      return { ok: false, code: "INTERNAL", message: "Your wish could not be written down. Try again in a moment." };
    }
    if (before === null) return { ok: false, code: "SHELL_NOT_FOUND", message: "You have no shell. Create one first." };
    if (this.#call !== null) await Promise.race([this.#call, scheduler.wait(firstWordMs)]);
    const record = this.#life?.record ?? { ...before, phase: "absent" };
    if (record.phase === "failed" && this.#failure !== null) {
      const { code, message } = clusterError(this.#failure);
      return { ok: false, code, message };
    }
    return { ok: true, shell: shellView(record, this.#world.cluster.rules.lifeMs) };
  }

  /** One change: rule, record, then whatever follows. @returns the record; null where there is none or no rule applied. */
  async #change(rule: (life: Life, moment: Moment) => Step | null): Promise<ShellRecord | null> {
    return this.#locked(async () => {
      const before = await this.#lived();
      const step = rule(before, this.#moment());
      if (step === null) return null;
      // Asked to wake before the record says that there is something to do: a crash in between is made good.
      this.#arm(step.life);
      await this.#write(before.record, step);
      this.#adopt(before, step);
      return step.life.record;
    });
  }

  /** What a call brought. It has happened, so it counts even while the record cannot be written. */
  async #hear(call: ClusterCall, what: ClusterHeard): Promise<void> {
    await this.#locked(async () => {
      this.#call = null;
      const before = await this.#lived();
      const step = heard(before, call, what, this.#moment());
      this.#failure = what.type === "failed" ? what.failure : null;
      if (what.type === "failed") {
        const { kind, status, reason, message } = what.failure;
        log("warn", "cluster-call", { call: call.type, kind, status, reason, message });
      }
      try {
        await this.#write(before.record, step);
      } catch (error) {
        log("error", "shell-record", describeError(error));
        this.#rewriteAtMs = this.#world.now() + rewriteMs;
        this.#unwritten = [...this.#unwritten, ...step.events].slice(-mostUnwritten);
      }
      this.#adopt(before, step);
    });
  }

  #adopt(before: Life, step: Step): void {
    this.#life = step.life;
    if (step.life.record !== before.record) this.#world.changed(step.life.record);
    this.#proceed();
  }

  /** Begins the call that is due, unless one is under way, and asks to be woken for what is not due yet. */
  #proceed(): void {
    const life = this.#life;
    if (life === null) return;
    const now = this.#world.now();
    if (this.#call === null && life.record !== null && life.next !== null && life.next.atMs <= now) {
      const { call } = life.next;
      // From here on the answer says what comes next.
      this.#life = { ...life, next: null };
      this.#call = this.#carryOut(call, life.record);
    }
    this.#arm(this.#life ?? life);
  }

  async #carryOut(call: ClusterCall, record: ShellRecord): Promise<void> {
    let what: ClusterHeard;
    try {
      what = await callCluster(this.#world.cluster, call, record, this.#world.now());
    } catch (error) {
      // A broken setting (a key that cannot sign): said like any other failure, so that nothing waits for ever.
      log("error", "cluster-call", describeError(error));
      what = { type: "failed", failure: failure("unreachable", "the request could not be made") };
    }
    await this.#hear(call, what);
  }

  #arm(life: Life): void {
    const backstopMs = this.#call === null ? null : this.#world.now() + callBackstopMs;
    const times = [
      backstopMs,
      this.#rewriteAtMs,
      life.next?.atMs,
      life.record?.desired === "present" ? life.record.expiresAt : null,
    ];
    const soonest = times.filter((time) => typeof time === "number");
    this.#world.wake(soonest.length === 0 ? null : Math.min(...soonest));
  }

  async #write(before: ShellRecord | null, step: Step): Promise<void> {
    const { record } = step.life;
    const events = [...this.#unwritten, ...step.events];
    if (record === before && events.length === 0 && this.#rewriteAtMs === null) return;
    const { db, userId, now } = this.#world;
    await writeShell(db, userId, record, events, now());
    this.#rewriteAtMs = null;
    this.#unwritten = [];
  }

  async #lived(): Promise<Life> {
    this.#life ??= resumed(await findShell(this.#world.db, this.#world.userId), this.#world.now());
    return this.#life;
  }

  #moment(): Moment {
    return { rules: this.#world.cluster.rules, nowMs: this.#world.now(), random: this.#world.random() };
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
