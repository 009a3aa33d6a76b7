// Owns the proof that one thing done to many is bounded, and that one failure stops nothing.
// Must not know what is done.

import { describe, expect, it } from "vitest";
import { doEach } from "../../../worker/reaper/each.ts";

const items = Array.from({ length: 100 }, (_, number) => ({ number }));
const always = async (): Promise<boolean> => true;

describe("one thing done to many", () => {
  it("does all, at most six at a time, each once", async () => {
    let atOnce = 0;
    let most = 0;
    const seen: number[] = [];
    const outcome = await doEach(items, always, async ({ number }) => {
      atOnce += 1;
      most = Math.max(most, atOnce);
      seen.push(number);
      for (let turn = 0; turn <= number % 3; turn += 1) await Promise.resolve();
      atOnce -= 1;
      return number % 2 === 0;
    });
    expect(most).toBe(6);
    expect(seen.toSorted((a, b) => a - b)).toEqual(items.map(({ number }) => number));
    expect(outcome).toEqual({ done: 50, failed: [], left: 0 });
  });

  it("goes on after failures and names them", async () => {
    const outcome = await doEach(items, always, async ({ number }) => {
      if (number % 10 === 0) throw new Error(`no ${number}`);
      return true;
    });
    expect(outcome.done).toBe(90);
    expect(outcome.failed.map(({ item }) => item.number)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(outcome.left).toBe(0);
  });

  it("stops where it may not go on, and says how many were left", async () => {
    let asked = 0;
    const some = async (): Promise<boolean> => {
      asked += 1;
      return asked <= 30;
    };
    const outcome = await doEach(items, some, async () => true);
    expect(outcome).toEqual({ done: 30, failed: [], left: 70 });
  });

  it("asks for nothing where there is nothing", async () => {
    const never = async (): Promise<boolean> => {
      throw new Error("asked");
    };
    expect(await doEach([], never, async () => true)).toEqual({ done: 0, failed: [], left: 0 });
  });
});
