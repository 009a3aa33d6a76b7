import { describe, expect, it } from "vitest";
import { type Life, resumed } from "../../../worker/shells/life.ts";
import { heardActivity, heardReceipt } from "../../../worker/shells/reports.ts";
import type { ShellRecord } from "../../../worker/shells/shell-record.ts";
import type { Receipt } from "../../../worker/shells/shell-setup.ts";
import { wishExtend } from "../../../worker/shells/wishes.ts";
import { age, asOfLastSave, utcTime } from "../../../worker/shells/words.ts";
import { readyShell } from "./ready-shell.ts";

const hour = 3_600_000;
const start = Date.UTC(2026, 10, 23, 14, 0);
const rules = { idleMs: 6 * hour, lifeMs: 24 * hour };

function lifeOf(more: Partial<ShellRecord> = {}): Life & { readonly record: ShellRecord } {
  const record = readyShell(start, more);
  return { ...resumed(record, start), next: null, marks: { expiresAt: start + 6 * hour, busy: false }, record };
}

const receipt: Receipt = {
  kind: "edge",
  state: "saved",
  at: start + hour,
  text: "Saved to refs/limpet/wip.",
  skipped: [],
  snapshot: null,
};

describe("a receipt", () => {
  it.each([
    ["saved", "WORK_SAVED", start + hour],
    ["partial", "WORK_SAVED", start + hour],
    ["unchanged", undefined, start + hour],
    ["failed", "SAVE_FAILED", null],
  ] as const)("of a save that is %s", (state, type, lastSavedAt) => {
    const { life, events } = heardReceipt(lifeOf(), "shell-1", { ...receipt, state });
    expect(events[0]?.type).toBe(type);
    expect(life.record?.lastSavedAt).toBe(lastSavedAt);
  });

  it("of the repository alone says nothing of the home, which has failed since", () => {
    const failing = heardReceipt(lifeOf({ lastSavedAt: start }), "shell-1", { ...receipt, state: "failed" });
    for (const state of ["saved", "unchanged"] as const) {
      const pushed = { ...receipt, kind: "upstream", state, at: start + 2 * hour } as const;
      const { life } = heardReceipt(failing.life, "shell-1", pushed);
      expect(life.record?.lastSavedAt).toBe(start);
    }
  });

  it("names what was left out, within bounds", () => {
    const skipped = Array.from({ length: 50 }, (_, n) => `file-${n} ${"x".repeat(100)}`);
    const { events } = heardReceipt(lifeOf(), "shell-1", { ...receipt, state: "partial", skipped });
    expect(events[0]?.message).toMatch(/^Saved to refs\/limpet\/wip\. Left out: file-0 /);
    expect(events[0]?.message.length).toBeLessThan(1_200);
  });

  it("is told to whoever looks while the shell ends, and counts after it has ended", () => {
    const ending = lifeOf({ desired: "stopped", phase: "stopping" });
    expect(heardReceipt(ending, "shell-1", receipt).events[0]?.notice).toBe(true);
    expect(heardReceipt(lifeOf(), "shell-1", receipt).events[0]?.notice).toBeUndefined();
    const gone = lifeOf({ desired: "stopped", phase: "absent" });
    expect(heardReceipt(gone, "shell-1", receipt).life.record?.lastSavedAt).toBe(start + hour);
  });

  it("never makes the last save older, and one of a shell that is not here is nobody's", () => {
    const later = lifeOf({ lastSavedAt: start + 2 * hour });
    expect(heardReceipt(later, "shell-1", receipt).life.record?.lastSavedAt).toBe(start + 2 * hour);
    const life = lifeOf();
    expect(heardReceipt(life, "shell-0", receipt)).toEqual({ life, events: [] });
    const deleted = lifeOf({ desired: "deleted", phase: "stopping" });
    expect(heardReceipt(deleted, "shell-1", receipt).events).toEqual([]);
  });
});

describe("what a pod says of itself", () => {
  const at = start + hour;

  it("keeps the shell while something is at work in it", () => {
    const busy = { busy: true, commands: ["helm upgrade"], ending: false };
    expect(heardActivity(lifeOf(), "shell-1", busy, rules, at).record?.expiresAt).toBe(at + 6 * hour);
    expect(heardActivity(lifeOf(), "shell-1", { ...busy, busy: false }, rules, at).record?.expiresAt).toBe(
      start + 6 * hour,
    );
    expect(heardActivity(lifeOf(), "shell-0", busy, rules, at).record?.expiresAt).toBe(start + 6 * hour);
  });

  it("tells what a gentle end waits for", () => {
    const ending = lifeOf({ desired: "stopped", phase: "stopping" });
    const waits = { busy: true, commands: ["terraform apply"], ending: true };
    expect(heardActivity(ending, "shell-1", waits, rules, at).said).toBe(
      "Waiting for terraform apply to end; then its work is saved.",
    );
    expect(heardActivity(ending, "shell-1", { ...waits, commands: [] }, rules, at).said).toMatch(/being saved/);
    expect(heardActivity(ending, "shell-1", waits, rules, at).record?.expiresAt).toBe(start + 6 * hour);
  });
});

describe("a wish for more time", () => {
  const moment = (nowMs: number) => ({ rules, nowMs, random: 0, attended: false });

  it("moves the end to the idle time from now, and never beyond the longest life", () => {
    const soon = wishExtend(lifeOf(), moment(start + hour));
    expect("life" in soon && soon.life.record?.expiresAt).toBe(start + 7 * hour);
    const late = wishExtend(lifeOf({ expiresAt: start + 20 * hour }), moment(start + 19 * hour));
    expect("life" in late && late.life.record?.expiresAt).toBe(start + 24 * hour);
  });

  it("changes nothing a second time in the same moment", () => {
    const life = lifeOf();
    expect(wishExtend(life, moment(start))).toEqual({ life, events: [] });
  });

  it("is refused at the longest life, with what to do, and where there is nothing to extend", () => {
    const oldest = wishExtend(lifeOf({ expiresAt: start + 24 * hour }), moment(start + 23 * hour));
    expect(oldest).toMatchObject({ refused: "NOT_EXTENDABLE" });
    expect("message" in oldest && oldest.message).toMatch(/1 day, at 2026-11-24 14:00 UTC\. Restart it/);
    expect(wishExtend(lifeOf({ desired: "stopped", phase: "absent" }), moment(start))).toMatchObject({
      refused: "NOT_RUNNING",
    });
    expect(wishExtend(lifeOf({ phase: "failed" }), moment(start))).toMatchObject({ refused: "NOT_RUNNING" });
  });
});

describe("times in sentences", () => {
  it("are said by their largest unit", () => {
    expect([0, 999, 59_999, 60_000, 3 * hour, 49 * hour].map(age)).toEqual([
      "1 second",
      "1 second",
      "59 seconds",
      "1 minute",
      "3 hours",
      "2 days",
    ]);
    expect(utcTime(start)).toBe("2026-11-23 14:00 UTC");
    expect(asOfLastSave({ lastSavedAt: start }, start + 240_000)).toBe(
      "Your work comes back as it was saved 4 minutes before (2026-11-23 14:00 UTC).",
    );
  });
});
