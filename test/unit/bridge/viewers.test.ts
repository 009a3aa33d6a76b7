import { describe, expect, it } from "vitest";
import { Machine, type MachineEffect } from "../../../web/terminal/machine.ts";
import { Rig, viewerId } from "./world/rig.ts";

const size = (rig: Rig) => {
  const pane = rig.tmux.panes.get("%0");
  return `${pane?.size.cols}x${pane?.size.rows}`;
};

describe("[P9] who is who", () => {
  it("a newer socket of a viewer replaces the older, whoever signed it in, and its frames count no more", () => {
    const rig = new Rig();
    rig.join("old", "a");
    rig.type("old", "one");
    rig.join("new", "a");
    expect(rig.closed.get("old")).toMatchObject({ code: 4408 });
    expect(rig.kept.get("old")?.viewer).toBeNull();
    rig.type("old", "LATE");
    rig.type("new", "two");
    expect(rig.tmux.panes.get("%0")?.typed.get(viewerId("a"))).toBe("onetwo");
    expect(rig.starts("new")).toMatchObject([{ input: 3 }]);
  });
  it("a hello that was overtaken retires itself", () => {
    const rig = new Rig();
    rig.open("old");
    rig.join("new", "a");
    rig.say("old", { type: "hello", viewer: viewerId("a"), cols: 80, rows: 24, panes: [] });
    expect(rig.closed.get("old")).toMatchObject({ code: 4408 });
    expect(rig.closed.has("new")).toBe(false);
  });
  it("sixteen, and no more; the one that is there may come again", () => {
    const rig = new Rig();
    const digits = [..."0123456789abcdef"];
    for (const digit of digits) rig.join(`s${digit}`, digit);
    rig.open("more");
    rig.say("more", { type: "hello", viewer: "01".repeat(16), cols: 80, rows: 24, panes: [] });
    expect(rig.closed.get("more")).toMatchObject({ code: 4429 });
    rig.join("again", "0");
    expect(rig.closed.has("again")).toBe(false);
    expect(rig.take("again").messages).toContainEqual({ type: "viewers", count: 16, leader: true });
  });
  it("[P23] who only looks changes nothing, and is told so now and then", () => {
    const rig = new Rig();
    rig.join("s", "a", {}, { role: "view" });
    rig.take("s");
    for (let count = 0; count < 5; count++) rig.type("s", "rm");
    rig.say("s", { type: "paste", channel: 0, id: 0, seq: 0, last: true, text: "rm" });
    rig.say("s", { type: "window", do: "new" });
    const { messages } = rig.take("s");
    expect(messages.filter(({ type }) => type === "notice")).toMatchObject([{ code: "view-only" }]);
    expect(messages.at(-1)).toEqual({ type: "ack", channel: 0, input: 12 });
    expect([rig.tmux.panes.get("%0")?.typed.size, rig.tmux.panes.size]).toEqual([0, 1]);
    expect(rig.takeEffects("activity")).toEqual([]);
  });
  it("[B35] a shell that is deleted closes every socket", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.open("greeting");
    rig.shell("absent");
    expect(rig.closed.get("s")).toMatchObject({ code: 4404 });
    expect(rig.closed.get("greeting")).toMatchObject({ code: 4404 });
    expect(rig.takeEffects("exec-close")).toHaveLength(1);
    expect(rig.bridge.nextDeadline()).toBeNull();
    rig.join("late", "b");
    expect(rig.closed.get("late")).toMatchObject({ code: 4404 });
  });
});

describe("[B22] whose size counts", () => {
  it("the first one's, right from the first picture", () => {
    const rig = new Rig();
    rig.join("s", "a", { cols: 101, rows: 31 });
    expect(size(rig)).toBe("101x31");
    expect(rig.starts("s")).toMatchObject([{ cols: 101, rows: 31 }]);
  });
  it("a glance from a phone changes nothing, nor does turning it; typing on it does", () => {
    const rig = new Rig();
    rig.join("s", "a", { cols: 100, rows: 30 });
    rig.join("phone", "b", { cols: 40, rows: 20 });
    rig.say("phone", { type: "focus", visible: true });
    rig.say("phone", { type: "resize", cols: 60, rows: 15 });
    expect(size(rig)).toBe("100x30");
    rig.pass(100);
    rig.take("s");
    rig.type("phone", "x");
    expect(size(rig)).toBe("60x15");
    const { messages } = rig.take("s");
    expect(messages).toContainEqual({ type: "viewers", count: 2, leader: false });
    expect(messages.find(({ type }) => type === "size")).toMatchObject({ cols: 60, rows: 15, output: 0 });
    rig.pass(100);
    rig.say("s", { type: "resize", cols: 90, rows: 28, fit: true });
    expect(size(rig)).toBe("90x28");
  });
  it("[B23] a leader that blinks keeps its say; one that is gone for 10 s does not", () => {
    const rig = new Rig();
    rig.join("s", "a", { cols: 100, rows: 30 });
    rig.join("t", "b", { cols: 50, rows: 20 });
    rig.leave("s");
    rig.pass(9_000);
    expect(size(rig)).toBe("100x30");
    rig.join("s2", "a", { cols: 100, rows: 30 });
    rig.pass(60_000);
    expect(size(rig)).toBe("100x30");
    rig.leave("s2");
    rig.pass(10_000);
    expect(size(rig)).toBe("50x20");
  });
  describe("[B23] after a restart of the object", () => {
    const shows = { panes: [{ pane: "%0", stream: viewerId("9"), output: 5 }] };
    const desk = { cols: 100, rows: 30, ...shows };
    const phone = { cols: 40, rows: 20, ...shows };
    const restarted = () => {
      const rig = new Rig();
      rig.join("s", "a", { cols: 100, rows: 30 });
      rig.type("s", "vim");
      rig.attach = null;
      rig.bridge = rig.newBridge();
      rig.shell("ready");
      return rig;
    };
    it("the first to come back does not lead, if it did not before", () => {
      const rig = restarted();
      rig.join("phone", "b", phone);
      rig.pass(9_000);
      expect(size(rig)).toBe("100x30");
      rig.join("desk", "a", { ...desk, leads: true });
      rig.pass(60_000);
      expect(size(rig)).toBe("100x30");
      expect(rig.tmux.panes.get("%0")?.sizes.map(({ cols }) => cols)).not.toContain(40);
      rig.type("phone", "x");
      expect(size(rig)).toBe("40x20");
    });
    it("it leads once the one that led has not come for 10 s", () => {
      const rig = restarted();
      rig.join("phone", "b", phone);
      rig.pass(10_000);
      expect(size(rig)).toBe("40x20");
    });
    it("a new page leads at once, and gives way to the one that led", () => {
      const rig = restarted();
      rig.join("phone", "b", { cols: 40, rows: 20 });
      expect(size(rig)).toBe("40x20");
      rig.join("desk", "a", { ...desk, leads: true });
      rig.pass(50);
      expect(size(rig)).toBe("100x30");
    });
    it("but not after it was typed on, or was here for 10 s", () => {
      const rig = restarted();
      rig.join("phone", "b", { cols: 40, rows: 20 });
      rig.pass(10_000);
      rig.join("desk", "a", { ...desk, leads: true });
      rig.pass(50);
      expect(size(rig)).toBe("40x20");
      const other = restarted();
      other.join("phone", "b", { cols: 40, rows: 20 });
      other.type("phone", "x");
      other.join("desk", "a", { ...desk, leads: true });
      other.pass(50);
      expect(size(other)).toBe("40x20");
    });
  });
  it("[P8] a page says in its next hello that it led", () => {
    const page = new Machine({
      viewer: viewerId("a"),
      random: () => 0,
      firstPasteId: 1,
      cols: 80,
      rows: 24,
      visible: true,
    });
    let nowMs = 0;
    /** Connects, gives the hello, hears who leads, and loses the connection again. */
    const visit = (effects: readonly MachineEffect[], leader: boolean): string => {
      const socket = effects.flatMap((effect) => (effect.type === "connect" ? [effect.socket] : []))[0] ?? -1;
      const hello = page.opened(socket, nowMs).flatMap((effect) => (effect.type === "send" ? [effect.data] : []))[0];
      page.text(socket, JSON.stringify({ type: "viewers", count: 2, leader }), nowMs);
      page.closed(socket, 1006, "", nowMs);
      nowMs += 60_000;
      return String(hello);
    };
    expect(visit(page.start(nowMs), true)).not.toContain('"leads"');
    expect(visit(page.tick(nowMs), false)).toContain('"leads":true');
    expect(visit(page.tick(nowMs), false)).not.toContain('"leads"');
  });
  it("[B23] of two that lost their connections at once, the one that led leads", () => {
    const rig = new Rig();
    rig.join("desk", "a", { cols: 100, rows: 30 });
    rig.join("phone", "b", { cols: 40, rows: 20 });
    const shows = { panes: [{ pane: "%0", stream: rig.starts("desk")[0]?.stream ?? "", output: 0 }] };
    rig.leave("desk");
    rig.leave("phone");
    rig.join("phone2", "b", { cols: 40, rows: 20, ...shows });
    rig.pass(5_000);
    expect(size(rig)).toBe("100x30");
    rig.join("desk2", "a", { cols: 100, rows: 30, leads: true, ...shows });
    rig.pass(60_000);
    expect(size(rig)).toBe("100x30");
  });
  it("[B23] a leader that left long ago is not waited for again by whoever comes back alone", () => {
    const rig = new Rig();
    rig.join("desk", "a", { cols: 100, rows: 30 });
    rig.join("phone", "b", { cols: 40, rows: 20 });
    const shows = { panes: [{ pane: "%0", stream: rig.starts("desk")[0]?.stream ?? "", output: 0 }] };
    rig.leave("desk");
    rig.leave("phone");
    rig.pass(45_000);
    rig.join("phone2", "b", { cols: 40, rows: 20, ...shows });
    rig.pass(100);
    expect(size(rig)).toBe("40x20");
  });
  it("[B24] a drag is told to programs twenty times a second at most, and its end always", () => {
    const rig = new Rig();
    rig.join("s", "a");
    const before = rig.tmux.panes.get("%0")?.sizes.length ?? 0;
    for (let cols = 81; cols <= 181; cols++) {
      rig.say("s", { type: "resize", cols, rows: 24 });
      rig.pass(2);
    }
    rig.pass(50);
    expect(size(rig)).toBe("181x24");
    expect((rig.tmux.panes.get("%0")?.sizes.length ?? 0) - before).toBeLessThanOrEqual(7);
  });
  it("[B6] a size that nobody here asked for begins a new stream", () => {
    const rig = new Rig();
    rig.join("s", "a");
    const [first] = rig.starts("s");
    const pane = rig.tmux.panes.get("%0");
    if (first === undefined || pane === undefined) throw new Error("no start");
    rig.say("s", { type: "ack", channel: 0, stream: first.stream, output: 0, picture: first.snapshot });
    rig.tmux.resize(pane, { cols: 33, rows: 7 });
    rig.pump();
    const [second] = rig.starts("s");
    expect(second).toMatchObject({ resumed: false, cols: 33, rows: 7 });
    expect(second?.stream).not.toBe(first.stream);
  });
});

describe("[P26] windows", () => {
  it("a new one is made, told of, and opened when asked for", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.take("s");
    rig.say("s", { type: "window", do: "new" });
    expect(rig.take("s").messages.find(({ type }) => type === "windows")).toMatchObject({
      windows: [{ id: "@0" }, { id: "@1" }],
    });
    rig.say("s", { type: "open", pane: "%1" });
    expect(rig.starts("s")).toMatchObject([{ channel: 1, pane: "%1", input: 0 }]);
    rig.say("s", { type: "shut", channel: 1 });
    expect(rig.take("s").messages).toContainEqual({ type: "gone", channel: 1 });
  });
  it("[P10] a hello that lists panes gets those that are there, one that lists none the active", () => {
    const rig = new Rig();
    rig.tmux.open({ cols: 80, rows: 24 });
    const held = (pane: string) => ({ pane, stream: viewerId("9"), output: 5 });
    rig.join("s", "a", { panes: [held("%1"), held("%7")] });
    expect(rig.starts("s")).toMatchObject([{ pane: "%1", resumed: false, input: null }]);
    rig.join("t", "b", { panes: [held("%7")] });
    expect(rig.starts("t")).toMatchObject([{ pane: "%0", resumed: false, input: 0 }]);
  });
});

describe("[B34] activity", () => {
  it("is told once a minute, of those who act", () => {
    const rig = new Rig();
    rig.join("s", "a");
    expect(rig.takeEffects("activity")).toEqual([]);
    for (let count = 0; count < 100; count++) {
      rig.type("s", "x");
      rig.pass(1_000);
    }
    expect(rig.takeEffects("activity")).toHaveLength(2);
  });
});
