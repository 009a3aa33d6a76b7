// Owns how output goes to one viewer: pictures and ring views as frames, sizes where they apply, never beyond its window.
// Must not know how a pane is followed or what an acknowledgement looks like.

import type { PaneStart } from "../protocol/messages.ts";
import type { Channel } from "./channel.ts";
import type { BridgeLimits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Pane, Picture } from "./pane.ts";
import type { Viewer } from "./viewer.ts";

/** The channel starts from a picture: announced here, its bytes go with `deliver`. Nothing may be under way on it. */
export function startFromPicture(viewer: Viewer, channel: Channel, pane: Pane, picture: Picture, outbox: Outbox): void {
  const stream = pane.stream;
  if (stream === null) throw new Error("a picture belongs to a stream");
  announce(viewer, channel, outbox, {
    stream: stream.stream,
    output: picture.offset,
    resumed: false,
    snapshot: picture.bytes.length,
    cols: picture.cols,
    rows: picture.rows,
  });
  channel.begin(stream.stream, picture.offset);
  channel.state = { kind: "picture", picture, sent: 0 };
}

/** The channel goes on at `output`, which the ring still has. */
export function resumeAt(viewer: Viewer, channel: Channel, pane: Pane, output: number, outbox: Outbox): void {
  const stream = pane.stream;
  if (stream === null) throw new Error("only a stream can be resumed");
  const { size, nextMark } = stream.ring.sizeAt(output);
  announce(viewer, channel, outbox, { stream: stream.stream, output, resumed: true, snapshot: 0, ...sizeOf(size) });
  channel.begin(stream.stream, output);
  channel.state = { kind: "stream", next: output, mark: nextMark };
}

function announce(
  viewer: Viewer,
  channel: Channel,
  outbox: Outbox,
  start: Omit<PaneStart, "type" | "channel" | "pane" | "input">,
): void {
  const input = channel.firstInput === undefined ? {} : { input: channel.firstInput };
  channel.firstInput = undefined;
  outbox.message(viewer, { type: "pane", channel: channel.number, pane: channel.pane, ...start, ...input });
}

/** Sends what this viewer's window has room for, its channels taking turns frame by frame. */
export function deliver(
  viewer: Viewer,
  pane: (channel: Channel) => Pane | undefined,
  limits: BridgeLimits,
  outbox: Outbox,
  nowMs: number,
): void {
  for (let sent = true; sent; ) {
    sent = false;
    for (const channel of viewer.channels.open()) {
      const of = pane(channel);
      if (of !== undefined && sendFrame(viewer, channel, of, limits, outbox, nowMs)) sent = true;
    }
  }
}

function sendFrame(
  viewer: Viewer,
  channel: Channel,
  pane: Pane,
  limits: BridgeLimits,
  outbox: Outbox,
  nowMs: number,
): boolean {
  const ring = pane.stream?.ring;
  if (ring === undefined) return false;
  if (channel.state.kind === "picture") {
    const { picture, sent } = channel.state;
    if (sent === picture.bytes.length) {
      channel.state = { kind: "stream", next: picture.offset, mark: picture.nextMark };
      return true;
    }
    const length = frameLength(picture.bytes.length - sent, viewer.flow.room, limits);
    if (length === 0) return false;
    const frame = new Uint8Array(1 + length);
    frame[0] = channel.number;
    frame.set(picture.bytes.subarray(sent, sent + length), 1);
    outbox.data(viewer, frame);
    viewer.flow.sent(length, nowMs);
    channel.sentPicture(length);
    channel.state.sent += length;
    return true;
  }
  if (channel.state.kind !== "stream" || !ring.has(channel.state.next)) return false;
  const { state } = channel;
  const mark = ring.mark(state.mark);
  if (mark !== null && mark.offset <= state.next) {
    outbox.message(viewer, {
      type: "size",
      channel: channel.number,
      stream: channel.stream ?? "",
      output: state.next,
      ...sizeOf(mark),
    });
    state.mark = mark.number + 1;
    return true;
  }
  const waiting = ring.end - state.next;
  const upTo = mark === null ? waiting : Math.min(waiting, mark.offset - state.next);
  const length = frameLength(upTo, viewer.flow.room, limits);
  if (length === 0) return false;
  outbox.data(viewer, ring.frame(channel.number, state.next, length));
  viewer.flow.sent(length, nowMs);
  channel.sentOutput(length);
  state.next += length;
  return true;
}

/** 0: nothing to send, or too little room to be worth a frame while more waits. */
function frameLength(waiting: number, room: number, limits: BridgeLimits): number {
  const length = Math.min(waiting, room, limits.frameBytes);
  return length < waiting && length < limits.frameLeastBytes ? 0 : length;
}

/** How far behind the pane's newest byte this channel is; infinite where the ring has lost its place. */
export function behindBy(channel: Channel, pane: Pane): number {
  const ring = pane.stream?.ring;
  if (ring === undefined) return 0;
  const next =
    channel.state.kind === "stream"
      ? channel.state.next
      : channel.state.kind === "picture"
        ? channel.state.picture.offset
        : null;
  if (next === null || !ring.has(next)) return Number.POSITIVE_INFINITY;
  return ring.end - next;
}

function sizeOf(size: { readonly cols: number; readonly rows: number }) {
  return { cols: size.cols, rows: size.rows };
}
