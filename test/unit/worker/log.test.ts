// Owns the proof that an error's description tells where and what, and nothing that was asked of the database.
// Must not know who logs.

import { DrizzleQueryError } from "drizzle-orm/errors";
import { describe, expect, it } from "vitest";
import { describeError } from "../../../worker/log.ts";

describe("an error in the log", () => {
  it("has its class, message and place", () => {
    const { error, stack } = describeError(new RangeError("too far"));
    expect(error).toBe("RangeError: too far");
    expect(stack).toMatch(/^ {4}at .*log\.test\.ts/);
    expect(stack).not.toContain("too far");
  });

  it("of a query leaves its parameters out", () => {
    const failed = new DrizzleQueryError(
      "select * from users where email = ?",
      ["ada@example.com"],
      new Error("no such table: users"),
    );
    const described = describeError(failed);
    expect(JSON.stringify(described)).not.toContain("ada@example.com");
    expect(described).toMatchObject({
      error: "Error: no such table: users",
      query: "select * from users where email = ?",
    });
  });

  it("leaves its cause out", () => {
    expect(JSON.stringify(describeError(new Error("outer", { cause: new Error("a token") })))).not.toContain("token");
  });

  it.each(["a token", undefined, null, { token: "x" }])("that is %j and no Error is not shown", (thrown) => {
    expect(JSON.stringify(describeError(thrown))).not.toContain("token");
  });
});
