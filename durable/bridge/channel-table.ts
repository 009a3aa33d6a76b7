// Owns the channel numbers of one socket and the rule of when a number may be used again.
// Must not know what a channel carries.

import { maxChannel } from "../protocol/limits.ts";
import type { PaneId } from "../protocol/messages.ts";
import type { Channel } from "./channel.ts";

/** A number is free before its first use, and again after both `gone` was sent and `shut` came ([P13]). */
export class ChannelTable {
  readonly #channels = new Map<number, Channel>();
  /** Numbers that this socket has seen: frames on one that is free again came too late and are dropped. */
  readonly #used = new Set<number>();

  /** The lowest free number, or `null` where all are taken. */
  free(): number | null {
    for (let number = 0; number <= maxChannel; number++) if (!this.#channels.has(number)) return number;
    return null;
  }

  add(channel: Channel): void {
    this.#channels.set(channel.number, channel);
    this.#used.add(channel.number);
  }

  /** `undefined`: closed by now (drop what came on it); `null`: never opened on this socket (a breach). */
  find(number: number): Channel | undefined | null {
    return this.#channels.get(number) ?? (this.#used.has(number) ? undefined : null);
  }

  of(pane: PaneId): Channel | null {
    for (const channel of this.#channels.values()) if (channel.open && channel.pane === pane) return channel;
    return null;
  }

  remove(channel: Channel): void {
    this.#channels.delete(channel.number);
  }

  /** Those that are not gone. */
  *open(): Generator<Channel> {
    for (const channel of this.#channels.values()) if (channel.open) yield channel;
  }

  /** Those that wait for the viewer's `shut`. */
  get goneCount(): number {
    let count = 0;
    for (const channel of this.#channels.values()) if (!channel.open) count++;
    return count;
  }
}
