// Owns the tests of the page's small parsers: keys of its own, OSC 52.
// Must not know terminals.

import { describe, expect, test } from "vitest";
import { type PageKey, pageKeyOf } from "../../../web/terminal/keys.ts";
import { parseOsc52 } from "../../../web/terminal/osc52.ts";

const plain = { key: "", altKey: false, ctrlKey: false, shiftKey: false, metaKey: false };

describe("pageKeyOf", () => {
  test.each<[string, Partial<typeof plain>, boolean, PageKey | null]>([
    ["Ctrl-Shift-C copies", { key: "C", ctrlKey: true, shiftKey: true }, false, "copy"],
    ["Ctrl-Shift-V pastes", { key: "V", ctrlKey: true, shiftKey: true }, false, "paste"],
    ["Ctrl-Insert copies", { key: "Insert", ctrlKey: true }, false, "copy"],
    ["Shift-Insert pastes", { key: "Insert", shiftKey: true }, false, "paste"],
    ["Cmd-C copies on a Mac", { key: "c", metaKey: true }, true, "copy"],
    ["Cmd-V pastes on a Mac", { key: "v", metaKey: true }, true, "paste"],
    ["Ctrl-C interrupts", { key: "c", ctrlKey: true }, false, null],
    ["Ctrl-V quotes", { key: "v", ctrlKey: true }, false, null],
    ["Ctrl-C interrupts on a Mac", { key: "c", ctrlKey: true }, true, null],
    ["Ctrl-Shift-Enter opens the menu", { key: "Enter", ctrlKey: true, shiftKey: true }, false, "menu"],
    ["Shift-Enter is the shell's", { key: "Enter", shiftKey: true }, false, null],
    ["Insert is the shell's", { key: "Insert" }, false, null],
    ["with Alt it is the shell's", { key: "C", altKey: true, ctrlKey: true, shiftKey: true }, false, null],
  ])("%s", (_name, event, apple, expected) => {
    expect(pageKeyOf({ ...plain, ...event }, apple)).toBe(expected);
  });
});

describe("parseOsc52", () => {
  const encode = (text: string): string => Buffer.from(text).toString("base64");
  test.each([
    ["text", `c;${encode("héllo 🐚")}`, "héllo 🐚"],
    ["without a selection named", `;${encode("x")}`, "x"],
    ["a question is never answered", "c;?", null],
    ["nothing", "c;", null],
    ["no base64", "c;***", null],
    ["no UTF-8", `c;${Buffer.from([0xff, 0xfe]).toString("base64")}`, null],
    ["too much", `c;${"A".repeat(1024 * 1024 + 4)}`, null],
  ])("%s", (_name, data, expected) => {
    expect(parseOsc52(data)).toBe(expected);
  });
});
