// Owns one pane on one socket: where its viewer is in the pane's output, and what is under way to it.
// Must not know how bytes are kept or when they are sent.

import type { PaneId, StreamId } from "../protocol/messages.ts";
import type { Picture } from "./pane.ts";

/** Where a channel is. Each state holds only what it needs. */
export type ChannelState =
  /** Nothing is sent until there is a picture to begin from and all that was sent is acknowledged. */
  | { readonly kind: "waiting" }
  /** The picture's first `sent` bytes have been sent. */
  | { readonly kind: "picture"; readonly picture: Picture; sent: number }
  /** `next`: offset of the byte to send; `mark`: number of the ring's size to announce. */
  | { readonly kind: "stream"; next: number; mark: number }
  /** `gone` was sent; the number is free once the viewer has shut it. */
  | { readonly kind: "gone" };

/** The stream that the newest `pane` message named, and how far each side is in it. */
interface Progress {
  readonly stream: StreamId;
  sent: number;
  acked: number;
  pictureSent: number;
  pictureAcked: number;
}

/** What an acknowledgement says of bytes sent. */
export type AckResult =
  | { readonly kind: "taken"; readonly bytes: number }
  /** It speaks of a stream that is no longer the newest. */
  | { readonly kind: "stale" }
  /** It acknowledges what was never sent. */
  | { readonly kind: "impossible" };

export class Channel {
  readonly number: number;
  readonly pane: PaneId;
  state: ChannelState = { kind: "waiting" };
  /** `pane.input` of this channel's first `pane` on the socket; `undefined` once that was sent. */
  firstInput: number | null | undefined;
  #progress: Progress | null = null;

  constructor(number: number, pane: PaneId, firstInput: number | null | undefined) {
    this.number = number;
    this.pane = pane;
    this.firstInput = firstInput;
  }

  get open(): boolean {
    return this.state.kind !== "gone";
  }

  get stream(): StreamId | null {
    return this.#progress?.stream ?? null;
  }

  /** Offset after the last byte sent of the present stream. */
  get sent(): number {
    return this.#progress?.sent ?? 0;
  }

  /** Bytes sent and not acknowledged, the picture's included. */
  get underWay(): number {
    const progress = this.#progress;
    if (progress === null) return 0;
    return progress.sent - progress.acked + (progress.pictureSent - progress.pictureAcked);
  }

  /** A `pane` message was sent: the next stream byte has this offset. Nothing may be under way. */
  begin(stream: StreamId, output: number): void {
    if (this.underWay !== 0) throw new Error("a channel begins anew only when all was acknowledged");
    this.#progress = { stream, sent: output, acked: output, pictureSent: 0, pictureAcked: 0 };
  }

  sentOutput(bytes: number): void {
    if (this.#progress !== null) this.#progress.sent += bytes;
  }

  sentPicture(bytes: number): void {
    if (this.#progress !== null) this.#progress.pictureSent += bytes;
  }

  /**
   * A `picture` above what was sent of the newest one speaks of an older picture of the same stream and says nothing. A
   * viewer that has bytes from after the picture has the picture.
   */
  acknowledge(stream: StreamId, output: number, picture: number | undefined): AckResult {
    const progress = this.#progress;
    if (progress === null || progress.stream !== stream) return { kind: "stale" };
    if (output > progress.sent) return { kind: "impossible" };
    const before = this.underWay;
    if (output > progress.acked) {
      progress.acked = output;
      progress.pictureAcked = progress.pictureSent;
    } else if (picture !== undefined && picture <= progress.pictureSent) {
      progress.pictureAcked = Math.max(progress.pictureAcked, picture);
    }
    return { kind: "taken", bytes: before - this.underWay };
  }
}
