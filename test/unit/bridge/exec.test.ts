import { describe, expect, it } from "vitest";
import { Rig, viewerId } from "./world/rig.ts";

const failure = '{"status":"Failure","reason":"InternalError","message":"OCI runtime exec failed"}';

describe("opening", () => {
  it("[P27] [B28] waits for the pod, and says how it gets on meanwhile [P10]", () => {
    const rig = new Rig({ phase: "starting" });
    rig.join("s", "a");
    expect(rig.takeEffects("exec-open")).toEqual([]);
    expect(rig.take("s").messages.map(({ type }) => type)).toEqual(["status", "viewers"]);
    rig.shell("starting", "pulling the image");
    expect(rig.take("s").messages).toMatchObject([
      { type: "status", phase: "starting", detail: "pulling the image", link: "idle" },
    ]);
    rig.shell("ready");
    expect(rig.takeEffects("exec-open")).toMatchObject([{ mode: "control", cols: 80, rows: 24 }]);
    const types = rig.take("s").messages.map(({ type }) => type);
    expect(types.indexOf("welcome")).toBeLessThan(types.indexOf("pane"));
  });

  it.each([
    { who: "nobody looks", visible: false, longestMs: 15_000 },
    { who: "somebody looks", visible: true, longestMs: 3_000 },
  ])(
    "[B27] gives up one that does not answer, is refused, or does not follow, and waits longer each time: $who",
    (looks) => {
      const rig = new Rig({ exec: "by hand" });
      rig.join("s", "a");
      rig.say("s", { type: "focus", visible: looks.visible });
      const waits: number[] = [];
      for (let turn = 0; turn < 9; turn++) {
        expect(rig.takeEffects("exec-open"), `attempt ${turn}`).toHaveLength(1);
        if (turn % 3 === 0) rig.pass(10_000);
        else if (turn % 3 === 1)
          rig.do(rig.bridge.execRefused({ status: 404, reason: "NotFound", message: null }, rig.nowMs));
        else {
          rig.do(rig.bridge.execOpened("v5", rig.nowMs));
          rig.execAlive = false;
          rig.pass(10_000);
        }
        expect(rig.takeEffects("exec-close")).toHaveLength(1);
        expect(rig.takeEffects("observe-pod")).toHaveLength(1);
        const lostMs = rig.nowMs;
        while (rig.effects.every(({ type }) => type !== "exec-open")) rig.pass(1);
        waits.push(rig.nowMs - lostMs);
      }
      for (const [turn, wait] of waits.entries()) {
        const most = Math.min(looks.longestMs, 250 * 2 ** turn);
        expect(wait).toBeGreaterThanOrEqual(most / 2);
        expect(wait).toBeLessThanOrEqual(most);
      }
      expect(new Set(waits).size).toBeGreaterThan(6);
    },
  );

  it("[B27] waits as if nobody looked after 30 failures in a row", () => {
    const rig = new Rig({ exec: "by hand" });
    rig.join("s", "a");
    const waitOnce = (): number => {
      rig.takeEffects("exec-open");
      rig.do(rig.bridge.execRefused({ status: 403, reason: "Forbidden", message: null }, rig.nowMs));
      const refusedMs = rig.nowMs;
      while (rig.effects.every(({ type }) => type !== "exec-open")) rig.pass(1);
      return rig.nowMs - refusedMs;
    };
    for (let turn = 0; turn < 30; turn++) expect(waitOnce()).toBeLessThanOrEqual(3_000);
    expect(waitOnce()).toBeGreaterThanOrEqual(7_500);
  });

  it("[B27] begins the back-off anew after a steady while", () => {
    const rig = new Rig();
    rig.join("s", "a");
    for (let turn = 0; turn < 5; turn++) {
      rig.pass(60_000);
      rig.takeEffects("exec-open");
      rig.cutExec();
      rig.pass(250);
      expect(rig.takeEffects("exec-open")).toHaveLength(1);
    }
  });

  it("[B25] a hello tries at once what waits", () => {
    const rig = new Rig({ exec: "by hand" });
    rig.join("s", "a");
    for (let turn = 0; turn < 3; turn++)
      rig.do(rig.bridge.execRefused({ status: 503, reason: null, message: null }, rig.nowMs));
    rig.takeEffects("exec-open");
    rig.join("t", "b");
    expect(rig.takeEffects("exec-open")).toHaveLength(1);
  });

  it("refused after the 101: the pod is looked at", () => {
    const rig = new Rig({ exec: "by hand" });
    rig.join("s", "a");
    rig.do(rig.bridge.execOpened("v4", rig.nowMs));
    rig.execSays(3, failure);
    expect(rig.takeEffects("observe-pod")).toHaveLength(1);
    expect(rig.take("s").messages.findLast(({ type }) => type === "status")).toMatchObject({ link: "retrying" });
  });
});

describe("ends", () => {
  it("[B29] a Success is none: the shell is attached again, nobody is told of an exit", () => {
    const rig = new Rig();
    rig.join("s", "a");
    const [start] = rig.starts("s");
    if (start === undefined) throw new Error("no start");
    rig.say("s", { type: "ack", channel: 0, stream: start.stream, output: 0, picture: start.snapshot });
    rig.execSays(3, '{"metadata":{},"status":"Success"}');
    rig.pass(300);
    const { messages } = rig.take("s");
    expect(messages.filter(({ type }) => type === "exit" || type === "gone")).toEqual([]);
    expect(messages.filter(({ type }) => type === "pane")).toMatchObject([{ channel: 0, pane: "%0", resumed: false }]);
  });

  it("[P29] what `attach` says is one; the next look starts a new shell", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.take("s");
    rig.attach?.say({ type: "ended", end: { reason: "exited", code: 3 } });
    rig.pump();
    expect(rig.take("s").messages).toMatchObject([
      { type: "gone", channel: 0 },
      { type: "exit", code: 3 },
      { type: "status", link: "idle" },
    ]);
    expect(rig.takeEffects("observe-pod")).toHaveLength(1);
    rig.pass(3_600_000);
    expect(rig.takeEffects("exec-open")).toHaveLength(1);
    rig.say("s", { type: "shut", channel: 0 });
    rig.say("s", { type: "focus", visible: true });
    expect(rig.takeEffects("exec-open")).toHaveLength(1);
    expect(rig.starts("s")).toMatchObject([{ channel: 0, pane: "%0", resumed: false }]);
  });

  it("[P29] a client that was killed tells of its container, not of the shell: nobody is told of an exit", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.take("s");
    rig.takeEffects("observe-pod");
    rig.attach?.say({ type: "ended", end: { reason: "exited", code: 137 } });
    rig.pump();
    const { messages } = rig.take("s");
    expect(messages.filter(({ type }) => type === "exit")).toEqual([]);
    expect(messages.findLast(({ type }) => type === "status")).toMatchObject({ link: "retrying" });
    expect(rig.takeEffects("observe-pod")).toHaveLength(1);
  });

  it("[B30] superseded: not taken back, but by a hello", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.takeEffects("exec-open");
    rig.take("s");
    rig.attach?.say({ type: "ended", end: { reason: "superseded" } });
    rig.pump();
    expect(rig.take("s").messages).toMatchObject([
      { type: "notice", code: "superseded" },
      { type: "status", link: "idle" },
    ]);
    rig.pass(600_000);
    rig.say("s", { type: "focus", visible: true });
    rig.type("s", "x");
    expect(rig.takeEffects("exec-open")).toEqual([]);
    rig.join("t", "b");
    expect(rig.takeEffects("exec-open")).toHaveLength(1);
    expect(rig.tmux.panes.get("%0")?.typed.get("a".repeat(32))).toBe("x");
  });

  it("[B30] superseded says nothing of the next pod: that one is followed by itself", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.takeEffects("exec-open");
    rig.attach?.say({ type: "ended", end: { reason: "superseded" } });
    rig.pump();
    rig.shell("starting");
    expect(rig.takeEffects("exec-open")).toEqual([]);
    rig.shell("ready");
    expect(rig.takeEffects("exec-open")).toHaveLength(1);
  });

  it("[B30] no tmux: opened again at once as plain, until there is another pod", () => {
    const rig = new Rig({ exec: "by hand" });
    rig.join("s", "a");
    rig.takeEffects("exec-open");
    rig.openExec();
    rig.attach?.say({ type: "ended", end: { reason: "no-tmux" } });
    rig.pump();
    expect(rig.takeEffects("exec-open")).toMatchObject([{ mode: "plain" }]);
    rig.do(rig.bridge.execRefused({ status: 0, reason: null, message: null }, rig.nowMs));
    rig.shell("starting");
    rig.shell("ready");
    expect(rig.takeEffects("exec-open")).toMatchObject([{ mode: "control" }]);
  });

  it("[B30] confused: closed and opened again", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.takeEffects("exec-open");
    rig.attach?.say({ type: "ended", end: { reason: "confused", message: "an answer without a question" } });
    rig.pump();
    rig.pass(250);
    expect(rig.takeEffects("exec-open")).toHaveLength(1);
    expect(rig.logs).toContain("exec-confused");
  });
});

describe("[B31] half-dead", () => {
  it("is found within 6 s while somebody looks, wherever in the interval it begins", () => {
    for (let offset = 0; offset < 2_000; offset += 97) {
      const rig = new Rig();
      rig.join("s", "a");
      rig.pass(10_000 + offset);
      rig.takeEffects("exec-open");
      rig.execAlive = false;
      const deadMs = rig.nowMs;
      while (rig.effects.every(({ type }) => type !== "exec-open")) rig.pass(10);
      expect(rig.nowMs - deadMs).toBeLessThanOrEqual(6_000);
    }
  });

  it("a live one is left alone, and asked every 2 s", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.takeEffects("exec-open");
    rig.takeEffects("exec-send");
    rig.pass(60_000);
    expect(rig.takeEffects("exec-open")).toEqual([]);
  });
});

describe("[B32] parking", () => {
  it("closes what nobody needs, wakes with the next key, which arrives", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.say("s", { type: "focus", visible: false });
    rig.pass(5 * 60_000 + 1_000);
    expect(rig.takeEffects("exec-close")).toHaveLength(1);
    expect(rig.take("s").messages.at(-1)).toMatchObject({ type: "status", link: "parked" });
    expect(rig.bridge.canHibernate()).toBe(true);
    rig.type("s", "ls\n");
    expect(rig.tmux.panes.get("%0")?.typed.get("a".repeat(32))).toBe("ls\n");
    rig.pass(25);
    expect(rig.take("s").messages).toContainEqual({ type: "ack", channel: 0, input: 3 });
  });

  it("sixty seconds after the last viewer left", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.leave("s");
    rig.pass(59_000);
    expect(rig.takeEffects("exec-close")).toEqual([]);
    rig.pass(1_000);
    expect(rig.takeEffects("exec-close")).toHaveLength(1);
    expect(rig.bridge.nextDeadline()).toBeNull();
  });
});

describe("[B33] hibernation", () => {
  const parked = () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.type("s", "abc");
    rig.say("s", { type: "focus", visible: false });
    expect(rig.kept.get("s")?.viewer ?? null).toBeNull();
    rig.pass(6 * 60_000);
    rig.take("s");
    rig.takeEffects("exec-open");
    return rig;
  };
  const facts = { role: "drive", base64: false } as const;

  it("goes on with its channels and counts", () => {
    const rig = parked();
    const kept: unknown = JSON.parse(JSON.stringify(rig.kept.get("s")));
    rig.bridge = rig.newBridge();
    rig.do(rig.bridge.socketRestored("s", facts, kept, rig.nowMs));
    rig.shell("ready");
    expect(rig.takeEffects("exec-open")).toEqual([]);
    rig.type("s", "def");
    expect(rig.takeEffects("exec-open")).toHaveLength(1);
    expect(rig.tmux.panes.get("%0")?.typed.get("a".repeat(32))).toBe("abcdef");
    const start = rig.starts("s");
    expect(start).toMatchObject([{ channel: 0, pane: "%0", resumed: false }]);
    expect(start[0]).not.toHaveProperty("input");
  });

  it.each([
    ["a look", (rig: Rig) => rig.say("s", { type: "focus", visible: true })],
    ["a key", (rig: Rig) => rig.type("s", "def")],
    ["a pane asked for", (rig: Rig) => rig.say("s", { type: "open", pane: "%0" })],
    ["a change of windows", (rig: Rig) => rig.say("s", { type: "window", do: "new" })],
    ["a hello", (rig: Rig) => rig.join("t", "b")],
  ])("[B25] is ended by %s that comes before anything is known of the pod", (_, wake) => {
    const rig = parked();
    const kept: unknown = JSON.parse(JSON.stringify(rig.kept.get("s")));
    rig.bridge = rig.newBridge();
    rig.do(rig.bridge.socketRestored("s", facts, kept, rig.nowMs));
    wake(rig);
    expect(rig.bridge.canHibernate()).toBe(false);
    expect(rig.takeEffects("exec-open")).toEqual([]);
    rig.shell("ready");
    expect(rig.takeEffects("exec-open")).toHaveLength(1);
    expect(rig.starts("s")).toMatchObject([{ channel: 0, pane: "%0", resumed: false }]);
  });

  it("[B25] a key typed while the pod was away opens what was parked, once it is back", () => {
    const rig = parked();
    rig.shell("starting");
    rig.type("s", "def");
    rig.leave("s");
    expect(rig.takeEffects("exec-open")).toEqual([]);
    rig.shell("ready");
    expect(rig.takeEffects("exec-open")).toHaveLength(1);
    expect(rig.tmux.panes.get("%0")?.typed.get("a".repeat(32))).toBe("abcdef");
  });

  it("[B18] not where tmux counts otherwise", () => {
    const rig = parked();
    rig.tmux.panes.get("%0")?.counts.set("a".repeat(32), 7);
    const kept: unknown = JSON.parse(JSON.stringify(rig.kept.get("s")));
    rig.bridge = rig.newBridge();
    rig.do(rig.bridge.socketRestored("s", facts, kept, rig.nowMs));
    rig.shell("ready");
    rig.say("s", { type: "focus", visible: true });
    expect(rig.closed.get("s")).toMatchObject({ code: 4000 });
  });

  it.each([
    ["none", null],
    [
      "one of a waking object",
      { version: 1, viewer: null, cols: 0, rows: 0, visible: false, leads: false, typed: 0, channels: [] },
    ],
    ["a later version's", { version: 2 }],
    ["nonsense", { version: 1, viewer: 5, channels: "x" }],
  ])("not with an attachment that says nothing: %s", (_, kept) => {
    const rig = new Rig();
    rig.do(rig.bridge.socketRestored("s", facts, kept, rig.nowMs));
    expect(rig.closed.get("s")).toMatchObject({ code: 4000 });
  });

  it("[B17] what a viewer that only looks typed is no count that tmux must have", () => {
    const rig = new Rig();
    const looks = { ...facts, role: "view" } as const;
    rig.join("s", "a", {}, { role: "view" });
    rig.type("s", "abc");
    rig.say("s", { type: "focus", visible: false });
    rig.pass(6 * 60_000);
    const kept: unknown = JSON.parse(JSON.stringify(rig.kept.get("s")));
    rig.bridge = rig.newBridge();
    rig.do(rig.bridge.socketRestored("s", looks, kept, rig.nowMs));
    rig.shell("ready");
    // The same tab signs in as one who may type.
    rig.take("s");
    rig.join("t", "a", { panes: [{ pane: "%0", stream: viewerId("9"), output: 0 }] });
    rig.pass(1_000);
    expect(rig.starts("t")).toMatchObject([{ input: 3 }]);
    expect(rig.take("s").messages.filter(({ type }) => type === "gone")).toEqual([]);
  });

  it("[B23] keeps who leads and who typed last, in whatever order the sockets come back", () => {
    for (const order of [
      ["desk", "phone", "tablet"],
      ["phone", "tablet", "desk"],
    ]) {
      const rig = new Rig();
      rig.join("tablet", "c", { cols: 70, rows: 25 });
      rig.join("phone", "b", { cols: 40, rows: 20 });
      rig.type("tablet", "x");
      rig.type("phone", "x");
      rig.join("desk", "a", { cols: 100, rows: 30 });
      rig.type("desk", "x");
      for (const socket of order) rig.say(socket, { type: "focus", visible: false });
      rig.pass(6 * 60_000);
      const kept: unknown = JSON.parse(JSON.stringify(Object.fromEntries(rig.kept)));
      rig.bridge = rig.newBridge();
      for (const socket of order) {
        const attachment = kept !== null && typeof kept === "object" ? Object.entries(kept) : [];
        const own: unknown = attachment.find(([key]) => key === socket)?.[1];
        rig.do(rig.bridge.socketRestored(socket, facts, own, rig.nowMs));
      }
      rig.shell("ready");
      rig.say("phone", { type: "focus", visible: true });
      rig.pass(60_000);
      expect(rig.tmux.panes.get("%0")?.size).toEqual({ cols: 100, rows: 30 });
      rig.leave("desk");
      rig.pass(10_000);
      expect(rig.tmux.panes.get("%0")?.size).toEqual({ cols: 40, rows: 20 });
    }
  });

  it("[B23] waits until a leader that left has had its time; one without any leader is not woken for it", () => {
    const rig = new Rig();
    for (const [socket, viewer] of [
      ["s", "a"],
      ["t", "b"],
      ["u", "c"],
    ] as const) {
      rig.join(socket, viewer);
      rig.say(socket, { type: "focus", visible: false });
    }
    rig.pass(6 * 60_000);
    expect(rig.bridge.canHibernate()).toBe(true);
    rig.leave("s");
    expect(rig.bridge.canHibernate()).toBe(false);
    rig.pass(10_000);
    expect(rig.bridge.canHibernate()).toBe(true);
    const kept: unknown = JSON.parse(JSON.stringify(rig.kept.get("t")));
    expect(kept).toMatchObject({ viewer: viewerId("b"), leads: false, typed: 0 });
    rig.bridge = rig.newBridge();
    rig.do(rig.bridge.socketRestored("t", facts, kept, rig.nowMs));
    rig.shell("ready");
    expect(rig.bridge.canHibernate()).toBe(true);
    expect(rig.bridge.nextDeadline()).toBeNull();
  });

  it("says while awake that what was kept is void", () => {
    const rig = parked();
    expect(rig.kept.get("s")?.viewer).toBe("a".repeat(32));
    rig.type("s", "x");
    expect(rig.kept.get("s")?.viewer).toBeNull();
  });
});
