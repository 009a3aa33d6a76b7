import { describe, expect, it } from "vitest";
import { events, said, settled, states } from "./pairs.ts";

const pairs = Object.entries(states).flatMap(([state, record]) =>
  Object.entries(events).map(([name, event]) => {
    const before = settled(record);
    return { state, name, before, after: event(before) };
  }),
);

describe("every state with every event", () => {
  it("comes to what the table says", async () => {
    let table = "";
    let last = "";
    for (const { state, name, before, after } of pairs) {
      if (state !== last) table += `\n${state}\n`;
      last = state;
      table += `  ${name.padEnd(16)} ${said(before, after)}\n`;
    }
    // Read it when it changes: `vitest -u` writes what is, not what ought to be.
    await expect(table).toMatchFileSnapshot("./pairs.txt");
  });

  it("asks for no pod that nobody wants, and for none to end that is wanted and well", () => {
    for (const { state, name, after } of pairs) {
      if (after === null || "refused" in after || after.life.record === null) continue;
      const { record, next } = after.life;
      const what = `${state}, ${name}`;
      if (next?.call.type === "create") expect(record.desired, what).toBe("present");
      if (next?.call.type === "forget") expect(record.desired, what).toBe("deleted");
      if (next?.call.type !== "delete") continue;
      const ends = record.desired !== "present" || record.replacing !== null || record.phase === "creating";
      expect(ends, what).toBe(true);
    }
  });

  it("leaves nothing on its way without a next step", () => {
    for (const { state, name, before, after } of pairs) {
      if (after === null || "refused" in after || after.life.record === null) continue;
      const { record, next, setUp } = after.life;
      // What changes nothing leaves the next step as it was; here there was none.
      if (said(before, after) === "=" || record.phase === before.record?.phase) continue;
      const rests = ["ready", "absent", "failed"].includes(record.phase);
      expect(rests || next !== null || setUp.dueMs !== null, `${state}, ${name}`).toBe(true);
    }
  });

  it("says why, wherever it failed or is not there any more", () => {
    for (const { state, name, before, after } of pairs) {
      if (after === null || "refused" in after || after.life.record === before.record) continue;
      const { record } = after.life;
      if (record?.phase !== "failed" || before.record?.phase === "failed") continue;
      expect([record.reason, record.detail], `${state}, ${name}`).not.toContain(null);
    }
  });
});
