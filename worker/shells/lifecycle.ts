// Owns one person's shell as it is lived: asks the rules, keeps the record, carries out one call at a time.
// Must not know sockets, terminals or what keeps it awake.

import type { Database } from "../db/database.ts";
import { makeShellId } from "../db/ids.ts";
import { LimpetError } from "../errors.ts";
import { type ClusterFailure, clusterError, failure } from "../kubernetes/failure.ts";
import { describeError, log } from "../log.ts";
import type { SealKeys } from "../sealing/seal-keys.ts";
import { sealSecret } from "../sealing/secrets.ts";
import { heard } from "./answers.ts";
import { type ClusterSide, callCluster } from "./cluster-calls.ts";
import {
  type Life,
  type Moment,
  resumed,
  type ShellCall,
  type ShellEvent,
  type ShellHeard,
  type Step,
} from "./life.ts";
import { jobsOver } from "./marks.ts";
import { countRunning, findShell, type SecretChange, writeShell } from "./records.ts";
import { heardActivity, heardReceipt } from "./reports.ts";
import { changeSettings, changeSetup } from "./setup-change.ts";
import {
  heardSetUpWord,
  idleLane,
  isSetUpVoid,
  type SetUpOutcome,
  setUpBegun,
  setUpEnded,
  setUpKey,
} from "./setup-lane.ts";
import type { SetupWord } from "./setup-line.ts";
import { makeSaveKey } from "./setup-sources.ts";
import type { ShellResult } from "./shell-object.ts";
import { hasNoPod, isSameRecord, type ShellRecord, shellView } from "./shell-record.ts";
import type { PodActivity, Receipt, SettingsChange, SetupChange } from "./shell-setup.ts";
import { lookAnyway, lookNow, type Refused, used, wishEnd, wishExtend, wishPresent, wishRestart } from "./wishes.ts";

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
  readonly keys: SealKeys;
  /** Most shells that may run at a time; null: any number. */
  readonly shellLimit: number | null;
  /** Unix milliseconds. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  /** One run of `setup` in the record's pod; null where it was cancelled. */
  readonly setUp: (
    record: ShellRecord,
    heard: (word: SetupWord) => void,
    cancel: AbortSignal,
  ) => Promise<SetUpOutcome | null>;
  /** Removes what is saved of a shell outside its record. Again is no harm. Rejects where something may be left. */
  readonly forget: (shellId: string) => Promise<void>;
  /** Somebody looks at the shell now. */
  readonly attended: () => boolean;
  /** The record, as it is to be shown, is another one than before; null: there is no shell. Called after it was written. */
  readonly changed: (record: ShellRecord | null) => void;
  /** To be said to everybody who looks at it now; before what it is about shows. */
  readonly notice: (code: string, text: string) => void;
  /** Something of it that the API tells is another than before. */
  readonly touched: (what: "setup" | "saves") => void;
  /** When `tick` wants to be called next (unix milliseconds); null: not at all. */
  readonly wake: (atMs: number | null) => void;
}

/** What a rule comes to: a step, perhaps with secrets to be written in the same batch; a refusal; null: there is no shell. */
type Ruled = (Step & { readonly secrets?: SecretChange }) | Refused | null;
type Rule = (life: Life, moment: Moment) => Ruled | Promise<Ruled>;

interface SetUpRun {
  readonly key: string;
  readonly cancel: AbortController;
}

export class ShellLifecycle {
  readonly #world: LifecycleWorld;
  /** Null until the record was read. */
  #life: Life | null = null;
  /** The record as D1 has it. */
  #stored: ShellRecord | null = null;
  /** The record as it was shown last; undefined: not yet by this object. */
  #shown: ShellRecord | null | undefined = undefined;
  /** The call under way: there is never a second one. */
  #call: Promise<void> | null = null;
  /** The run of `setup` under way; one that was given up is none. */
  #setUpRun: SetUpRun | null = null;
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

  /** The record as it is to be shown; reads it where this object has just woken. @throws where D1 does not answer. */
  async record(): Promise<ShellRecord | null> {
    return this.#locked(async () => shown(await this.#lived()));
  }

  /** Somebody wants a running shell. `existing`: only where there is one. */
  async want(existing: "any" | "existing"): Promise<ShellResult> {
    return this.#wish(async (life, moment) => {
      const { record } = life;
      if (existing === "existing" && (record === null || record.desired === "deleted")) return null;
      const full = isCounted(record) ? null : await this.#full();
      return full ?? wishPresent(life, this.#world.userId, makeShellId(), moment);
    });
  }

  async restart(): Promise<ShellResult> {
    return this.#wish(async (life, moment) => {
      const { record } = life;
      if (record === null || record.desired === "deleted") return null;
      const full = isCounted(record) ? null : await this.#full();
      return full ?? wishRestart({ ...life, record }, moment);
    });
  }

  /** Nobody wants the shell any more: for now, or for good. */
  async end(to: "stopped" | "deleted"): Promise<ShellResult> {
    return this.#wish((life, { nowMs }) =>
      life.record === null || (life.record.desired === "deleted" && to === "stopped")
        ? null
        : wishEnd(life, to, "asked", nowMs),
    );
  }

  async extend(): Promise<ShellResult> {
    return this.#ask((life, moment) => {
      const { record } = life;
      return record === null || record.desired === "deleted" ? null : wishExtend({ ...life, record }, moment);
    });
  }

  async settings(change: SettingsChange): Promise<ShellResult> {
    return this.#changeSetup(async (record) => ({
      record: changeSettings(record, change),
      put: [],
      remove: [],
      said: "",
    }));
  }

  async setUp(change: SetupChange): Promise<ShellResult> {
    return this.#changeSetup((record) => changeSetup(this.#world.keys, record, change));
  }

  /** The pod told of a save. */
  async saved(shellId: string, receipt: Receipt): Promise<void> {
    await this.#change((life) => heardReceipt(life, shellId, receipt));
    this.#world.touched("saves");
  }

  /** The pod told what runs in it. */
  async active(shellId: string, activity: PodActivity): Promise<void> {
    await this.#change((life, { rules, nowMs }) => ({
      life: heardActivity(life, shellId, activity, rules, nowMs),
      events: [],
    }));
  }

  /** The shell is being used. */
  async used(): Promise<void> {
    await this.#change((life, { rules, nowMs }) => ({ life: used(life, rules, nowMs), events: [] }));
  }

  /** Something may have happened to the pod. */
  async look(): Promise<void> {
    await this.#change((life, { nowMs }) => ({ life: lookNow(life, nowMs), events: [] }));
  }

  /** The reaper found record and pod at odds, or the record overdue: what is due is done, and the pod is looked at. */
  async sweep(): Promise<void> {
    await this.tick();
    await this.#change((life, { nowMs }) => ({ life: lookAnyway(life, nowMs), events: [] }));
  }

  /** The time that `wake` named has come, or any other: what is due is done. */
  async tick(): Promise<void> {
    await this.#change((life, { nowMs }) => {
      const { record } = life;
      const over = record !== null && record.desired === "present" && record.expiresAt <= nowMs;
      return over ? wishEnd(life, "stopped", "expired", nowMs) : { life: jobsOver(life, nowMs), events: [] };
    });
  }

  async #full(): Promise<Refused | null> {
    const { db, userId, shellLimit } = this.#world;
    if (shellLimit === null || (await countRunning(db, userId)) < shellLimit) return null;
    const message = `All ${shellLimit} shells of this installation are in use. Try again when somebody has stopped theirs, or ask for more (SHELL_LIMIT).`;
    return { refused: "SHELL_LIMIT", message };
  }

  async #changeSetup(
    change: (record: ShellRecord) => Promise<{ readonly record: ShellRecord; readonly said: string } & SecretChange>,
  ): Promise<ShellResult> {
    const result = await this.#ask(async (life, { nowMs }) => {
      if (life.record === null || life.record.desired === "deleted") return null;
      const { record, put, remove, said } = await change(life.record);
      const carried = record.setupVersion !== life.record.setupVersion;
      const events = said === "" ? [] : [{ type: "SETUP_CHANGED", shellId: record.id, message: said } as const];
      const kept: Life = { ...life, record };
      return { life: carried ? lookNow(kept, nowMs) : kept, events, secrets: { put, remove } };
    });
    if (result.ok) this.#world.touched("setup");
    return result;
  }

  /** A wish that the cluster has a word in. */
  async #wish(rule: Rule): Promise<ShellResult> {
    const result = await this.#ask(rule);
    if (!result.ok) return result;
    if (this.#call !== null) await Promise.race([this.#call, scheduler.wait(firstWordMs)]);
    const record = this.#life === null ? null : shown(this.#life);
    if (record === null) return { ok: true, shell: { ...result.shell, phase: "absent" } };
    if (record.phase === "failed" && this.#failure !== null) {
      const { code, message } = clusterError(this.#failure);
      return { ok: false, code, message };
    }
    return { ok: true, shell: this.#view(record) };
  }

  async #ask(rule: Rule): Promise<ShellResult> {
    try {
      const ruled = await this.#change(rule);
      if (ruled === null) {
        return { ok: false, code: "SHELL_NOT_FOUND", message: "You have no shell. Create one first." };
      }
      if ("refused" in ruled) return { ok: false, code: ruled.refused, message: ruled.message };
      return { ok: true, shell: this.#view(ruled) };
    } catch (error) {
      if (error instanceof LimpetError) return { ok: false, code: error.code, message: error.message };
      log("error", "shell-wish", describeError(error));
      return { ok: false, code: "INTERNAL", message: "Your wish could not be written down. Try again in a moment." };
    }
  }

  #view(record: ShellRecord) {
    return shellView(record, this.#world.cluster.rules.lifeMs);
  }

  /** One change: rule, record, then whatever follows. @returns the record; null where there is none or no rule applied. */
  async #change(rule: Rule): Promise<ShellRecord | Refused | null> {
    return this.#locked(async () => {
      const before = await this.#lived();
      const ruled = await rule(before, this.#moment());
      if (ruled === null || "refused" in ruled) return ruled;
      // Asked to wake before the record says that there is something to do: a crash in between is made good.
      this.#arm(ruled.life);
      await this.#writeWish(before, ruled, ruled.secrets);
      this.#adopt(ruled);
      return ruled.life.record;
    });
  }

  /** @throws where D1 gave no answer. It may have written the wish all the same: nobody here knows the record then. */
  async #writeWish(before: Life, step: Step, secrets: SecretChange = { put: [], remove: [] }): Promise<void> {
    try {
      await this.#write(step, secrets);
    } catch (error) {
      const isWish = !isSameRecord(step.life.record, before.record) || secrets.put.length + secrets.remove.length > 0;
      if (isWish) this.#forgetLife();
      throw error;
    }
  }

  /** As if this object had just woken: what D1 has is read before anything else, and the pod is looked at. */
  #forgetLife(): void {
    this.#life = null;
    this.#unwritten = [];
    this.#rewriteAtMs = null;
    this.#world.wake(this.#world.now() + rewriteMs);
  }

  /** What has happened counts even while the record cannot be written. */
  async #happened(step: Step): Promise<void> {
    try {
      await this.#write(step);
    } catch (error) {
      log("error", "shell-record", describeError(error));
      this.#rewriteAtMs = this.#world.now() + rewriteMs;
      this.#unwritten = [...this.#unwritten, ...step.events].slice(-mostUnwritten);
    }
    this.#adopt(step);
  }

  async #hear(call: ShellCall, what: ShellHeard): Promise<void> {
    await this.#locked(async () => {
      this.#call = null;
      const before = await this.#lived();
      this.#failure = what.type === "failed" ? what.failure : null;
      if (what.type === "failed") {
        const { kind, status, reason, message } = what.failure;
        log("warn", "cluster-call", { call: call.type, kind, status, reason, message });
      }
      await this.#happened(heard(before, call, what, this.#moment()));
    });
  }

  #adopt(step: Step): void {
    this.#life = this.#withoutVoidRun(step.life);
    for (const { notice, type, message } of step.events) if (notice) this.#world.notice(type, message);
    const toShow = shown(this.#life);
    if (this.#shown === undefined || !isSameRecord(toShow, this.#shown)) {
      this.#shown = toShow;
      this.#world.changed(toShow);
    }
    this.#proceed();
  }

  /** A run whose container is gone, or whose shell ends, is given up: what it says from then on is not heard. */
  #withoutVoidRun(life: Life): Life {
    const run = this.#setUpRun;
    if (run === null || (life.setUp.runningFor === run.key && !isSetUpVoid(life))) return life;
    run.cancel.abort();
    this.#setUpRun = null;
    return life.setUp.runningFor === null ? life : { ...life, setUp: idleLane };
  }

  /** Begins what is due, unless it is under way, and asks to be woken for what is not due yet. */
  #proceed(): void {
    const now = this.#world.now();
    const { next, record, setUp, restarts } = this.#life ?? resumed(null, now);
    if (this.#life === null || record === null) {
      this.#arm(this.#life);
      return;
    }
    if (this.#call === null && next !== null && next.atMs <= now) {
      // From here on the answer says what comes next.
      this.#life = { ...this.#life, next: null };
      this.#call = this.#carryOut(next.call, record);
    }
    const key = setUpKey(record, restarts);
    if (this.#setUpRun === null && key !== null && setUp.dueMs !== null && setUp.dueMs <= now) {
      this.#life = setUpBegun(this.#life, key);
      this.#setUpRun = { key, cancel: new AbortController() };
      void this.#carryOutSetUp(this.#setUpRun, record);
    }
    this.#arm(this.#life);
  }

  async #carryOut(call: ShellCall, record: ShellRecord): Promise<void> {
    let what: ShellHeard;
    try {
      what = call.type === "forget" ? await this.#forget(record.id) : await this.#callCluster(call, record);
    } catch (error) {
      // A broken setting (a key that cannot sign): said like any other failure, so that nothing waits for ever.
      log("error", "cluster-call", describeError(error));
      what = { type: "failed", failure: failure("unreachable", "the request could not be made") };
    }
    await this.#hear(call, what);
  }

  #callCluster(call: Exclude<ShellCall, { type: "forget" }>, record: ShellRecord): Promise<ShellHeard> {
    return callCluster(this.#world.cluster, call, record, this.#world.now());
  }

  async #forget(shellId: string): Promise<ShellHeard> {
    try {
      await this.#world.forget(shellId);
      return { type: "forgotten" };
    } catch (error) {
      log("error", "shell-forget", describeError(error));
      return { type: "remembered" };
    }
  }

  async #carryOutSetUp(run: SetUpRun, record: ShellRecord): Promise<void> {
    const word = (said: SetupWord) => {
      void this.#locked(async () => {
        if (this.#setUpRun !== run) return;
        const before = await this.#lived();
        this.#adopt({ life: heardSetUpWord(before, run.key, said), events: [] });
      });
    };
    let outcome: SetUpOutcome | null;
    try {
      outcome = await this.#world.setUp(record, word, run.cancel.signal);
    } catch (error) {
      outcome = outcomeOf(error);
    }
    await this.#locked(async () => {
      if (this.#setUpRun !== run || outcome === null) return;
      this.#setUpRun = null;
      if (outcome.type === "none") log("warn", "setup", { code: outcome.code, final: outcome.final });
      const before = await this.#lived();
      await this.#happened(setUpEnded(before, run.key, outcome, this.#moment()));
      this.#world.touched("setup");
    });
  }

  #arm(life: Life | null): void {
    const working = this.#call !== null || this.#setUpRun !== null;
    const times = [
      working ? this.#world.now() + callBackstopMs : null,
      this.#rewriteAtMs,
      life?.next?.atMs,
      life?.setUp.dueMs,
      life?.record?.desired === "present" ? life.record.expiresAt : null,
      life?.record?.busyUntil,
    ];
    const soonest = times.filter((time) => typeof time === "number");
    this.#world.wake(soonest.length === 0 ? null : Math.min(...soonest));
  }

  async #write(step: Step, secrets: SecretChange = { put: [], remove: [] }): Promise<void> {
    const { record } = step.life;
    const before = this.#stored;
    const events = [...this.#unwritten, ...step.events];
    const same = isSameRecord(record, before) && secrets.put.length + secrets.remove.length === 0;
    if (same && events.length === 0 && this.#rewriteAtMs === null) return;
    const { db, userId, keys, now } = this.#world;
    // The key of its saves is made with the shell, and what was another shell's goes with that.
    const isNew = record !== null && record.id !== before?.id;
    const put = isNew ? [await sealSecret(keys, userId, "save-key", makeSaveKey()), ...secrets.put] : secrets.put;
    const forgotten = before !== null && record?.id !== before.id ? before.id : null;
    await writeShell(db, { userId, record, events, secrets: { ...secrets, put }, forgotten }, now());
    this.#stored = record;
    this.#rewriteAtMs = null;
    this.#unwritten = [];
    // The reaper removes what is left where this is cut off.
    if (forgotten !== null && record !== null) void this.#forget(forgotten);
  }

  async #lived(): Promise<Life> {
    if (this.#life === null) {
      this.#stored = await findShell(this.#world.db, this.#world.userId);
      this.#life = resumed(this.#stored, this.#world.now());
    }
    return this.#life;
  }

  #moment(): Moment {
    const { cluster, now, random, attended } = this.#world;
    return { rules: cluster.rules, nowMs: now(), random: random(), attended: attended() };
  }

  #locked<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}

/** Those that have a place already: a wish of theirs needs none (`countRunning`). */
function isCounted(record: ShellRecord | null): boolean {
  return record?.desired === "present" && !hasNoPod(record);
}

/** What is going on now takes the place of the record's own sentence. */
function shown({ record, said }: Life): ShellRecord | null {
  return record === null || said === null ? record : { ...record, detail: said };
}

/** A secret that does not open is said as it is; anything else is ours to mend, and passes perhaps. */
function outcomeOf(error: unknown): SetUpOutcome {
  if (error instanceof LimpetError) {
    return { type: "none", code: error.code, text: error.message, final: true, checks: [] };
  }
  log("error", "setup", describeError(error));
  return {
    type: "none",
    code: "SETUP_FAILED",
    text: "The shell could not be set up: what it needs could not be read. Open the settings and set up again.",
    final: false,
    checks: [],
  };
}
