// Owns the tests of cutting bytes between code points.
// Must not know who cuts.

import { describe, expect, test } from "vitest";
import { cutBetweenCodePoints, unfinishedTail } from "../../../web/terminal/utf8.ts";

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe("unfinishedTail", () => {
  test.each([
    ["nothing", bytes(), 0],
    ["ASCII", bytes(0x41, 0x42), 0],
    ["a whole two-byte sequence", bytes(0xc3, 0xa9), 0],
    ["the first of two", bytes(0x41, 0xc3), 1],
    ["the first of three", bytes(0xe2), 1],
    ["two of three, the second 0x80, which xterm.js loses", bytes(0x41, 0xe2, 0x80), 2],
    ["three of three", bytes(0xe2, 0x80, 0x94), 0],
    ["three of four", bytes(0xf0, 0x9f, 0x90), 3],
    ["four of four", bytes(0xf0, 0x9f, 0x90, 0x9a), 0],
    ["continuation bytes that follow nothing", bytes(0x80, 0x80, 0x80, 0x80), 0],
    ["a byte that never begins a sequence", bytes(0x41, 0xff), 0],
    ["an overlong beginning", bytes(0xc0), 0],
    ["more continuation bytes than announced", bytes(0xc3, 0xa9, 0x80), 0],
  ])("%s", (_name, input, expected) => {
    expect(unfinishedTail(input)).toBe(expected);
  });

  test("every cut of a text, held back and joined again, gives the text", () => {
    const text = new TextEncoder().encode("aé漢🐚—ﬃ\u{10ffff}z");
    for (let cut = 0; cut <= text.length; cut++) {
      const first = text.subarray(0, cut);
      const tail = unfinishedTail(first);
      const decoder = new TextDecoder("utf-8", { fatal: true });
      expect(() => decoder.decode(first.subarray(0, cut - tail))).not.toThrow();
      expect(() => decoder.decode(text.subarray(cut - tail))).not.toThrow();
    }
  });
});

test("cutBetweenCodePoints never goes over the limit nor into a code point", () => {
  const text = new TextEncoder().encode("aé漢🐚".repeat(50));
  for (let limit = 4; limit < 40; limit++) {
    let joined = "";
    for (let start = 0; start < text.length; ) {
      const end = cutBetweenCodePoints(text, start, limit);
      expect(end - start).toBeGreaterThan(0);
      expect(end - start).toBeLessThanOrEqual(limit);
      joined += new TextDecoder("utf-8", { fatal: true }).decode(text.subarray(start, end));
      start = end;
    }
    expect(joined).toBe("aé漢🐚".repeat(50));
  }
});
