// Owns the tests of input step by step: counted, kept, sent again once; typed while away; pastes.
// Must not know sockets and terminals.

import { describe, expect, test } from "vitest";
import { paneStart, Rig, streamB, welcome } from "./rig.ts";

function cutAndBack(rig: Rig, awayMs: number, input: number | null): void {
  rig.closed(1006);
  rig.pass(awayMs);
  rig.take();
  rig.open();
  rig.take();
  rig.says(welcome, paneStart({ resumed: true, input }));
}

const notices = (rig: Rig): readonly string[] => rig.takeOf("input-notice").map(({ notice }) => notice);

describe("keys", () => {
  test("[P5] go up at once, in frames of 16 KiB at most", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    rig.type("a");
    rig.type("x".repeat(20_000));
    const lengths = rig.takeOf("send").map(({ data }) => data.length - 1);
    expect(lengths).toEqual([1, 16_384, 3_616]);
  });

  test("[P21] not known to be taken, they are sent again, from where the server stands, once", () => {
    const rig = new Rig();
    rig.live();
    for (const key of "abcdef") rig.type(key);
    rig.says({ type: "ack", channel: 0, input: 2 });
    cutAndBack(rig, 2_000, 4);
    expect(rig.sent()).toEqual([
      { type: "keys", channel: 0, text: "e" },
      { type: "keys", channel: 0, text: "f" },
    ]);
    rig.says({ type: "ack", channel: 0, input: 6 });
    cutAndBack(rig, 2_000, 6);
    expect(rig.sent()).toEqual([]);
  });

  test("[P21] what the object has accepted is not sent again, but kept until tmux has it", () => {
    const rig = new Rig();
    rig.live();
    for (const key of "abcd") rig.type(key);
    rig.says({ type: "ack", channel: 0, input: 1 });
    cutAndBack(rig, 2_000, 4);
    expect(rig.sent()).toEqual([]);
    // The object died with "cd" in its hands.
    cutAndBack(rig, 2_000, 2);
    expect(rig.sent()).toEqual([
      { type: "keys", channel: 0, text: "c" },
      { type: "keys", channel: 0, text: "d" },
    ]);
  });

  test("[P21] half a frame accepted: the other half is sent again", () => {
    const rig = new Rig();
    rig.live();
    rig.type("abcdef");
    cutAndBack(rig, 2_000, 4);
    expect(rig.sent()).toEqual([{ type: "keys", channel: 0, text: "ef" }]);
  });

  test("[P19] a reloaded page goes on counting where the old one was", () => {
    const rig = new Rig();
    rig.live("$ ", 0, 500);
    rig.type("ab");
    rig.says({ type: "ack", channel: 0, input: 501 });
    cutAndBack(rig, 2_000, 501);
    expect(rig.sent()).toEqual([{ type: "keys", channel: 0, text: "b" }]);
  });

  test("[P21] forgotten by the server: nothing is sent again, and it is said", () => {
    const rig = new Rig();
    rig.live();
    rig.type("rm -rf build\r");
    cutAndBack(rig, 2_000, null);
    const effects = rig.take();
    expect(effects.filter(({ type }) => type === "send")).toEqual([]);
    expect(effects).toContainEqual({ type: "input-notice", pane: "%0", notice: "input-lost" });
    rig.type("x");
    rig.says({ type: "ack", channel: 0, input: 1 });
    cutAndBack(rig, 2_000, 1);
    expect(rig.sent()).toEqual([]);
  });

  test("[P21] forgotten with nothing under way: nothing to say", () => {
    const rig = new Rig();
    rig.live();
    rig.type("ls\r");
    rig.says({ type: "ack", channel: 0, input: 3 });
    cutAndBack(rig, 2_000, null);
    expect(notices(rig)).toEqual([]);
  });

  test("[P20] a shell that takes nothing does not fill the page's memory", () => {
    const rig = new Rig();
    rig.live();
    rig.type("x".repeat(60_000));
    rig.take();
    rig.type("x".repeat(10_000));
    expect(notices(rig)).toEqual(["input-refused"]);
  });

  test("[P23] of somebody who may only watch do not go up", () => {
    const rig = new Rig();
    rig.start();
    rig.open();
    rig.says({ type: "welcome", role: "view", windows: [] }, paneStart({ input: 0 }));
    rig.take();
    rig.type("ls\r");
    expect(rig.take()).toEqual([{ type: "input-notice", pane: "%0", notice: "view-only" }]);
  });
});

describe("typed while away", () => {
  test("goes up when back in time, after what was sent before", () => {
    const rig = new Rig();
    rig.live();
    rig.type("a");
    rig.closed(1006);
    rig.type("b");
    rig.pass(1_000);
    rig.type("c");
    rig.open();
    rig.take();
    rig.says(welcome, paneStart({ resumed: true, input: 0 }));
    expect(rig.sent()).toEqual([
      { type: "keys", channel: 0, text: "a" },
      { type: "keys", channel: 0, text: "b" },
      { type: "keys", channel: 0, text: "c" },
    ]);
  });

  test("too long ago: none of it, and it is said; what was sent before is sent again", () => {
    const rig = new Rig();
    rig.live();
    rig.type("a");
    rig.closed(1006);
    rig.type("rm -rf /tmp/");
    rig.pass(9_000);
    rig.type("x\r");
    rig.pass(1_100);
    rig.open();
    rig.take();
    rig.says(welcome, paneStart({ resumed: true, input: 0 }));
    const effects = rig.take();
    expect(effects.filter(({ type }) => type === "send").length).toBe(1);
    expect(effects).toContainEqual({ type: "input-notice", pane: "%0", notice: "input-too-old" });
  });

  test("too much: none of it, and it is said", () => {
    const rig = new Rig();
    rig.live();
    rig.closed(1006);
    rig.type("x".repeat(4_000));
    rig.type("y".repeat(200));
    rig.type("z");
    rig.pass(1_000);
    rig.open();
    rig.take();
    rig.says(welcome, paneStart({ resumed: true, input: 0 }));
    const effects = rig.take();
    expect(effects.filter(({ type }) => type === "send")).toEqual([]);
    expect(effects).toContainEqual({ type: "input-notice", pane: "%0", notice: "input-too-much" });
    rig.type("ok");
    expect(rig.sent()).toEqual([{ type: "keys", channel: 0, text: "ok" }]);
  });

  test("even when the server forgot the rest, for it was never sent", () => {
    const rig = new Rig();
    rig.live();
    rig.type("a");
    rig.closed(1006);
    rig.type("b");
    rig.pass(1_000);
    rig.open();
    rig.take();
    rig.says(welcome, paneStart({ input: null }));
    expect(rig.sent()).toEqual([{ type: "keys", channel: 0, text: "b" }]);
  });
});

describe("pastes", () => {
  const paste = (rig: Rig, text: string): void => rig.do((machine, nowMs) => machine.paste("%0", text, nowMs));

  test("[P22] are cleaned, cut, counted with the keys and paced by acknowledgements", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    paste(rig, `${"0123456789abcdef".repeat(4 * 1024)}\n`);
    const first = rig.sent();
    expect(
      first.map((message) => (message.type === "paste" ? [message.seq, message.last, message.text.length] : null)),
    ).toEqual([0, 1, 2, 3].map((seq) => [seq, false, 8_192]));
    rig.says({ type: "ack", channel: 0, input: 8_192 });
    expect(rig.sent()).toMatchObject([{ type: "paste", id: 100, seq: 4, last: false }]);
    rig.says({ type: "ack", channel: 0, input: 5 * 8_192 });
    expect(rig.sent()).toMatchObject([
      { seq: 5 },
      { seq: 6 },
      { seq: 7, last: false },
      { seq: 8, last: true, text: "\r" },
    ]);
  });

  test("tell how far they are, and when they are done", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    paste(rig, "x".repeat(10_000));
    rig.says({ type: "ack", channel: 0, input: 8_192 });
    rig.says({ type: "ack", channel: 0, input: 10_000 });
    expect(rig.takeOf("paste-progress").map(({ progress }) => [progress.taken, progress.state])).toEqual([
      [0, "running"],
      [8_192, "running"],
      [10_000, "done"],
    ]);
  });

  test("[P22] go on after a cut with the piece that is missing", () => {
    const rig = new Rig();
    rig.live();
    paste(rig, "x".repeat(100_000));
    rig.take();
    cutAndBack(rig, 30_000, 2 * 8_192);
    expect(rig.sent()).toMatchObject([{ seq: 2 }, { seq: 3 }]);
    rig.says({ type: "ack", channel: 0, input: 2 * 8_192 });
    expect(rig.sent()).toMatchObject([{ seq: 4 }, { seq: 5 }]);
  });

  test("keys typed meanwhile come after; an interrupt ends the paste and passes", () => {
    const rig = new Rig();
    rig.live();
    paste(rig, "x".repeat(100_000));
    rig.take();
    rig.type("a");
    expect(rig.sent()).toEqual([]);
    rig.type("\u0003");
    expect(rig.sent()).toEqual([
      { type: "keys", channel: 0, text: "a" },
      { type: "keys", channel: 0, text: "\u0003" },
    ]);
  });

  test("[P22] can be cancelled: no further piece goes up, the next paste has another id", () => {
    const rig = new Rig();
    rig.live();
    paste(rig, "x".repeat(100_000));
    rig.take();
    rig.do((machine, nowMs) => machine.cancelPaste("%0", nowMs));
    expect(rig.takeOf("paste-progress").map(({ progress }) => progress.state)).toEqual(["cancelled"]);
    rig.says({ type: "ack", channel: 0, input: 4 * 8_192 });
    paste(rig, "next");
    expect(rig.sent()).toMatchObject([{ type: "paste", id: 101, seq: 0, last: true, text: "next" }]);
  });

  test("[P22] that the server forgot half way do not go on as half", () => {
    const rig = new Rig();
    rig.live();
    paste(rig, "x".repeat(100_000));
    rig.take();
    cutAndBack(rig, 1_000, null);
    const effects = rig.take();
    expect(effects.filter(({ type }) => type === "send")).toEqual([]);
    expect(effects).toContainEqual(expect.objectContaining({ type: "paste-progress" }));
  });

  test("[P22] too large or without a connection are refused in words", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    paste(rig, "x".repeat(16 * 1024 * 1024 + 1));
    expect(notices(rig)).toEqual(["paste-too-large"]);
    rig.closed(1006);
    paste(rig, "x");
    expect(notices(rig)).toEqual(["paste-away"]);
  });

  test("that hold nothing but controls are nothing", () => {
    const rig = new Rig();
    rig.live();
    rig.take();
    paste(rig, "\u001b[201~\u0007");
    expect(rig.take()).toEqual([]);
  });
});

describe("before the first pane", () => {
  const early = (rig: Rig, text: string): void =>
    rig.do((machine, nowMs) => machine.input(null, new TextEncoder().encode(text), nowMs));
  /** It takes this long until a pane is there. */
  function begin(rig: Rig, afterMs: number, role: "drive" | "view" = "drive"): void {
    rig.pass(afterMs);
    rig.start();
    rig.open();
    rig.take();
    rig.says({ type: "welcome", role, windows: [] }, paneStart({ input: 0 }));
  }

  test("what is typed goes up when the pane is there, before what is typed into it", () => {
    const rig = new Rig();
    early(rig, "ls");
    early(rig, "\r");
    begin(rig, 3_000);
    rig.type("x");
    const text = rig.sent().map((sent) => (sent.type === "keys" ? sent.text : ""));
    expect(text.join("")).toBe("ls\rx");
  });

  test.each<[string, number, string, string]>([
    ["too long ago", 10_000, "ls\r", "input-too-old"],
    ["too much", 1_000, "y".repeat(4_097), "input-too-much"],
  ])("%s: none of it, and it is said", (_name, afterMs, text, notice) => {
    const rig = new Rig();
    early(rig, text);
    begin(rig, afterMs);
    const effects = rig.take();
    expect(effects.filter(({ type }) => type === "send")).toEqual([]);
    expect(effects.filter(({ type }) => type === "input-notice")).toEqual([
      { type: "input-notice", pane: "%0", notice },
    ]);
  });

  test("a paste is refused at once", () => {
    const rig = new Rig();
    rig.do((machine, nowMs) => machine.paste(null, "ls\n", nowMs));
    expect(notices(rig)).toEqual(["paste-away"]);
    begin(rig, 100);
    expect(rig.sent()).toEqual([]);
  });

  test("only the first pane gets it, and only from who may type", () => {
    const rig = new Rig();
    early(rig, "first");
    begin(rig, 100);
    expect(rig.sent()).toEqual([{ type: "keys", channel: 0, text: "first" }]);
    rig.says(paneStart({ channel: 1, pane: "%1", stream: streamB, input: 0 }));
    expect(rig.sent()).toEqual([]);

    const watching = new Rig();
    early(watching, "rm");
    begin(watching, 100, "view");
    const effects = watching.take();
    expect(effects.filter(({ type }) => type === "send")).toEqual([]);
    expect(effects).toContainEqual({ type: "input-notice", pane: "%0", notice: "view-only" });
  });
});
