// Owns the proof that a pod's report is read as what it is, and that its texts are harmless to show.
// Must not know routes.

import { describe, expect, it } from "vitest";
import { makeEventId } from "../../../worker/db/ids.ts";
import { plainText } from "../../../worker/pod-api/plain-text.ts";
import { parseActivity, parseReceipt } from "../../../worker/pod-api/reports.ts";

const atMs = 1_795_000_000_000;
const receipt = { kind: "edge", state: "saved", text: "Saved.", skipped: [], snapshot: null };

describe("a text of a pod's", () => {
  it.each([
    ["two\nlines\r\nhere", "two lines here"],
    ["\u001b]0;title\u0007 \u001b[31mred", "]0;title [31mred"],
    ["a\u0000b\u007fc\u009bd", "a b c d"],
    ["invoice\u202egnp.exe\u2066", "invoice gnp.exe"],
    ["zero\u200bwidth\ufeff", "zero width"],
    ["tag\u{e0041}s", "tag s"],
    ["half \ud800 pair", "half \ufffd pair"],
    ["  ", ""],
    ["ünïcödé 漢字 🐚", "ünïcödé 漢字 🐚"],
  ])("%j is shown as %j", (text, shown) => {
    expect(plainText(text, 80)).toBe(shown);
  });

  it("is cut by characters, never within one", () => {
    expect(plainText("🐚".repeat(10), 10)).toBe("🐚".repeat(10));
    expect(plainText("🐚".repeat(11), 10)).toBe(`${"🐚".repeat(9)}…`);
    expect(plainText("x".repeat(1_000_000), 10)).toBe(`${"x".repeat(9)}…`);
  });
});

describe("a receipt", () => {
  it("is read with the edge's own time", () => {
    const snapshot = makeEventId(atMs);
    expect(parseReceipt({ ...receipt, at: 5, snapshot, more: 1 }, atMs)).toEqual({ ...receipt, at: atMs, snapshot });
    expect(parseReceipt({ kind: "upstream", state: "partial", text: "x" }, atMs)).toEqual({
      ...receipt,
      kind: "upstream",
      state: "partial",
      text: "x",
      at: atMs,
    });
  });

  it("is bounded in every part", () => {
    const long = "x".repeat(10_000);
    const read = parseReceipt({ ...receipt, text: long, skipped: Array.from({ length: 500 }, () => long) }, atMs);
    expect(read?.text.length).toBe(500);
    expect(read?.skipped.length).toBe(50);
    expect(read?.skipped.every((line) => line.length === 300)).toBe(true);
  });

  it.each([
    null,
    [],
    "saved",
    {},
    { ...receipt, kind: "both" },
    { ...receipt, state: "lost" },
    { ...receipt, text: 1 },
    { ...receipt, skipped: "all" },
    { ...receipt, skipped: [1] },
    { ...receipt, snapshot: "../../etc" },
    { ...receipt, snapshot: 7 },
    { ...receipt, kind: "__proto__" },
  ])("is not %j", (value) => {
    expect(parseReceipt(value, atMs)).toBeNull();
  });
});

describe("activity", () => {
  it("is read and bounded", () => {
    expect(parseActivity({ busy: true })).toEqual({ busy: true, commands: [], ending: false });
    const commands = Array.from({ length: 40 }, (_, at) => `job ${at}\u001b${"x".repeat(200)}`);
    const read = parseActivity({ busy: false, commands, ending: true });
    expect(read?.commands.length).toBe(10);
    expect(read?.commands.every((name) => name.length === 80 && !name.includes("\u001b"))).toBe(true);
  });

  it.each([
    null,
    {},
    [],
    { busy: 1 },
    { busy: true, commands: "vim" },
    { busy: true, commands: [null] },
    { busy: true, ending: 1 },
  ])("is not %j", (value) => {
    expect(parseActivity(value)).toBeNull();
  });
});
