// Owns the tests of what a paste may hold and how it is cut.
// Must not know when it is sent.

import { describe, expect, test } from "vitest";
import { cleanPaste, pastePieces } from "../../../web/terminal/paste-text.ts";

const ESC = "\u001b";

describe("cleanPaste", () => {
  test.each([
    ["line ends become returns", "a\nb\r\nc\rd", "a\rb\rc\rd"],
    ["tabs stay", "a\tb", "a\tb"],
    ["an end of the bracket goes", `ls${ESC}[201~; rm -rf /`, "ls; rm -rf /"],
    ["a beginning of it too", `${ESC}[200~x`, "x"],
    ["in the one-byte spelling", "a\u009b201~b", "ab"],
    ["nested, so that one pass would make one", `a${ESC}[20${ESC}[201~1~b`, "ab"],
    ["nested twice", `${ESC}[2${ESC}[2${ESC}[201~01~01~x`, "x"],
    ["in a mix of spellings", `a${ESC}[20\u009b201~1~b`, "ab"],
    ["escapes and other controls", `a${ESC}[31mb\u0003\u0000\u007f\u0085c`, "a[31mbc"],
    ["text of all kinds stays", "é漢🐚 “—”", "é漢🐚 “—”"],
    ["a lone surrogate becomes what it would be in UTF-8", "a\ud800b", "a\ufffdb"],
  ])("%s", (_name, text, expected) => {
    expect(cleanPaste(text)).toBe(expected);
  });
});

describe("pastePieces", () => {
  test("8 KiB at most, whole code points, nothing lost", () => {
    const text = "aé漢🐚".repeat(5_000);
    const pieces = pastePieces(text);
    const decoder = new TextDecoder("utf-8", { fatal: true });
    expect(pieces.length).toBe(7);
    expect(Math.max(...pieces.map((piece) => piece.length))).toBeLessThanOrEqual(8 * 1024);
    expect(pieces.map((piece) => decoder.decode(piece)).join("")).toBe(text);
  });

  test("none for nothing", () => {
    expect(pastePieces("")).toEqual([]);
  });
});
