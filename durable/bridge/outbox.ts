// Owns the effects that a call of the bridge gives back, in order, and how a message becomes one.
// Must not know why anything is sent.

import { encodeBase64 } from "../protocol/frames.ts";
import type { ServerMessage } from "../protocol/messages.ts";
import type { BridgeEffect, SocketKey } from "./effects.ts";
import type { Viewer } from "./viewer.ts";

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export class Outbox {
  #effects: BridgeEffect[] = [];

  add(effect: BridgeEffect): void {
    this.#effects.push(effect);
  }

  message(viewer: Viewer, message: ServerMessage): void {
    this.add({ type: "send", socket: viewer.socket, data: JSON.stringify(message) });
  }

  /** `frame`: channel byte and bytes. */
  data(viewer: Viewer, frame: Uint8Array): void {
    this.add({ type: "send", socket: viewer.socket, data: viewer.facts.base64 ? encodeBase64(frame) : frame });
  }

  /** The reason of a close may have 123 bytes of UTF-8; ours are ASCII. */
  close(socket: SocketKey, code: number, reason: string): void {
    this.add({ type: "close", socket, code, reason: reason.slice(0, 120) });
  }

  log(level: "info" | "warn" | "error", event: string, fields: LogFields = {}): void {
    this.add({ type: "log", level, event, fields });
  }

  drain(): readonly BridgeEffect[] {
    const effects = this.#effects;
    this.#effects = [];
    return effects;
  }
}
