// Owns what is kept with a socket over hibernation: how it is made, how it is read back.
// Must not know where it is kept.

import {
  FieldError,
  readArray,
  readBoolean,
  readFields,
  readInteger,
  readNullable,
  readOffset,
  readPaneId,
  readStreamId,
  readViewerId,
} from "../protocol/fields.ts";
import { maxChannel } from "../protocol/limits.ts";
import type { SocketAttachment } from "./effects.ts";
import type { Say } from "./leader.ts";
import type { Pane } from "./pane.ts";
import type { Viewer } from "./viewer.ts";

/** Says that the socket cannot be gone on with: it was kept while the object was awake, so its counts would be stale. */
export const unusableAttachment: SocketAttachment = {
  version: 1,
  viewer: null,
  cols: 0,
  rows: 0,
  visible: false,
  leads: false,
  typed: 0,
  channels: [],
};

/** While nothing is under way: all that is needed. A viewer that waits for its welcome or owes a `shut` starts again. */
export function attachmentOf(viewer: Viewer, say: Say, pane: (id: string) => Pane | undefined): SocketAttachment {
  if (!viewer.welcomed || viewer.channels.goneCount > 0) return unusableAttachment;
  const channels: SocketAttachment["channels"][number][] = [];
  for (const channel of viewer.channels.open()) {
    const line = pane(channel.pane)?.lines.get(viewer.id);
    if (channel.stream === null || line === undefined) return unusableAttachment;
    channels.push({
      channel: channel.number,
      pane: channel.pane,
      stream: channel.stream,
      output: channel.sent,
      input: line.unknown ? null : line.accepted,
    });
  }
  const { id, cols, rows, visible } = viewer;
  return { version: 1, viewer: id, cols, rows, visible, ...say, channels };
}

/** `null` for anything that this version did not write. */
export function parseAttachment(value: unknown): SocketAttachment | null {
  try {
    const fields = readFields(value, "");
    readInteger(fields["version"], "version", 1, 1);
    const channels = readArray(fields["channels"], "channels", maxChannel + 1).map((entry) => {
      const channel = readFields(entry, "channels");
      return {
        channel: readInteger(channel["channel"], "channel", 0, maxChannel),
        pane: readPaneId(channel["pane"], "pane"),
        stream: readStreamId(channel["stream"], "stream"),
        output: readOffset(channel["output"], "output"),
        input: readNullable(channel["input"], "input", readOffset),
      };
    });
    return {
      version: 1,
      viewer: readNullable(fields["viewer"], "viewer", readViewerId),
      cols: readInteger(fields["cols"], "cols", 0, 65_535),
      rows: readInteger(fields["rows"], "rows", 0, 65_535),
      visible: readBoolean(fields["visible"], "visible"),
      leads: readBoolean(fields["leads"], "leads"),
      typed: readOffset(fields["typed"], "typed"),
      channels,
    };
  } catch (error) {
    if (error instanceof FieldError) return null;
    throw error;
  }
}
