import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodeBase64, encodeFrame } from "../../../durable/protocol/frames.ts";
import type { PaneStart } from "../../../durable/protocol/messages.ts";
import { Rig, utf8, viewerId } from "./world/rig.ts";

const live = () => {
  const rig = new Rig();
  rig.join("s", "a");
  const start = rig.starts("s")[0] as PaneStart;
  return { rig, stream: start.stream };
};
const json = (value: unknown) => JSON.stringify(value);

describe("[P8] before the hello", () => {
  it.each([
    ["input", encodeFrame(0, utf8("x"))],
    ["an empty frame", new Uint8Array(0)],
    ["another message", json({ type: "focus", visible: true })],
    ["a hello without a viewer", json({ type: "hello", cols: 80, rows: 24, panes: [] })],
    ["text", "hello"],
    ["base64 where it is not spoken", encodeBase64(encodeFrame(0, utf8("x")))],
  ])("%s closes with 4409", (_, frame) => {
    const rig = new Rig();
    rig.open("s");
    rig.frame("s", frame);
    expect(rig.closed.get("s")).toMatchObject({ code: 4409 });
  });
  it("[P7] a ping is answered, and an unknown type ignored", () => {
    const rig = new Rig();
    rig.open("s");
    rig.frame("s", "ping");
    rig.frame("s", json({ type: "wave" }));
    expect(rig.takeRaw("s")).toEqual(["pong"]);
    expect(rig.closed.size).toBe(0);
  });
  it("nothing for 10 s closes with 4001", () => {
    const rig = new Rig();
    rig.open("s");
    rig.pass(10_000);
    expect(rig.closed.get("s")).toMatchObject({ code: 4001 });
  });
});

describe("a live socket", () => {
  const far = 2 ** 52;
  it.each([
    ["[P8] a second hello", () => json({ type: "hello", viewer: viewerId("a"), cols: 80, rows: 24, panes: [] })],
    ["[P5] an empty frame", () => new Uint8Array(0)],
    ["[P5] a channel that cannot be", () => encodeFrame(64, utf8("x"))],
    ["[P13] a channel never opened", () => encodeFrame(1, utf8("x"))],
    ["[P13] shutting a channel never opened", () => json({ type: "shut", channel: 9 })],
    ["[P5] too much input in a frame", () => encodeFrame(0, new Uint8Array(16 * 1024 + 1))],
    ["[P5] a binary frame above 64 KiB", () => new Uint8Array(64 * 1024 + 1)],
    ["[P5] a text frame above 64 KiB", () => json({ type: "wave", text: "x".repeat(65_536) })],
    ["[P5] one that is above it in UTF-8 only", () => json({ type: "wave", text: "漢".repeat(22_000) })],
    ["[P17] an offset in the future", (stream: string) => json({ type: "ack", channel: 0, stream, output: far })],
    ["[P3] an offset that is none", (stream: string) => json({ type: "ack", channel: 0, stream, output: -1 })],
    [
      "[P22] a paste that begins in its middle",
      () => json({ type: "paste", channel: 0, id: 2, seq: 4, last: false, text: "x" }),
    ],
  ])("%s: 4409", (title, frame) => {
    const { rig, stream } = live();
    if (title.includes("middle")) {
      rig.say("s", { type: "paste", channel: 0, id: 1, seq: 0, last: true, text: "x" });
    }
    rig.frame("s", frame(stream));
    expect(rig.closed.get("s")).toMatchObject({ code: 4409 });
    expect(rig.closed.get("s")?.reason).not.toBe("");
    // What still comes is ignored, and the others never notice.
    rig.type("s", "late");
    rig.join("t", "b");
    expect(rig.starts("t")).toHaveLength(1);
    expect(rig.tmux.panes.get("%0")?.typed.get(viewerId("a")) ?? "").not.toContain("late");
  });

  it.each([
    ["[P17] an ack of another stream", () => json({ type: "ack", channel: 0, stream: "0".repeat(32), output: far })],
    [
      "[P17] an ack of an older picture",
      (stream: string) => json({ type: "ack", channel: 0, stream, output: 0, picture: far }),
    ],
    ["[P24] sizes out of bounds", () => json({ type: "resize", cols: 65_535, rows: 0, fit: true })],
    ["[P4] a channel byte alone", () => Uint8Array.of(0)],
    ["[P12] opening what is open", () => json({ type: "open", pane: "%0" })],
    ["[P26] an unknown wish", () => json({ type: "window", do: "explode" })],
  ])("%s: ignored", (_, frame) => {
    const { rig, stream } = live();
    rig.take("s");
    rig.frame("s", frame(stream));
    expect(rig.closed.size).toBe(0);
    expect(rig.takeRaw("s")).toEqual([]);
  });

  it("[P18] a hello with an offset in the future: 4409", () => {
    const { rig, stream } = live();
    rig.join("t", "b", { panes: [{ pane: "%0", stream, output: 1 }] });
    expect(rig.closed.get("t")).toMatchObject({ code: 4409 });
  });

  it("[P20] floods of input that nobody takes: 4409, and no more is kept", () => {
    const { rig } = live();
    rig.execAlive = false;
    const frame = encodeFrame(0, new Uint8Array(16 * 1024).fill(97));
    for (let count = 0; count < 20; count++) rig.frame("s", frame);
    expect(rig.closed.get("s")).toMatchObject({ code: 4409 });
    expect(rig.bridge.counters().inputBytes).toBe(128 * 1024);
  });

  it("[B13] [P13] what comes on a closed channel is dropped, and its number is not used before it was shut", () => {
    const { rig } = live();
    const pane = rig.tmux.open({ cols: 80, rows: 24 });
    rig.pump();
    const first = rig.tmux.panes.get("%0");
    if (first === undefined) throw new Error("no pane");
    rig.tmux.close(first);
    rig.pump();
    const { messages } = rig.take("s");
    expect(messages.filter(({ type }) => type === "gone" || type === "pane")).toMatchObject([
      { type: "gone", channel: 0 },
      { type: "pane", channel: 1, pane: pane.id },
    ]);
    rig.type("s", "x", 0);
    expect(rig.closed.size).toBe(0);
    rig.say("s", { type: "shut", channel: 0 });
    rig.type("s", "x", 0);
    expect(rig.closed.size).toBe(0);
    rig.tmux.open({ cols: 80, rows: 24 });
    rig.pump();
    rig.say("s", { type: "open", pane: "%2" });
    expect(rig.starts("s")).toMatchObject([{ channel: 0, pane: "%2" }]);
  });

  it("[P6] under base64 speaks text both ways", () => {
    const rig = new Rig();
    rig.open("s", { base64: true });
    rig.say("s", { type: "hello", viewer: viewerId("a"), cols: 80, rows: 24, panes: [] });
    rig.frame("s", encodeBase64(encodeFrame(0, utf8("hi"))));
    rig.frame("s", "ping");
    const frames = rig.takeRaw("s");
    expect(frames.every((frame) => typeof frame === "string")).toBe(true);
    expect(frames).toContain("pong");
    expect(rig.tmux.panes.get("%0")?.typed.get(viewerId("a"))).toBe("hi");
    rig.frame("s", "AA=A");
    expect(rig.closed.get("s")).toMatchObject({ code: 4409 });
  });
});

describe("[B2] anything at all", () => {
  const message = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.uint8Array({ maxLength: 40 }),
    fc.json(),
    fc.constantFrom("hello", "resize", "ack", "focus", "open", "shut", "window", "paste").chain((type) =>
      fc
        .record(
          {
            viewer: fc.constantFrom(viewerId("a"), viewerId("b"), "x"),
            cols: fc.integer({ min: -1, max: 600 }),
            rows: fc.integer({ min: -1, max: 400 }),
            panes: fc.constantFrom<unknown>([], [{ pane: "%0", stream: viewerId("c"), output: 3 }], "x"),
            channel: fc.integer({ min: -1, max: 65 }),
            stream: fc.constantFrom(viewerId("c"), "y"),
            output: fc.nat(),
            visible: fc.boolean(),
            pane: fc.constantFrom("%0", "%1", "%99", "0"),
            do: fc.constantFrom("new", "select", "close", "rename"),
            window: fc.constantFrom("@0", "@9"),
            name: fc.string(),
            id: fc.nat(3),
            seq: fc.nat(3),
            last: fc.boolean(),
            text: fc.string(),
            fit: fc.boolean(),
          },
          { requiredKeys: [] },
        )
        .map((fields) => json({ type, ...fields })),
    ),
  );
  it("gives effects, and at most closes that socket", () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 30 }), (frames) => {
        const { rig } = live();
        rig.join("t", "d");
        for (const frame of frames) rig.frame("s", frame);
        rig.execSays(1, "");
        rig.do(rig.bridge.execMessage(Uint8Array.of(9, 9), rig.nowMs));
        rig.pass(20_000);
        expect(rig.closed.has("t")).toBe(false);
        const code = rig.closed.get("s")?.code;
        expect([undefined, 4409]).toContain(code);
      }),
      { numRuns: 300 },
    );
  });
});
