import { describe, expect, it } from "vitest";
import { bridgeLimits } from "../../../durable/bridge/limits.ts";
import { PlainMultiplexer } from "../../../durable/multiplexer/plain.ts";
import { encodeFrame } from "../../../durable/protocol/frames.ts";
import type { PaneStart } from "../../../durable/protocol/messages.ts";
import { parseServerMessage } from "../../../durable/protocol/parse.ts";
import { BareMultiplexer } from "./world/bare-multiplexer.ts";
import { bytesFrom } from "./world/program.ts";
import { Rig, viewerId } from "./world/rig.ts";

const text = (position: number, length: number) => Buffer.from(bytesFrom(position, length)).toString("latin1");

/** A viewer that acknowledges everything at once. */
class Reader {
  readonly #rig: Rig;
  readonly #socket: string;
  start: PaneStart | null = null;
  picture = 0;
  output = 0;
  starts = 0;
  streamed = 0;

  constructor(rig: Rig, socket: string) {
    this.#rig = rig;
    this.#socket = socket;
  }

  read(): void {
    for (const frame of this.#rig.takeRaw(this.#socket)) {
      if (typeof frame === "string") {
        const parsed = parseServerMessage(frame);
        const message = parsed.ok ? parsed.message : null;
        if (message?.type !== "pane") continue;
        this.start = message;
        this.starts++;
        this.picture = 0;
        this.output = message.output;
        continue;
      }
      const bytes = frame.length - 1;
      const inPicture = Math.min(bytes, (this.start?.snapshot ?? 0) - this.picture);
      this.picture += inPicture;
      this.output += bytes - inPicture;
      this.streamed += bytes - inPicture;
    }
    if (this.start === null) return;
    const { stream } = this.start;
    this.#rig.say(this.#socket, { type: "ack", channel: 0, stream, output: this.output, picture: this.picture });
  }
}

describe("[P14] resume", () => {
  it("sends what was missed and nothing else", () => {
    const rig = new Rig();
    rig.join("s", "a");
    const [start] = rig.starts("s");
    if (start === undefined) throw new Error("no start");
    rig.write(1_000);
    expect(rig.take("s").data).toBe(text(0, 1_000));
    rig.leave("s");
    rig.write(700);
    rig.join("t", "a", { panes: [{ pane: "%0", stream: start.stream, output: 900 }] });
    const { messages, data } = rig.take("t");
    expect(messages.find(({ type }) => type === "pane")).toMatchObject({
      resumed: true,
      output: 900,
      snapshot: 0,
      input: 0,
    });
    expect(data).toBe(text(900, 800));
  });

  it("[P16] replays each size where it applied", () => {
    const rig = new Rig();
    rig.join("s", "a");
    const [start] = rig.starts("s");
    if (start === undefined) throw new Error("no start");
    rig.write(100);
    rig.pass(100);
    rig.say("s", { type: "resize", cols: 70, rows: 20 });
    rig.write(100);
    rig.leave("s");
    rig.join("t", "a", { cols: 70, rows: 20, panes: [{ pane: "%0", stream: start.stream, output: 50 }] });
    const frames = rig
      .takeRaw("t")
      .filter((frame) => typeof frame !== "string" || /"(?:pane|size)"/.test(frame.slice(0, 16)));
    expect(frames.map((frame) => (typeof frame === "string" ? JSON.parse(frame) : frame.length - 1))).toMatchObject([
      { type: "pane", output: 50, cols: 80, rows: 24 },
      50,
      { type: "size", output: 100, cols: 70, rows: 20 },
      100,
    ]);
  });

  it("[B5] begins with a picture where the ring does not reach", () => {
    const rig = new Rig();
    rig.join("s", "a");
    const reader = new Reader(rig, "s");
    reader.read();
    const stream = reader.start?.stream ?? "";
    for (let count = 0; count < 40; count++) {
      rig.write(32_768);
      reader.read();
    }
    expect(reader.streamed).toBe(40 * 32_768);
    rig.join("t", "b", { panes: [{ pane: "%0", stream, output: 100 }] });
    const [start] = rig.starts("t");
    expect(start).toMatchObject({ resumed: false, stream, output: 40 * 32_768 });
  });
});

describe("[B4] a stalled viewer", () => {
  it("[B10] costs nothing more while another reads 200 MB on, and gets a picture when it is back", () => {
    const rig = new Rig({ multiplexer: () => new BareMultiplexer(200_000) });
    rig.join("fast", "a");
    rig.join("stalled", "b");
    const reader = new Reader(rig, "fast");
    const idle = new Reader(rig, "stalled");
    reader.read();
    idle.read();
    let most = 0;
    const block = encodeFrame(1, new Uint8Array(32 * 1024).fill(97));
    const blocks = 6_400;
    for (let count = 0; count < blocks; count++) {
      rig.do(rig.bridge.execMessage(block, rig.nowMs));
      reader.read();
      if (count % 4 === 0) rig.pass(1);
      most = Math.max(most, rig.bridge.counters().accountedBytes);
    }
    const written = blocks * 32 * 1024;
    expect(reader.starts).toBe(1);
    expect(reader.streamed).toBe(written);
    expect(most).toBeLessThanOrEqual(2 * 1024 * 1024);
    for (let count = 0; count < 20; count++) idle.read();
    expect(idle.start).toMatchObject({ resumed: false, stream: reader.start?.stream, output: written });
    expect(idle.output).toBe(written);
  }, 30_000);

  it("[B9] never has more under way than its window", () => {
    const rig = new Rig({ mostPicture: 300_000 });
    rig.join("s", "a");
    rig.write(1_000_000);
    const sent = rig.takeRaw("s").reduce((sum, frame) => sum + (typeof frame === "string" ? 0 : frame.length - 1), 0);
    expect(sent).toBeLessThanOrEqual(bridgeLimits.windowMostBytes);
    expect(rig.bridge.counters().underWayBytes).toBe(sent);
  });
});

describe("[B11] a flood", () => {
  const flooded = () => {
    const rig = new Rig();
    rig.join("s", "a");
    const reader = new Reader(rig, "s");
    reader.read();
    // Nothing is acknowledged: the window fills, then the ring.
    for (let count = 0; count < 30; count++) rig.write(32_768);
    return { rig, reader };
  };

  it("stops at tmux, and is over with one picture of a new stream", () => {
    const { rig, reader } = flooded();
    const before = reader.start?.stream;
    expect(rig.bridge.counters().ringBytes).toBe(0);
    rig.pass(1_000);
    expect(rig.bridge.counters().ringBytes).toBe(0);
    reader.read();
    reader.read();
    expect(reader.start?.stream).not.toBe(before);
    expect(reader.starts).toBe(2);
    rig.write(10);
    expect(rig.take("s").data).toBe(text(30 * 32_768, 10));
  });

  it("[B14] an interrupt passes at once, and brings the screen at once", () => {
    const { rig, reader } = flooded();
    rig.type("s", "\u0003");
    expect(rig.tmux.panes.get("%0")?.typed.get(viewerId("a"))).toBe("\u0003");
    reader.read();
    reader.read();
    expect(reader.starts).toBe(2);
  });

  it("tmux stopping by itself is met alike", () => {
    const rig = new Rig();
    rig.join("s", "a");
    const reader = new Reader(rig, "s");
    reader.read();
    const pane = rig.tmux.panes.get("%0");
    if (pane === undefined) throw new Error("no pane");
    rig.attach?.pause(pane);
    rig.pump();
    rig.write(500);
    rig.pass(250);
    reader.read();
    expect(reader.starts).toBe(2);
    rig.write(10);
    expect(rig.take("s").data).toBe(text(500, 10));
  });
});

describe("[B11] a burst where there is no history", () => {
  const plain = () => {
    const rig = new Rig({ multiplexer: () => new PlainMultiplexer({ cols: 80, rows: 24 }) });
    rig.join("s", "a");
    const reader = new Reader(rig, "s");
    reader.read();
    return { rig, reader };
  };
  const block = encodeFrame(1, new Uint8Array(32 * 1024).fill(97));

  it("[B4] loses nothing up to the ring's 8 MiB, which are counted", () => {
    const { rig, reader } = plain();
    const stream = reader.start?.stream;
    for (let count = 0; count < 255; count++) rig.do(rig.bridge.execMessage(block, rig.nowMs));
    expect(rig.bridge.counters().ringBytes).toBe(8 * 1024 * 1024);
    for (let turn = 0; turn < 1_000 && reader.output < 255 * 32 * 1024; turn++) {
      reader.read();
      rig.pass(1);
    }
    expect(reader.start?.stream).toBe(stream);
    expect(reader.streamed).toBe(255 * 32 * 1024);
  });

  it("and beyond it goes on with an empty picture of a new stream", () => {
    const { rig, reader } = plain();
    const stream = reader.start?.stream;
    for (let count = 0; count < 300; count++) rig.do(rig.bridge.execMessage(block, rig.nowMs));
    for (let turn = 0; turn < 100; turn++) reader.read();
    expect(reader.start?.stream).not.toBe(stream);
    expect(rig.bridge.counters().ringBytes).toBeLessThanOrEqual(8 * 1024 * 1024);
  });

  it("[B12] is kept for who comes back, whenever that is", () => {
    const { rig, reader } = plain();
    rig.leave("s");
    rig.pass(600_000);
    for (let count = 0; count < 20; count++) rig.do(rig.bridge.execMessage(block, rig.nowMs));
    rig.pass(600_000);
    rig.join("t", "a", { panes: [{ pane: "%0", stream: reader.start?.stream ?? "", output: 0 }] });
    expect(rig.starts("t")).toMatchObject([{ resumed: true, output: 0 }]);
  });
});

describe("[B8] sending", () => {
  it("is one frame for what came together, at once", () => {
    const rig = new Rig();
    rig.join("s", "a");
    rig.take("s");
    rig.write(1);
    rig.write(20);
    expect(rig.takeRaw("s").map((frame) => frame.length - 1)).toEqual([1, 20]);
  });

  it("[B12] a pane that nobody looks at is followed for a minute", () => {
    const rig = new Rig();
    rig.join("s", "a");
    const [start] = rig.starts("s");
    if (start === undefined) throw new Error("no start");
    rig.say("s", { type: "ack", channel: 0, stream: start.stream, output: 0, picture: start.snapshot });
    rig.tmux.open({ cols: 80, rows: 24 });
    rig.pump();
    rig.say("s", { type: "open", pane: "%1" });
    rig.say("s", { type: "shut", channel: 0 });
    rig.pass(59_000);
    rig.write(100);
    const again = { panes: [{ pane: "%0", stream: start.stream, output: 0 }] };
    rig.join("u", "a", again);
    expect(rig.starts("u")).toMatchObject([{ pane: "%0", resumed: true }]);
    rig.say("u", { type: "open", pane: "%1" });
    rig.say("u", { type: "shut", channel: 0 });
    rig.pass(61_000);
    rig.join("v", "a", again);
    expect(rig.starts("v")).toMatchObject([{ pane: "%0", resumed: false }]);
  });
});
