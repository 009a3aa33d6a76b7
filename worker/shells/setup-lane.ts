// Owns when `setup` is to run in the pod, and what its words and its end do to a shell's life.
// Must not know how it is run, the database, the network or a clock.

import type { Life, Living, Moment, Step } from "./life.ts";
import { retryMs } from "./pace.ts";
import type { SetupWord } from "./setup-line.ts";
import type { ShellRecord } from "./shell-record.ts";
import type { SetupCheck } from "./shell-setup.ts";

/** At most one run at a time, beside the calls: it may take minutes, and the pod is looked at meanwhile. */
export interface SetUpLane {
  /** When the next run is due (unix milliseconds); null: none is. */
  readonly dueMs: number | null;
  /** What the run under way is for (`setUpKey`); null: none is. */
  readonly runningFor: string | null;
  /** Runs without a receipt in a row. */
  readonly failures: number;
}

export const idleLane: SetUpLane = { dueMs: null, runningFor: null, failures: 0 };

/** What a run came to. Checks hold what it said of its steps, each step's last word. */
export type SetUpOutcome =
  | { readonly type: "receipt"; readonly checks: readonly SetupCheck[] }
  /** No receipt. `final`: another try would not end otherwise. */
  | {
      readonly type: "none";
      readonly code: string;
      readonly text: string;
      readonly final: boolean;
      readonly checks: readonly SetupCheck[];
    };

/** Runs without a receipt before the shell is given to the person as it is. */
export const mostSetUpFailures = 4;

/** `POD_UID/RESTARTS/SETUP_VERSION`: what a run is for. Null while the pod has not been seen. */
export function setUpKey(record: ShellRecord, restarts: number | null): string | null {
  if (record.podUid === null || restarts === null) return null;
  return `${record.podUid}/${restarts}/${record.setupVersion}`;
}

/** True where this very container was set up once, be it by older settings: a person may be let in. */
export function wasSetUp(record: ShellRecord, restarts: number): boolean {
  return record.podUid !== null && record.setUpFor?.startsWith(`${record.podUid}/${restarts}/`) === true;
}

/** True where a container of this very pod was set up once, this one or one before it. */
export function wasSetUpBefore({ podUid, setUpFor }: ShellRecord): boolean {
  return podUid !== null && setUpFor?.startsWith(`${podUid}/`) === true;
}

/** After a look at a running pod: a run becomes due where what it was last set up for is not what it is now. */
export function planSetUp(life: Living, nowMs: number): Life {
  const { record, setUp, restarts } = life;
  const wanted = record.phase === "ready" || record.phase === "setting-up";
  if (!wanted || record.replacing !== null || record.setUpFor === setUpKey(record, restarts)) {
    return setUp.dueMs === null ? life : { ...life, setUp: { ...setUp, dueMs: null } };
  }
  if (setUp.runningFor !== null || setUp.dueMs !== null) return life;
  return { ...life, setUp: { ...setUp, dueMs: nowMs } };
}

export function setUpBegun(life: Life, key: string): Life {
  return { ...life, setUp: { ...life.setUp, dueMs: null, runningFor: key } };
}

/** True where the run under way has nothing left to do: its container is gone, or the shell is ending. */
export function isSetUpVoid({ record, restarts, setUp }: Life): boolean {
  if (setUp.runningFor === null) return false;
  if (record === null || record.desired !== "present" || record.replacing !== null) return true;
  return restarts === null || !setUp.runningFor.startsWith(`${record.podUid}/${restarts}/`);
}

/** A word of the run under way: shown while a person waits, and kept nowhere. */
export function heardSetUpWord(life: Life, key: string, word: SetupWord): Life {
  if (life.setUp.runningFor !== key || life.record?.phase !== "setting-up") return life;
  return word.type === "step" ? { ...life, said: word.text } : life;
}

/** The run for `key` is over. */
export function setUpEnded(life: Life, key: string, outcome: SetUpOutcome, moment: Moment): Step {
  const { record } = life;
  const { nowMs, random } = moment;
  if (life.setUp.runningFor !== key) return { life, events: [] };
  const over: Life = { ...life, said: null, setUp: { ...life.setUp, runningFor: null } };
  // What it said is of a pod that is gone, or of a shell that nobody wants.
  if (record === null || isSetUpVoid(life)) return { life: { ...over, setUp: idleLane }, events: [] };
  if (outcome.type === "none" && !outcome.final && life.setUp.failures + 1 < mostSetUpFailures) {
    const failures = life.setUp.failures + 1;
    const dueMs = nowMs + retryMs(failures + 1, random);
    // The exec may have ended because the pod did.
    const next = life.next ?? { call: { type: "look" } as const, atMs: nowMs };
    return { life: { ...over, next, setUp: { dueMs, runningFor: null, failures } }, events: [] };
  }
  const failed: readonly SetupCheck[] =
    outcome.type === "receipt"
      ? []
      : [{ step: "edge", state: "failed", code: outcome.code, text: outcome.text, at: nowMs }];
  const first = record.phase === "setting-up";
  const done: ShellRecord = {
    ...record,
    setUpFor: key,
    setup: [...outcome.checks.filter(({ step }) => failed.every((check) => check.step !== step)), ...failed],
    ...(first ? { phase: "ready", reason: null, detail: null } : {}),
  };
  const ready: Living = { ...over, record: done, setUp: idleLane };
  return {
    life: planSetUp(first ? { ...ready, readySinceMs: nowMs } : ready, nowMs),
    events: first ? [{ type: "SHELL_READY", shellId: record.id, message: readyMessage(done) }] : [],
  };
}

function readyMessage({ setup }: ShellRecord): string {
  const failed = setup.filter(({ state }) => state === "failed" || state === "conflict");
  if (failed.length === 0) return "The shell is ready.";
  return `The shell is ready, but not all of its set-up: ${failed.map(({ text }) => text).join(" ")}`.slice(0, 1_000);
}
