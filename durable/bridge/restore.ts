// Owns putting a viewer back as its attachment says, after the object slept.
// Must not know sockets; whether the attachment fits is known only when tmux is followed again.

import { Channel } from "./channel.ts";
import type { SocketAttachment } from "./effects.ts";
import type { BridgeLimits } from "./limits.ts";
import type { PaneBook } from "./pane-book.ts";
import type { Viewer } from "./viewer.ts";

/**
 * The channels wait for a picture of a new stream, under their old numbers. Each input count is what tmux had taken
 * when the object went to sleep: a tmux that says otherwise is right ([B18]).
 */
export function restore(
  viewer: Viewer,
  attachment: SocketAttachment,
  book: PaneBook,
  limits: BridgeLimits,
  nowMs: number,
): void {
  for (const kept of attachment.channels) {
    if (viewer.channels.find(kept.channel) !== null || viewer.channels.of(kept.pane) !== null) continue;
    const { cols, rows } = viewer;
    const unknown = { pane: kept.pane, window: "", cols, rows, dead: false, counts: new Map() };
    const pane = book.get(kept.pane) ?? book.add(unknown, nowMs);
    const input = kept.input ?? 0;
    // What a viewer that only looks typed was thrown away: tmux has no count of it.
    const line = pane.line(viewer.id, input, viewer.drives && input > 0, limits.linesPerPane);
    line.unknown = kept.input === null;
    pane.unwatched = null;
    const channel = new Channel(kept.channel, kept.pane, undefined);
    channel.begin(kept.stream, kept.output);
    viewer.channels.add(channel);
  }
}
