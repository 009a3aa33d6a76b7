// Owns the proof that signing in never leads away from our own origin.
// Must not know the sign-in.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseReturnTo } from "../../../worker/auth/return-to.ts";

const origin = "https://limpet.example.com";

describe("where a sign-in leads back", () => {
  it.each([
    ["/", "/"],
    ["/shell?tab=2#end", "/shell?tab=2#end"],
    ["/a/../b", "/b"],
    ["/authors", "/authors"],
    [`/${"a".repeat(2047)}`, `/${"a".repeat(2047)}`],
  ])("%s is kept", (asked, expected) => {
    expect(parseReturnTo(asked, origin)).toBe(expected);
  });

  it.each([
    undefined,
    "",
    "shell",
    "https://limpet.example.com/x",
    "https://evil.example",
    "//evil.example",
    "///evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n//evil.example",
    "/.//evil.example",
    "/x/..//evil.example",
    "javascript:alert(1)",
    "/auth/sign-in",
    "/x/../auth/sign-out",
    `/${"a".repeat(2048)}`,
  ])("%j becomes the start page", (asked) => {
    expect(parseReturnTo(asked, origin)).toBe("/");
  });

  it("whatever is asked, a browser that follows it stays on our origin", () => {
    const piece = fc.constantFrom(
      "/",
      "\\",
      ".",
      "..",
      "//",
      "\t",
      "\n",
      " ",
      "@",
      ":",
      "evil.example",
      "https:",
      "%2f",
      "%5c",
      "?",
      "#",
      "auth",
    );
    const asked = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 12 }).map((pieces) => `/${pieces.join("")}`),
    );
    fc.assert(
      fc.property(asked, (text) => {
        const target = parseReturnTo(text, origin);
        expect(target).toMatch(/^\/(?!\/)/);
        expect(new URL(target, `${origin}/auth/callback?code=x`).origin).toBe(origin);
      }),
      { numRuns: 5000 },
    );
  });
});
