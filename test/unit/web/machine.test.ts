// Owns the tests of the machine step by step: hello, pictures, the stream, sizes, acknowledgements.
// Must not know sockets and terminals.

import { describe, expect, test } from "vitest";
import { closeCode } from "../../../durable/protocol/close-codes.ts";
import { paneStart, Rig, shown, streamA, streamB, viewer, welcome } from "./rig.ts";

describe("hello", () => {
  test("[P8] comes first and says the size and the colours", () => {
    const colours = { foreground: "#112233", background: "#ddeeff" };
    const rig = new Rig({ cols: 132, rows: 50, colours });
    rig.start();
    rig.open();
    expect(rig.sent()).toEqual([{ type: "hello", viewer, cols: 132, rows: 50, panes: [], colours }]);
  });

  test("[P8] after a cut it says what is here, bytes that are not parsed yet among them", () => {
    const rig = new Rig();
    rig.live("$ ", 1_000);
    rig.bytes("seven..");
    rig.closed(1006);
    rig.pass(2_000);
    rig.take();
    rig.open();
    expect(rig.sent()[0]).toMatchObject({ panes: [{ pane: "%0", stream: streamA, output: 1_007 }] });
  });

  test("[P8] a picture that was not whole is not said to be here", () => {
    const rig = new Rig();
    rig.live("old", 10);
    rig.says(paneStart({ stream: streamB, output: 99, snapshot: 8 }));
    rig.bytes("half");
    rig.closed(1006);
    rig.pass(2_000);
    expect(shown(rig.take())).toBe("[80x24][reset:old]");
    rig.open();
    expect(rig.sent()[0]).toMatchObject({ panes: [{ stream: streamA, output: 10 }] });
  });

  test("[P25] a hidden page says so", () => {
    const rig = new Rig({ visible: false });
    rig.start();
    rig.open();
    expect(rig.sent().map(({ type }) => type)).toEqual(["hello", "focus"]);
  });
});

describe("pictures", () => {
  test("[P15] are written in one go when the last byte is here, at the size they have", () => {
    const rig = new Rig();
    rig.start();
    rig.open();
    rig.says(welcome, paneStart({ output: 5, snapshot: 6, cols: 100, rows: 30, input: 0 }));
    rig.bytes("abc");
    expect(shown(rig.take())).toBe("");
    rig.bytes("defgh");
    rig.parseAll();
    expect(shown(rig.take())).toBe("[100x30][reset:abcdef]gh");
  });

  test("[P15] `picture` paints over and keeps what was written before", () => {
    const rig = new Rig();
    rig.live("$ ");
    rig.take();
    rig.bytes("one");
    rig.says(paneStart({ stream: streamB, output: 50, snapshot: 3, picture: true }));
    rig.bytes("two");
    rig.parseAll();
    expect(shown(rig.take())).toBe("one[over:two]");
  });

  test("[P15] a reset spares the terminal what it would wipe", () => {
    const rig = new Rig();
    rig.live("$ ");
    rig.take();
    rig.bytes(new Uint8Array(400_000).fill(65));
    rig.says(paneStart({ stream: streamB, output: 0, snapshot: 3 }));
    rig.bytes("new");
    rig.parseAll();
    const text = shown(rig.take());
    expect(text.length).toBeLessThan(200_000);
    expect(text.endsWith("[80x24][reset:new]")).toBe(true);
  });

  test("[P17] their bytes are acknowledged as they come, lest a large one wait for itself", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.says(paneStart({ stream: streamB, output: 7, snapshot: 100_000 }));
    rig.bytes(new Uint8Array(40_000));
    expect(rig.sent()).toEqual([{ type: "ack", channel: 0, stream: streamB, output: 7, picture: 40_000 }]);
    rig.bytes(new Uint8Array(10_000));
    expect(rig.sent()).toEqual([]);
    rig.pass(100);
    expect(rig.sent()).toEqual([{ type: "ack", channel: 0, stream: streamB, output: 7, picture: 50_000 }]);
  });
});

describe("the stream", () => {
  test("[P14] resumes without a reset", () => {
    const rig = new Rig();
    rig.live("$ ", 100);
    rig.bytes("abc");
    rig.closed(1006);
    rig.pass(2_000);
    rig.take();
    rig.open();
    rig.says(welcome, paneStart({ output: 103, resumed: true, input: 0 }));
    rig.bytes("def");
    expect(shown(rig.take())).toBe("def");
  });

  test("[P14] resumed elsewhere than asked for, it starts again with a picture", () => {
    const rig = new Rig();
    rig.live("$ ", 100);
    rig.says(paneStart({ output: 99, resumed: true }));
    const effects = rig.take();
    expect(effects).toContainEqual(expect.objectContaining({ type: "close", code: closeCode.again }));
    rig.pass(2_000);
    rig.open();
    expect(rig.sent().find(({ type }) => type === "hello")).toMatchObject({ panes: [] });
  });

  test("a code point cut between frames is written whole", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.bytes(Uint8Array.of(0x41, 0xe2, 0x80));
    rig.bytes(Uint8Array.of(0x94, 0xf0, 0x9f));
    rig.bytes(Uint8Array.of(0x90));
    rig.bytes(Uint8Array.of(0x9a, 0x42));
    expect(shown(rig.take())).toBe("A—🐚B");
  });

  test("keeps two writes under way, not more, and goes on as they are parsed", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.bytes(new Uint8Array(500_000).fill(65));
    const first = rig.takeOf("write");
    expect(first.map(({ bytes }) => bytes.length)).toEqual([65_536, 65_536]);
    rig.do((machine, nowMs) => machine.parsed("%0", first[0]?.id ?? 0, nowMs));
    expect(rig.takeOf("write").length).toBe(1);
  });

  test("[P16] a size applies at its offset, and only after what came before is parsed", () => {
    const rig = new Rig();
    rig.live("", 10);
    rig.take();
    rig.says({ type: "size", channel: 0, stream: streamA, output: 13, cols: 40, rows: 10 });
    rig.bytes("abcdef");
    expect(shown(rig.take())).toBe("abc");
    rig.do((machine, nowMs) => machine.parsed("%0", 2, nowMs));
    expect(shown(rig.take())).toBe("[40x10]def");
  });

  test("[P16] a size of another stream is nothing", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.says({ type: "size", channel: 0, stream: streamB, output: 0, cols: 40, rows: 10 });
    expect(rig.take()).toEqual([]);
  });

  test("[P17] what was parsed is acknowledged at 32 KiB or after 100 ms, not before it was parsed", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.bytes(new Uint8Array(40_000).fill(65));
    rig.pass(500);
    const [write] = rig.take().filter((effect) => effect.type === "write");
    expect(rig.sent()).toEqual([]);
    rig.do((machine, nowMs) => machine.parsed("%0", write?.id ?? 0, nowMs));
    expect(rig.sent()).toEqual([{ type: "ack", channel: 0, stream: streamA, output: 40_000 }]);
    rig.bytes("few");
    rig.parseAll();
    expect(rig.sent()).toEqual([]);
    rig.pass(99);
    expect(rig.sent()).toEqual([]);
    rig.pass(1);
    expect(rig.sent()).toEqual([{ type: "ack", channel: 0, stream: streamA, output: 40_003 }]);
  });
});

describe("channels", () => {
  test("[P13] `gone` is answered with `shut`, and what still comes on it is dropped", () => {
    const rig = new Rig();
    rig.live("$ ");
    rig.take();
    rig.says({ type: "gone", channel: 0 });
    rig.bytes("late");
    const effects = rig.take();
    expect(effects.filter(({ type }) => type === "pane-gone").length).toBe(1);
    expect(effects.filter(({ type }) => type === "write")).toEqual([]);
    expect(effects).toContainEqual(
      expect.objectContaining({ type: "send", data: JSON.stringify({ type: "shut", channel: 0 }) }),
    );
  });

  test("[P11] several panes keep apart", () => {
    const rig = new Rig();
    rig.live();
    rig.says(paneStart({ channel: 5, pane: "%3", stream: streamB, input: 0 }));
    rig.take();
    rig.bytes("zero", 0);
    rig.bytes("three", 5);
    expect(rig.takeOf("write").map(({ pane, bytes }) => [pane, new TextDecoder().decode(bytes)])).toEqual([
      ["%0", "zero"],
      ["%3", "three"],
    ]);
    rig.type("a", "%3");
    rig.type("b", "%0");
    expect(rig.sent()).toEqual([
      { type: "keys", channel: 5, text: "a" },
      { type: "keys", channel: 0, text: "b" },
    ]);
  });

  test("a pane that closed while the page was away is told of by its absence", () => {
    const rig = new Rig();
    rig.live();
    rig.says(paneStart({ channel: 1, pane: "%1", stream: streamB, input: 0 }));
    rig.closed(1006);
    rig.pass(2_000);
    rig.open();
    rig.take();
    const window = { id: "@0", name: "", active: true, bell: false, activity: false, title: "", command: "", path: "" };
    rig.says({ type: "welcome", role: "drive", windows: [{ ...window, panes: ["%1"] }] });
    expect(rig.takeOf("pane-gone")).toEqual([{ type: "pane-gone", pane: "%0" }]);
  });
});

describe("sizes of this page", () => {
  test("[P24] are said when they rest, and only when they changed", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    for (let cols = 81; cols <= 90; cols++) {
      rig.do((machine, nowMs) => machine.resized(cols, 24, nowMs));
      rig.pass(20);
    }
    expect(rig.sent()).toEqual([]);
    rig.pass(60);
    expect(rig.sent()).toEqual([{ type: "resize", cols: 90, rows: 24 }]);
    rig.do((machine, nowMs) => machine.resized(90, 24, nowMs));
    rig.pass(200);
    expect(rig.sent()).toEqual([]);
  });

  test('[P24] "fit to me" says so', () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.do((machine, nowMs) => machine.fit(nowMs));
    expect(rig.sent()).toEqual([{ type: "resize", cols: 80, rows: 24, fit: true }]);
  });

  test("[P24] nonsense stays within what the protocol takes", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.do((machine, nowMs) => machine.resized(0.4, 9_999, nowMs));
    rig.pass(100);
    expect(rig.sent()).toEqual([{ type: "resize", cols: 2, rows: 300 }]);
  });
});

describe("colours of this page", () => {
  const [dark, light] = [
    { foreground: "#eeeeee", background: "#111111" },
    { foreground: "#111111", background: "#eeeeee" },
  ];

  test("[P25] a switch is said at once, and by every hello after it", () => {
    const rig = new Rig({ colours: dark });
    rig.live();
    expect(rig.sent()).toContainEqual(expect.objectContaining({ type: "hello", colours: dark }));
    rig.do((machine, nowMs) => machine.colours(light, nowMs));
    expect(rig.sent()).toEqual([{ type: "colours", ...light }]);
    rig.closed(1006);
    rig.pass(2_000);
    rig.open();
    expect(rig.sent()).toContainEqual(expect.objectContaining({ type: "hello", colours: light }));
  });
});

describe("frames that are none", () => {
  test.each([
    ["no JSON", "{"],
    ["a field of the wrong type", JSON.stringify({ ...paneStart(), output: "7" })],
    ["an offset that is no number of bytes", JSON.stringify({ ...paneStart(), output: -1 })],
    ["a channel too high", JSON.stringify({ type: "ack", channel: 64, input: 0 })],
  ])("[P3] %s: the socket is replaced", (_name, text) => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.do((machine, nowMs) => machine.text(rig.socket, text, nowMs));
    expect(rig.takeOf("close")[0]).toMatchObject({ code: closeCode.protocol });
  });

  test.each([
    ["an unknown type", JSON.stringify({ type: "hologram", x: 1 })],
    ["an acknowledgement of what was never typed", JSON.stringify({ type: "ack", channel: 0, input: 1e9 })],
    ["an acknowledgement on a closed channel", JSON.stringify({ type: "ack", channel: 9, input: 1 })],
  ])("[P3] %s: ignored", (_name, text) => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.do((machine, nowMs) => machine.text(rig.socket, text, nowMs));
    expect(rig.take()).toEqual([]);
  });

  test("[P13] bytes on no channel are ignored", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    for (const frame of [Uint8Array.of(), Uint8Array.of(64, 1), Uint8Array.of(9, 1)]) {
      rig.do((machine, nowMs) => machine.binary(rig.socket, frame, nowMs));
    }
    expect(rig.take()).toEqual([]);
  });
});
