import { describe, expect, it } from "vitest";
import { BareMultiplexer } from "./world/bare-multiplexer.ts";
import { Rig } from "./world/rig.ts";

/** Counts the pictures that were asked for. */
class Counting extends BareMultiplexer {
  shows = 0;

  override show(pane: string, request: number) {
    this.shows++;
    return super.show(pane, request);
  }
}

function acknowledge(rig: Rig, socket: string): void {
  const [start] = rig.starts(socket);
  if (start === undefined) throw new Error("no start");
  const { stream, output, snapshot } = start;
  rig.say(socket, { type: "ack", channel: 0, stream, output, picture: snapshot });
}

describe("[P28] what all viewers share is told when it changes", () => {
  it("who is there, and whose size counts", () => {
    const rig = new Rig();
    rig.join("s", "a");
    expect(rig.take("s").messages).toContainEqual({ type: "viewers", count: 1, leader: true });
    rig.join("t", "b");
    expect(rig.take("s").messages).toEqual([{ type: "viewers", count: 2, leader: true }]);
    expect(rig.take("t").messages).toContainEqual({ type: "viewers", count: 2, leader: false });
    rig.say("s", { type: "focus", visible: true });
    expect(rig.take("s").messages).toEqual([]);
    rig.leave("t");
    expect(rig.take("s").messages).toEqual([{ type: "viewers", count: 1, leader: true }]);
  });

  it("when the shell ends, and [P27] the pod's phase with its reason", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.take("s");
    const shell = { phase: "ready", reason: null, detail: null, expiresAt: 5_000, extendableUntil: 9_000 } as const;
    rig.do(rig.bridge.shell(shell, rig.nowMs));
    rig.do(rig.bridge.shell(shell, rig.nowMs));
    expect(rig.take("s").messages).toEqual([{ type: "expiry", at: 5_000, until: 9_000, now: rig.nowMs }]);
    rig.do(rig.bridge.shell({ ...shell, phase: "stopping", reason: "Evicted", detail: "out of memory" }, rig.nowMs));
    expect(rig.take("s").messages).toEqual([
      { type: "status", phase: "stopping", reason: "Evicted", detail: "out of memory", link: "attached" },
    ]);
  });
});

describe("[B7] a picture", () => {
  it("serves all who need one while little was written since", () => {
    const multiplexer = new Counting(1_000);
    const rig = new Rig({ multiplexer: () => multiplexer });
    rig.join("s", "a");
    acknowledge(rig, "s");
    rig.execSays(1, "x".repeat(60_000));
    rig.join("t", "b");
    expect(rig.starts("t")).toMatchObject([{ resumed: false, output: 0, snapshot: 1_000 }]);
    expect(multiplexer.shows).toBe(1);
    rig.execSays(1, "x".repeat(6_000));
    rig.join("u", "c");
    expect(rig.starts("u")).toMatchObject([{ resumed: false, output: 66_000 }]);
    expect(multiplexer.shows).toBe(2);
  });

  it("is not asked for while nobody has acknowledged what was sent before", () => {
    const multiplexer = new Counting(1_000);
    const rig = new Rig({ multiplexer: () => multiplexer });
    rig.join("s", "a");
    const [start] = rig.starts("s");
    for (let count = 0; count < 20; count++) rig.execSays(1, "x".repeat(32_768));
    rig.pass(10_000);
    expect(multiplexer.shows).toBe(1);
    const sent = rig.bridge.counters().underWayBytes - 1_000;
    rig.say("s", { type: "ack", channel: 0, stream: start?.stream ?? "", output: sent, picture: 1_000 });
    expect(multiplexer.shows).toBe(2);
  });
});

describe("[B3] the next deadline", () => {
  it("is when a tick is wanted: earlier ones do nothing, and one at its time settles it", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.join("t", "b");
    rig.open("silent");
    rig.leave("s");
    rig.effects = [];
    const effects: string[] = [];
    for (let at = rig.bridge.nextDeadline(); at !== null; at = rig.bridge.nextDeadline()) {
      if (at - 1 > rig.nowMs) expect(rig.bridge.tick(at - 1)).toEqual([]);
      rig.nowMs = at;
      rig.do(rig.bridge.tick(at));
      effects.push(...rig.effects.splice(0).map(({ type }) => type));
      expect(rig.bridge.nextDeadline() ?? Number.POSITIVE_INFINITY).toBeGreaterThan(at);
      if (rig.nowMs > 1_030_000) rig.leave("t");
    }
    expect(rig.closed.get("silent")).toMatchObject({ code: 4001 });
    expect(effects).toEqual(["exec-close"]);
  });
});
