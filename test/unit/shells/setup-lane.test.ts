import { describe, expect, it } from "vitest";
import { heard } from "../../../worker/shells/answers.ts";
import { type Life, type Living, type Moment, resumed } from "../../../worker/shells/life.ts";
import {
  heardSetUpWord,
  isSetUpVoid,
  mostSetUpFailures,
  planSetUp,
  type SetUpOutcome,
  setUpBegun,
  setUpEnded,
} from "../../../worker/shells/setup-lane.ts";
import type { ShellRecord } from "../../../worker/shells/shell-record.ts";
import { wishEnd, wishRestart } from "../../../worker/shells/wishes.ts";
import { stateIn } from "./model-cluster.ts";
import { readyShell } from "./ready-shell.ts";

const start = 1_800_000_000_000;
const moment: Moment = {
  rules: { idleMs: 3_600_000, lifeMs: 36_000_000 },
  nowMs: start,
  random: 0.5,
  attended: false,
};
const key = "uid-1/0/3";

function living(more: Partial<ShellRecord> = {}): Living {
  const record = readyShell(start, {
    phase: "setting-up",
    expiresAt: start + 3_600_000,
    setupVersion: 3,
    setUpFor: null,
    ...more,
  });
  return { ...resumed(record, start), next: null, restarts: 0, record };
}

function running(more: Partial<ShellRecord> = {}): Living {
  return { ...living(more), ...setUpBegun(living(more), key), record: living(more).record };
}

const receipt: SetUpOutcome = {
  type: "receipt",
  checks: [{ step: "git", state: "failed", code: "GIT_TOKEN_REFUSED", text: "The token was refused.", at: start }],
};
const none: SetUpOutcome = { type: "none", code: "SETUP_FAILED", text: "It ended.", final: false, checks: [] };

describe("a run of setup", () => {
  it("is due for a container that nobody set up, and for settings that it has not been given", () => {
    expect(planSetUp(living(), start).setUp.dueMs).toBe(start);
    const older = living({ phase: "ready", setUpFor: "uid-1/0/2" });
    expect(planSetUp(older, start).setUp.dueMs).toBe(start);
    expect(planSetUp(living({ phase: "ready", setUpFor: key }), start).setUp.dueMs).toBeNull();
    expect(
      planSetUp(living({ phase: "ready", setUpFor: "uid-1/0/2", replacing: "uid-1" }), start).setUp.dueMs,
    ).toBeNull();
  });

  it("lets the person in with its receipt, whatever its checks say, and tells what they say", () => {
    const { life, events } = setUpEnded(running(), key, receipt, moment);
    expect(life.record).toMatchObject({ phase: "ready", setUpFor: key, setup: receipt.checks });
    expect(life.setUp.dueMs).toBeNull();
    expect(events).toEqual([
      {
        type: "SHELL_READY",
        shellId: "shell-1",
        message: "The shell is ready, but not all of its set-up: The token was refused.",
      },
    ]);
  });

  it("of a shell that is in use keeps it in use, and says nothing of being ready again", () => {
    const { life, events } = setUpEnded(running({ phase: "ready", setUpFor: "uid-1/0/2" }), key, receipt, moment);
    expect(life.record).toMatchObject({ phase: "ready", setUpFor: key });
    expect(events).toEqual([]);
  });

  it("is followed by another where settings were changed meanwhile", () => {
    const changed = running({ phase: "ready", setupVersion: 4, setUpFor: "uid-1/0/2" });
    expect(isSetUpVoid(changed)).toBe(false);
    const { life } = setUpEnded(changed, key, receipt, moment);
    expect(life.record?.setUpFor).toBe(key);
    expect(life.setUp.dueMs).toBe(start);
  });

  it("without a receipt is tried again, with the pod looked at, and at last the shell is given as it is", () => {
    let life: Life = running();
    for (let failures = 1; failures < mostSetUpFailures; failures += 1) {
      const step = setUpEnded(life, key, none, moment);
      expect(step.life.record?.phase).toBe("setting-up");
      expect(step.life.setUp).toMatchObject({ failures, runningFor: null });
      expect(step.life.setUp.dueMs).toBeGreaterThan(start);
      expect(step.life.next?.call).toEqual({ type: "look" });
      life = setUpBegun(step.life, key);
    }
    const { life: given, events } = setUpEnded(life, key, none, moment);
    expect(given.record).toMatchObject({
      phase: "ready",
      setUpFor: key,
      setup: [{ step: "edge", state: "failed", code: "SETUP_FAILED", text: "It ended." }],
    });
    expect(events.map(({ type }) => type)).toEqual(["SHELL_READY"]);
    expect(given.setUp.dueMs).toBeNull();
  });

  it("that no further try would end otherwise is not tried again", () => {
    const { life } = setUpEnded(running(), key, { ...none, final: true, code: "SECRET_UNREADABLE" }, moment);
    expect(life.record).toMatchObject({ phase: "ready", setup: [{ code: "SECRET_UNREADABLE" }] });
  });

  it("says what it does while a person waits, and to nobody's record", () => {
    const said = heardSetUpWord(running(), key, { type: "step", step: "clone", text: "Cloning a/b." });
    expect(said.said).toBe("Cloning a/b.");
    expect(said.record).toEqual(living().record);
    expect(setUpEnded(said, key, receipt, moment).life.said).toBeNull();
    const inUse = running({ phase: "ready" });
    expect(heardSetUpWord(inUse, key, { type: "step", step: "clone", text: "Cloning a/b." })).toBe(inUse);
    expect(heardSetUpWord(running(), "uid-0/0/3", { type: "step", step: "clone", text: "x" }).said).toBeNull();
  });

  it.each([
    ["is stopped", (life: Living) => wishEnd(life, "stopped", "asked", start).life],
    ["is deleted", (life: Living) => wishEnd(life, "deleted", "asked", start).life],
    ["is restarted", (life: Living) => wishRestart(life, moment).life],
  ])("is void once its shell %s", (_, wish) => {
    expect(isSetUpVoid(wish(running()))).toBe(true);
  });

  it("is void once its container is another one, and the new one gets a run of its own", () => {
    const again = stateIn("ready", { restarts: 1 });
    const pod = { uid: "uid-1", ours: true, marks: { expiresAt: start + 3_600_000, busy: false }, state: again };
    const { life } = heard(running({ setUpFor: key, phase: "ready" }), { type: "look" }, { type: "pod", pod }, moment);
    expect(life.record?.phase).toBe("setting-up");
    expect(isSetUpVoid(life)).toBe(true);
    expect(setUpEnded(life, key, receipt, moment).life.record?.setUpFor).toBe(key);
    expect(setUpEnded(life, key, receipt, moment).events).toEqual([]);
  });
});
