// Owns the proof of how large a query may be.
// Must not know how it is served.

import { getIntrospectionQuery, parse } from "graphql";
import { describe, expect, it } from "vitest";
import { findExcess } from "../../../worker/graphql/limits.ts";

const nested = (depth: number): string => `{ ${"a { ".repeat(depth - 1)}b${" }".repeat(depth - 1)} }`;

describe("a query's size", () => {
  it.each([
    ["one field", "{ a }"],
    ["eight deep", nested(8)],
    ["eight deep through fragments", `{ a { ...f } } fragment f on T { ${nested(7).slice(2, -2)} }`],
    ["400 fields", `{ ${"a ".repeat(400)}}`],
    ["what tools ask of the schema", getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true })],
    ["a fragment that is not there", "{ ...nowhere }"],
    ["ten changes", `mutation { ${Array.from({ length: 10 }, (_, i) => `x${i}: a { b c d }`).join(" ")} }`],
  ])("of %s is taken", (_what, query) => {
    expect(findExcess(parse(query))).toBeNull();
  });

  it.each([
    ["nine deep", nested(9), "too deep"],
    ["nine deep through fragments", `{ a { ...f } } fragment f on T { ${nested(8).slice(2, -2)} }`, "too deep"],
    ["nine deep through an inline fragment", `{ ... { ${nested(9).slice(2, -2)} } }`, "too deep"],
    ["401 fields", `{ ${"a ".repeat(401)}}`, "too wide"],
    ["401 aliases", `{ ${Array.from({ length: 401 }, (_, i) => `x${i}: a`).join(" ")} }`, "too wide"],
    [
      "eleven changes",
      `mutation { ${Array.from({ length: 11 }, (_, i) => `x${i}: a`).join(" ")} }`,
      "too many changes",
    ],
    [
      "eleven changes through a fragment",
      `mutation { ${"...f ".repeat(11)} } fragment f on M { a }`,
      "too many changes",
    ],
    ["a fragment spread 401 times", `{ ${"...f ".repeat(401)}} fragment f on T { a }`, "too wide"],
    ["a schema asked for without end", `{ __schema { ${nested(20).slice(2, -2)} } }`, "too deep into the schema"],
    ["a fragment within itself", "{ ...f } fragment f on T { a { ...f } }", "contain themselves"],
    [
      "two fragments within each other",
      "{ a } fragment f on T { ...g } fragment g on T { ...f }",
      "contain themselves",
    ],
  ])("of %s is refused", (_what, query, why) => {
    expect(findExcess(parse(query))).toContain(why);
  });

  it("is measured in time that grows with the document alone", () => {
    const levels = Array.from({ length: 300 }, (_, i) => `fragment f${i} on T { ...f${i + 1} ...f${i + 1} }`);
    expect(findExcess(parse(`{ ...f0 } ${levels.join(" ")} fragment f300 on T { a }`))).toContain("too wide");
  });
});
