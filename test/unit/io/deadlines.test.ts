import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type AlarmStorage, Deadlines } from "../../../durable/io/deadlines.ts";

const start = 1_800_000_000_000;

/** The platform's alarm: one time, and how often it was written, for each write costs a row. */
class Platform implements AlarmStorage {
  alarmAtMs: number | null = null;
  writes = 0;

  async getAlarm(): Promise<number | null> {
    return this.alarmAtMs;
  }

  async setAlarm(atMs: number): Promise<void> {
    this.alarmAtMs = atMs;
    this.writes += 1;
  }

  async deleteAlarm(): Promise<void> {
    this.alarmAtMs = null;
    this.writes += 1;
  }
}

let platform: Platform;
let rung: string[];

beforeEach(() => {
  vi.useFakeTimers({ now: start });
  platform = new Platform();
  rung = [];
});

afterEach(() => {
  vi.useRealTimers();
});

async function clockwork(): Promise<Deadlines<string>> {
  const deadlines = new Deadlines<string>(platform, Date.now, (name) => rung.push(name));
  await deadlines.restore();
  return deadlines;
}

describe("deadlines", () => {
  it("ring by a timer when near, each once and in order", async () => {
    const deadlines = await clockwork();
    deadlines.set("second", start + 400, true);
    deadlines.set("first", start + 200, false);
    await vi.advanceTimersByTimeAsync(199);
    expect(rung).toEqual([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(rung).toEqual(["first", "second"]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ring once and on time where they move on with every message, for one timer each", async () => {
    const deadlines = await clockwork();
    for (let at = 0; at < 1_000; at += 10) {
      deadlines.set("bridge", start + at + 500, false);
      await vi.advanceTimersByTimeAsync(10);
      expect(vi.getTimerCount()).toBe(1);
    }
    expect(rung).toEqual([]);
    await vi.advanceTimersByTimeAsync(489);
    expect(rung).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(rung).toEqual(["bridge"]);
  });

  it("leave a far one to the alarm, so that the object may sleep", async () => {
    const deadlines = await clockwork();
    deadlines.set("expiry", start + 3_600_000, true);
    expect(platform.alarmAtMs).toBe(start + 3_600_000);
    expect(vi.getTimerCount()).toBe(0);
    vi.setSystemTime(start + 3_600_000);
    platform.alarmAtMs = null;
    deadlines.alarmed();
    expect(rung).toEqual(["expiry"]);
  });

  it("ring on time where the alarm came for another one a moment before", async () => {
    const deadlines = await clockwork();
    deadlines.set("expiry", start + 25_000, true);
    deadlines.set("lifecycle", start + 20_000, true);
    await vi.advanceTimersByTimeAsync(20_000);
    platform.alarmAtMs = null;
    deadlines.alarmed();
    expect(rung).toEqual(["lifecycle"]);
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rung).toEqual(["lifecycle", "expiry"]);
  });

  it("keep a far one that only matters while awake in memory alone", async () => {
    const deadlines = await clockwork();
    deadlines.set("check", start + 30_000, false);
    expect(platform.writes).toBe(0);
    expect(vi.getTimerCount()).toBe(1);
    deadlines.set("check", null, false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("stand in for a timer that is lost with the object", async () => {
    const deadlines = await clockwork();
    deadlines.set("look", start + 250, true);
    expect(platform.alarmAtMs).toBeGreaterThan(start + 250);
    expect(platform.alarmAtMs).toBeLessThanOrEqual(start + 60_000);
  });

  it("write a row every twenty seconds at most, however often a near one moves", async () => {
    const deadlines = await clockwork();
    for (let n = 0; n < 240; n += 1) {
      deadlines.set("look", Date.now() + 250, true);
      await vi.advanceTimersByTimeAsync(250);
    }
    expect(rung).toHaveLength(240);
    expect(platform.writes).toBeLessThanOrEqual(4);
  });

  it("move the alarm forward at once, and let one that is too early come", async () => {
    const deadlines = await clockwork();
    deadlines.set("expiry", start + 3_600_000, true);
    deadlines.set("expiry", start + 7_200_000, true);
    expect(platform.alarmAtMs).toBe(start + 3_600_000);
    deadlines.set("session", start + 1_800_000, true);
    expect(platform.alarmAtMs).toBe(start + 1_800_000);
    vi.setSystemTime(start + 1_800_000);
    platform.alarmAtMs = null;
    deadlines.alarmed();
    expect(rung).toEqual(["session"]);
    expect(platform.alarmAtMs).toBe(start + 7_200_000);
  });

  it("take the alarm away with the last of them", async () => {
    const deadlines = await clockwork();
    deadlines.set("expiry", start + 3_600_000, true);
    deadlines.set("expiry", null, true);
    expect(platform.alarmAtMs).toBeNull();
  });

  it("know after waking what the alarm is set to", async () => {
    platform.alarmAtMs = start + 1_000_000;
    const deadlines = await clockwork();
    deadlines.set("expiry", start + 2_000_000, true);
    expect(platform.writes).toBe(0);
    deadlines.set("expiry", start + 500_000, true);
    expect(platform.alarmAtMs).toBe(start + 500_000);
  });

  it("let what rings set itself anew", async () => {
    const deadlines: Deadlines<string> = new Deadlines<string>(platform, Date.now, (name) => {
      rung.push(name);
      if (rung.length < 3) deadlines.set(name, Date.now() + 100, true);
    });
    await deadlines.restore();
    deadlines.set("look", start + 100, true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rung).toEqual(["look", "look", "look"]);
  });
});
