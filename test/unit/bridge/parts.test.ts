import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeExecMessage, encodeResize, encodeStdin } from "../../../durable/bridge/exec-channels.ts";
import { FlowWindow } from "../../../durable/bridge/flow-window.ts";
import { bridgeLimits } from "../../../durable/bridge/limits.ts";
import { commandRuns, parkAt } from "../../../durable/bridge/parking.ts";
import { cleanPaste, PasteOrder } from "../../../durable/bridge/paste.ts";
import { utf8 } from "./world/rig.ts";

const message = (channel: number, text: string) => Uint8Array.of(channel, ...utf8(text));

describe("[B26] the exec's channels", () => {
  it("frames stdin as channel 0, in messages of 32 KiB", () => {
    const bytes = new Uint8Array(70_000).fill(7);
    const messages = encodeStdin(bytes);
    expect(messages.map((part) => part.length)).toEqual([32_769, 32_769, 4_465]);
    expect(messages.every((part) => part[0] === 0)).toBe(true);
    expect(encodeStdin(new Uint8Array(0))).toEqual([]);
  });

  it.each([
    ["stdout", message(1, "a"), { kind: "stdout", bytes: utf8("a") }],
    ["stderr", message(2, "a"), { kind: "stderr", bytes: utf8("a") }],
    ["what proves the upgrade", message(1, ""), { kind: "empty" }],
    ["nothing at all", new Uint8Array(0), { kind: "empty" }],
    ["a half-close", Uint8Array.of(255, 1), { kind: "closed", channel: 1 }],
    ["a malformed one", Uint8Array.of(255), { kind: "unknown", channel: 255 }],
    ["a channel of ours", message(0, "a"), { kind: "unknown", channel: 0 }],
  ])("reads %s", (_, bytes, frame) => {
    expect(decodeExecMessage("v5", bytes)).toEqual(frame);
  });

  it("knows no half-close in v4", () => {
    expect(decodeExecMessage("v4", Uint8Array.of(255, 1))).toEqual({ kind: "unknown", channel: 255 });
  });

  it.each([
    ["success", '{"metadata":{},"status":"Success"}', { success: true, exitCode: null }],
    [
      "an exit code",
      '{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"x"},{"reason":"ExitCode","message":"137"}]}}',
      { success: false, reason: "NonZeroExitCode", exitCode: 137 },
    ],
    ["a failure", '{"status":"Failure","reason":"InternalError","message":"boo"}', { success: false, message: "boo" }],
    ["nonsense", "}{", { success: false, reason: "Unreadable" }],
    [
      "hostile nonsense",
      '{"status":["Success"],"reason":{},"details":{"causes":{}}}',
      { success: false, exitCode: null },
    ],
  ])("reads a Status: %s", (_, json, status) => {
    expect(decodeExecMessage("v5", message(3, json))).toMatchObject({ kind: "status", status });
  });

  it("never lets a bad resize out", () => {
    expect(encodeResize(80, 24)).toEqual(message(4, '{"Width":80,"Height":24}'));
    for (const side of [0, -1, 1.5, 65_536, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(encodeResize(side, 24)).toBeNull();
      expect(encodeResize(80, side)).toBeNull();
    }
  });

  it("[B2] reads anything", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 60 }),
        fc.constantFrom("v4" as const, "v5" as const),
        (bytes, protocol) => decodeExecMessage(protocol, bytes).kind.length > 0,
      ),
    );
  });
});

describe("[B21] pastes", () => {
  it("keep text, tabs and line ends and lose every other control", () => {
    expect(cleanPaste("a\tb\r\nc\u0000\u0007\u001b[31md\u007f\u0085\u009b201~é漢🐚")).toBe("a\tb\r\nc[31md201~é漢🐚");
  });
  it("cannot end a bracketed paste, however nested", () => {
    expect(cleanPaste("\u001b[20\u001b[201~1~rm -rf\r")).not.toContain("\u001b");
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("\u001b", "[", "201~", "\u009b", "x", "\u0003", "é"), { maxLength: 40 }),
        (parts) => {
          const once = cleanPaste(parts.join(""));
          expect(cleanPaste(once)).toBe(once);
          expect([...once].every((unit) => unit >= " " && unit !== "\u009b")).toBe(true);
        },
      ),
    );
  });
  it("[P22] come in order, and no longer than 16 MiB", () => {
    const step = (id: number, seq: number, last = false, text = "x") => ({ id, seq, last, text });
    const order = new PasteOrder();
    expect(order.next(step(1, 5)), "goes on with what another object began").toBeNull();
    expect(order.next(step(1, 7))).not.toBeNull();
    const fresh = new PasteOrder();
    expect([
      fresh.next(step(1, 0)),
      fresh.next(step(1, 1, true)),
      fresh.next(step(2, 0)),
      fresh.next(step(3, 0)),
    ]).toEqual([null, null, null, null]);
    expect(fresh.next(step(4, 1)), "must begin").not.toBeNull();
    const cancelled = new PasteOrder();
    const give = (id: number, seq: number, last: boolean) => {
      expect(cancelled.next(step(id, seq, last))).toBeNull();
      return cancelled.givenUp(step(id, seq, last));
    };
    expect([give(1, 0, false), give(1, 1, false), give(2, 0, false)], "another gives up the first").toEqual([
      null,
      null,
      1,
    ]);
    cancelled.resumed();
    expect([give(2, 1, false), give(3, 0, true), give(4, 0, false)], "over sockets, too").toEqual([null, 2, null]);
    const long = new PasteOrder();
    const piece = "x".repeat(8192);
    for (let seq = 0; seq < 2048; seq++) expect(long.next(step(1, seq, false, piece))).toBeNull();
    expect(long.next(step(1, 2048, true, "x"))).not.toBeNull();
  });
});

describe("[B9] the window", () => {
  const fill = (window: FlowWindow, nowMs: number) => {
    const bytes = window.room;
    window.sent(bytes, nowMs);
    return bytes;
  };
  /** A viewer that takes `rate` bytes a millisecond, asked for `forMs`. */
  const settleAt = (rate: number, forMs: number): number => {
    const window = new FlowWindow(bridgeLimits);
    for (let nowMs = 0; nowMs < forMs; nowMs += 20) {
      fill(window, nowMs);
      window.acknowledged(Math.min(window.underWay, rate * 20), nowMs + 20);
    }
    return window.room + window.underWay;
  };
  it.each([
    [100, 25_000],
    [400, 100_000],
  ])("at %i kB/s is what is taken in 250 ms", (rate, bytes) => {
    expect(settleAt(rate, 20_000)).toBeGreaterThan(bytes * 0.9);
    expect(settleAt(rate, 20_000)).toBeLessThan(bytes * 1.1);
  });
  it("stays within its bounds", () => {
    expect(settleAt(1, 80_000)).toBe(16 * 1024);
    expect(settleAt(100_000, 20_000)).toBe(256 * 1024);
  });
  it("does not close because there was nothing to send", () => {
    const window = new FlowWindow(bridgeLimits);
    const before = window.room;
    for (let nowMs = 0; nowMs < 60_000; nowMs += 1_000) {
      window.sent(1, nowMs);
      window.acknowledged(1, nowMs + 200);
    }
    expect(window.room).toBe(before);
  });
});

describe("[B32] parking", () => {
  const idle = { emptySinceMs: null, hiddenSinceMs: null, lastOutputMs: 0, commandRuns: false, fragile: false };
  const minute = 60_000;
  it.each([
    ["somebody looks", idle, null],
    ["nobody is there", { ...idle, emptySinceMs: 7 }, 7 + minute],
    ["all is hidden and quiet", { ...idle, hiddenSinceMs: 7, lastOutputMs: 100 }, 100 + 5 * minute],
    ["hidden, a command runs", { ...idle, hiddenSinceMs: 7, commandRuns: true }, 7 + 120 * minute],
    ["hidden, output without end", { ...idle, hiddenSinceMs: 7, lastOutputMs: 10 ** 9 }, 7 + 120 * minute],
    ["plain, hidden", { ...idle, hiddenSinceMs: 7, fragile: true }, null],
    ["plain, nobody is there", { ...idle, emptySinceMs: 7, fragile: true }, 7 + 120 * minute],
  ])("%s", (_, idleness, at) => {
    expect(parkAt(idleness, bridgeLimits)).toBe(at);
  });
  it("takes a shell that waits for no command", () => {
    const window = {
      id: "@0",
      name: "",
      active: true,
      bell: false,
      activity: false,
      title: "",
      path: "",
      panes: ["%0"],
    };
    expect(commandRuns([{ ...window, command: "-zsh" }])).toBe(false);
    expect(
      commandRuns([
        { ...window, command: "bash" },
        { ...window, command: "terraform" },
      ]),
    ).toBe(true);
  });
});
