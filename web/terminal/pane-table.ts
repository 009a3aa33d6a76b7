// Owns which panes the page shows, and on which channel of the present socket each of them is.
// Must not know messages.

import type { Channel, PaneId } from "../../durable/protocol/messages.ts";
import type { PaneInput } from "./pane-input.ts";
import type { PaneOutput } from "./pane-output.ts";

export interface Pane {
  readonly id: PaneId;
  readonly output: PaneOutput;
  readonly input: PaneInput;
  /** `null`: not on view on the present socket. */
  channel: Channel | null;
}

export class PaneTable {
  readonly #panes = new Map<PaneId, Pane>();
  readonly #channels = new Map<Channel, Pane>();

  get(id: PaneId): Pane | undefined {
    return this.#panes.get(id);
  }

  onChannel(channel: Channel): Pane | undefined {
    return this.#channels.get(channel);
  }

  all(): readonly Pane[] {
    return [...this.#panes.values()];
  }

  add(pane: Pane): void {
    this.#panes.set(pane.id, pane);
  }

  /** The pane is on this channel now; whatever was there is not, and the pane is on no other. */
  bind(pane: Pane, channel: Channel): void {
    if (pane.channel === channel) return;
    this.unbind(channel);
    if (pane.channel !== null) this.unbind(pane.channel);
    this.#channels.set(channel, pane);
    pane.channel = channel;
  }

  /** The pane that was on it. */
  unbind(channel: Channel): Pane | undefined {
    const pane = this.#channels.get(channel);
    this.#channels.delete(channel);
    if (pane !== undefined) pane.channel = null;
    return pane;
  }

  unbindAll(): void {
    for (const channel of [...this.#channels.keys()]) this.unbind(channel);
  }

  remove(id: PaneId): void {
    const pane = this.#panes.get(id);
    if (pane?.channel != null) this.unbind(pane.channel);
    this.#panes.delete(id);
  }
}
