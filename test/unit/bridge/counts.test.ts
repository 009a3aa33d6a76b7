import { describe, expect, it } from "vitest";
import { PlainMultiplexer } from "../../../durable/multiplexer/plain.ts";
import type { PaneStart } from "../../../durable/protocol/messages.ts";
import { Rig, viewerId } from "./world/rig.ts";

const typed = (rig: Rig, pane = "%0") => rig.tmux.panes.get(pane)?.typed.get(viewerId("a"));
const codes = (rig: Rig, socket: string) =>
  rig.take(socket).messages.flatMap((message) => (message.type === "notice" ? [message.code] : []));

function ackPicture(rig: Rig, socket: string): PaneStart {
  const [start] = rig.starts(socket);
  if (start === undefined) throw new Error("no start");
  rig.say(socket, { type: "ack", channel: start.channel, stream: start.stream, output: 0, picture: start.snapshot });
  return start;
}

describe("[B15] what tmux has not taken", () => {
  it("is given again after an exec was lost, from the exact byte", () => {
    const rig = new Rig();
    rig.join("s", "a");
    ackPicture(rig, "s");
    rig.type("s", "one ");
    rig.execAlive = false;
    rig.type("s", "two three");
    // Of the second batch tmux had taken four bytes when the exec was cut.
    rig.tmux.panes.get("%0")?.typed.set(viewerId("a"), "one two ");
    rig.tmux.panes.get("%0")?.counts.set(viewerId("a"), 8);
    rig.cutExec();
    rig.pass(300);
    expect(typed(rig)).toBe("one two three");
    const { messages } = rig.take("s");
    expect(messages.findLast(({ type }) => type === "ack")).toEqual({ type: "ack", channel: 0, input: 13 });
  });
});

describe("[B17] another tmux", () => {
  it("gets nothing that was typed for the old one", () => {
    const rig = new Rig();
    rig.join("s", "a");
    ackPicture(rig, "s");
    rig.type("s", "one ");
    rig.execAlive = false;
    rig.type("s", "two");
    const pane = rig.tmux.panes.get("%0");
    pane?.counts.clear();
    pane?.typed.clear();
    rig.take("s");
    rig.cutExec();
    rig.pass(300);
    expect(typed(rig) ?? "").toBe("");
    const { messages } = rig.take("s");
    expect(messages.map((message) => (message.type === "notice" ? message.code : message.type))).toEqual(
      expect.arrayContaining(["input-lost", "gone", "pane"]),
    );
    expect(messages.find(({ type }) => type === "pane")).toMatchObject({ channel: 1, pane: "%0", input: 0 });
    rig.type("s", "new", 1);
    expect(typed(rig)).toBe("new");
  });
});

describe("[B17] tmux keeps 64 counts for a pane", () => {
  const tabs = Array.from({ length: 65 }, (_, index) => index.toString(16).padStart(32, "0"));
  const comeAndGo = (rig: Rig, from: number) => {
    for (const viewer of tabs.slice(from)) {
      rig.join("tab", "f", { viewer });
      ackPicture(rig, "tab");
      rig.leave("tab");
    }
  };

  it("and never drops that of a viewer that is here, so that the next loss of an exec loses nothing", () => {
    const rig = new Rig();
    rig.join("s", "a");
    ackPicture(rig, "s");
    rig.type("s", "one ");
    rig.cutExec();
    rig.pass(1_000);
    ackPicture(rig, "s");
    comeAndGo(rig, 0);
    expect(rig.tmux.panes.get("%0")?.counts.get(viewerId("a"))).toBe(4);
    rig.execAlive = false;
    rig.type("s", "two");
    rig.take("s");
    rig.cutExec();
    rig.pass(1_000);
    const { messages } = rig.take("s");
    expect(messages.filter(({ type }) => type === "gone" || type === "notice")).toEqual([]);
    expect(typed(rig)).toBe("one two");
  });

  it("and of one that was away nobody knows the count any more: nothing is sent again [P21]", () => {
    const rig = new Rig();
    rig.join("s", "b");
    const start = ackPicture(rig, "s");
    rig.type("s", "one");
    rig.leave("s");
    rig.join("t", "a");
    ackPicture(rig, "t");
    rig.cutExec();
    rig.pass(1_000);
    comeAndGo(rig, 0);
    expect(rig.tmux.panes.get("%0")?.counts.has(viewerId("b"))).toBe(false);
    rig.cutExec();
    rig.pass(1_000);
    expect(rig.take("t").messages.filter(({ type }) => type === "gone")).toEqual([]);
    rig.join("u", "b", { panes: [{ pane: "%0", stream: start.stream, output: 0 }] });
    expect(rig.starts("u")).toMatchObject([{ input: null }]);
  });
});

describe("[B16] before the first picture", () => {
  it("tmux holds a count, so that the loss of everything but tmux loses nothing", () => {
    const rig = new Rig();
    rig.join("s", "a");
    expect(rig.starts("s")).toHaveLength(1);
    expect(rig.tmux.panes.get("%0")?.counts.get(viewerId("a"))).toBe(0);
    rig.attach = null;
    rig.bridge = rig.newBridge();
    rig.shell("ready");
    rig.join("t", "a", { panes: [{ pane: "%0", stream: viewerId("9"), output: 0 }] });
    expect(rig.starts("t")).toMatchObject([{ input: 0 }]);
  });
});

describe("[P21] a count that nobody knows", () => {
  const panes = [{ pane: "%0", stream: viewerId("9"), output: 5 }];
  it("is said again until the viewer has heard so: the `pane` that said it may be lost", () => {
    const rig = new Rig();
    rig.join("s", "a", { panes });
    expect(rig.starts("s")).toMatchObject([{ input: null }]);
    rig.leave("s");
    rig.join("t", "a", { panes });
    const [start] = rig.starts("t");
    expect(start).toMatchObject({ input: null });
    rig.say("t", { type: "ack", channel: 0, stream: start?.stream ?? "", output: 0, picture: 0 });
    rig.join("u", "a", { panes });
    expect(rig.starts("u")).toMatchObject([{ input: 0 }]);
  });
  it("is known with the first byte", () => {
    const rig = new Rig();
    rig.join("s", "a", { panes });
    rig.type("s", "x");
    rig.join("t", "a", { panes });
    expect(rig.starts("t")).toMatchObject([{ input: 1 }]);
  });
  it("stays so over a sleep", () => {
    const rig = new Rig();
    rig.join("s", "a", { panes });
    rig.say("s", { type: "focus", visible: false });
    rig.pass(6 * 60_000);
    const kept: unknown = JSON.parse(JSON.stringify(rig.kept.get("s")));
    rig.bridge = rig.newBridge();
    const facts = { role: "drive", base64: false } as const;
    rig.do(rig.bridge.socketRestored("s", facts, kept, rig.nowMs));
    rig.shell("ready");
    rig.leave("s");
    rig.join("t", "a", { panes });
    expect(rig.starts("t")).toMatchObject([{ input: null }]);
  });
});

describe("[B20] a pane that takes nothing", () => {
  it("is said, and what was typed is dropped", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.take("s");
    rig.execAlive = false;
    rig.type("s", "lost");
    rig.execAlive = true;
    rig.attach?.say({ type: "refused", pane: "%0", viewer: viewerId("a"), message: "The pane is dead." });
    rig.pump();
    expect(rig.take("s").messages).toMatchObject([
      { type: "ack", channel: 0, input: 4 },
      { type: "notice", code: "input-refused" },
    ]);
    expect(rig.bridge.counters().inputBytes).toBe(0);
  });
});

describe("[P20] what was taken", () => {
  it("is told within 25 ms and once for many keys; a kilobyte at once", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.take("s");
    rig.type("s", "l");
    rig.pass(10);
    rig.type("s", "s");
    expect(rig.take("s").messages).toEqual([]);
    rig.pass(15);
    expect(rig.take("s").messages).toEqual([{ type: "ack", channel: 0, input: 2 }]);
    rig.type("s", "x".repeat(1024));
    expect(rig.take("s").messages).toEqual([{ type: "ack", channel: 0, input: 1026 }]);
    rig.pass(1_000);
    expect(rig.take("s").messages).toEqual([]);
  });
});

describe("[B19] plain", () => {
  it("has one pane, counts while the object lives, and never sends twice", () => {
    const rig = new Rig({ multiplexer: () => new PlainMultiplexer({ cols: 80, rows: 24 }) });
    rig.join("s", "a");
    const start = ackPicture(rig, "s");
    expect(start).toMatchObject({ pane: "%0", snapshot: 0, input: 0 });
    rig.execSays(1, "$ ");
    expect(rig.take("s").data).toBe("$ ");
    rig.say("s", { type: "ack", channel: 0, stream: start.stream, output: 2 });
    rig.type("s", "ls");
    rig.pass(25);
    expect(rig.take("s").messages).toEqual([{ type: "ack", channel: 0, input: 2 }]);
    rig.join("t", "a", { panes: [{ pane: "%0", stream: start.stream, output: 2 }] });
    expect(rig.starts("t")).toMatchObject([{ resumed: true, input: 2 }]);
    rig.cutExec();
    rig.type("t", "typed while away");
    rig.pass(400);
    const { messages } = rig.take("t");
    expect(messages.find(({ type }) => type === "pane")).toMatchObject({ resumed: false });
    expect(messages.findLast(({ type }) => type === "ack")).toMatchObject({ input: 18 });
    expect(codes(rig, "t")).toEqual([]);
  });
});
