// Owns the tests of when a socket is tried, trusted and given up.
// Must not know what is said over it.

import { describe, expect, test } from "vitest";
import { closeCode } from "../../../durable/protocol/close-codes.ts";
import { Rig, welcome } from "./rig.ts";

/** How long until the next `connect`, up to `mostMs`. */
function waitForConnect(rig: Rig, mostMs = 120_000): number | null {
  const since = rig.nowMs;
  for (let waited = 0; waited <= mostMs; waited += 10) {
    if (rig.takeOf("connect").length > 0) return rig.nowMs - since;
    rig.pass(10);
  }
  return null;
}

describe("reconnecting", () => {
  test("[P30] waits 250 ms to 2 s while visible, growing", () => {
    const rig = new Rig({ random: () => 0.999 });
    rig.live();
    rig.pass(6_000);
    rig.bytes("x");
    const waits: (number | null)[] = [];
    for (let round = 0; round < 6; round++) {
      rig.take();
      rig.closed(1006);
      waits.push(waitForConnect(rig));
    }
    expect(waits).toEqual([500, 1_000, 2_000, 2_000, 2_000, 2_000]);
  });

  test.each([0, 0.5, 0.999])("within 250 ms where it stood well until now, spread by the dice (%d)", (dice) => {
    const rig = new Rig({ random: () => dice });
    rig.live();
    rig.pass(4_000);
    rig.bytes("x");
    rig.pass(4_000);
    rig.bytes("y");
    rig.take();
    rig.closed(1006);
    // The rig looks every 10 ms.
    expect(waitForConnect(rig)).toBeLessThanOrEqual(dice * 250 + 10);
    rig.closed(1006);
    expect(waitForConnect(rig)).toBeGreaterThanOrEqual(250);
  });

  test("never less than 250 ms after one that did not, whatever the dice say", () => {
    const rig = new Rig({ random: () => 0 });
    rig.live();
    rig.take();
    rig.closed(1006);
    expect(waitForConnect(rig)).toBe(250);
  });

  test("up to a minute while hidden, at once when shown", () => {
    const rig = new Rig({ random: () => 0.999, visible: false });
    rig.start();
    for (let round = 0; round < 8; round++) {
      rig.closed(1006);
      expect(waitForConnect(rig)).toBeLessThanOrEqual(60_000);
    }
    rig.closed(1006);
    rig.take();
    rig.do((machine, nowMs) => machine.visibility(true, nowMs));
    expect(rig.takeOf("connect").length).toBe(1);
  });

  test("at once when the browser is online again", () => {
    const rig = new Rig();
    rig.live();
    rig.closed(1006);
    rig.take();
    rig.do((machine, nowMs) => machine.online(nowMs));
    expect(rig.takeOf("connect").length).toBe(1);
  });

  test("[P30] at once when the object asks for it, but not in a loop", () => {
    const rig = new Rig();
    rig.live();
    rig.pass(1_900);
    rig.says(welcome);
    rig.pass(4_000);
    rig.take();
    rig.closed(closeCode.again);
    expect(rig.takeOf("connect").length).toBe(1);
    rig.open();
    rig.says(welcome);
    rig.take();
    rig.closed(closeCode.again);
    expect(rig.takeOf("connect").length).toBe(0);
  });

  test.each([
    closeCode.signIn,
    closeCode.forbidden,
    closeCode.noShell,
    closeCode.version,
    closeCode.replaced,
    closeCode.protocol,
    closeCode.tooManyViewers,
  ])("[P30] never by itself after %i, until asked", (code) => {
    const rig = new Rig();
    rig.live();
    rig.closed(code);
    expect(rig.takeOf("link").at(-1)?.link).toEqual({ state: "ended", code, reason: "" });
    expect(waitForConnect(rig)).toBe(null);
    rig.start();
    expect(rig.takeOf("connect").length).toBe(1);
  });

  test("a socket that does not open within ten seconds is given up", () => {
    const rig = new Rig();
    rig.start();
    rig.pass(9_999);
    expect(rig.takeOf("close")).toEqual([]);
    rig.pass(1);
    expect(rig.takeOf("close").length).toBe(1);
  });
});

describe("liveness", () => {
  test("[P7] asks every two seconds while visible, never while hidden", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    for (let second = 0; second < 10; second++) {
      rig.pass(1_000);
      rig.do((machine, nowMs) => machine.text(rig.socket, "pong", nowMs));
    }
    expect(rig.takeOf("send").filter(({ data }) => data === "ping").length).toBe(5);
    rig.do((machine, nowMs) => machine.visibility(false, nowMs));
    rig.take();
    rig.pass(600_000);
    expect(rig.take()).toEqual([]);
  });

  test("[P7] a socket without any frame for six seconds is replaced at once, and what comes on it later is ignored", () => {
    const rig = new Rig();
    rig.live("$ ");
    const dead = rig.socket;
    rig.pass(5_999);
    expect(rig.takeOf("connect").length).toBe(1);
    rig.pass(1);
    const effects = rig.take();
    expect(effects.filter(({ type }) => type === "close")).toEqual([
      { type: "close", socket: dead, code: closeCode.silent, reason: "silent" },
    ]);
    expect(effects.filter(({ type }) => type === "connect").length).toBe(1);
    rig.do((machine, nowMs) => machine.text(dead, JSON.stringify(welcome), nowMs));
    rig.do((machine, nowMs) => machine.binary(dead, Uint8Array.of(0, 65), nowMs));
    rig.do((machine, nowMs) => machine.closed(dead, 1006, "", nowMs));
    expect(rig.take()).toEqual([]);
  });

  test("[P7] any frame is a sign of life", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    for (let round = 0; round < 10; round++) {
      rig.pass(5_000);
      rig.bytes("x");
    }
    expect(rig.takeOf("close")).toEqual([]);
  });

  test("shown again, it asks at once and waits only a moment for the answer", () => {
    const rig = new Rig();
    rig.live();
    rig.do((machine, nowMs) => machine.visibility(false, nowMs));
    rig.pass(3_600_000);
    rig.take();
    rig.do((machine, nowMs) => machine.visibility(true, nowMs));
    expect(rig.take().some((effect) => effect.type === "send" && effect.data === "ping")).toBe(true);
    rig.pass(2_499);
    expect(rig.takeOf("connect")).toEqual([]);
    rig.pass(1);
    expect(rig.takeOf("connect").length).toBe(1);
  });

  test("after a sleep it asks before it judges", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.nowMs += 3_600_000;
    rig.do((machine, nowMs) => machine.tick(nowMs));
    const effects = rig.take();
    expect(effects.some(({ type }) => type === "close")).toBe(false);
    expect(effects.some((effect) => effect.type === "send" && effect.data === "ping")).toBe(true);
    rig.do((machine, nowMs) => machine.text(rig.socket, "pong", nowMs));
    rig.pass(2_600);
    expect(rig.takeOf("close")).toEqual([]);
  });
});
