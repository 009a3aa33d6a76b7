// Owns the browser sockets as the platform holds them: accepted for hibernation, each under a key, with what is kept.
// Must not know what is said on them.

import type { SocketAttachment, SocketKey } from "../bridge/effects.ts";
import { isFields } from "../protocol/fields.ts";
import { ping, pong } from "../protocol/limits.ts";
import type { SocketOwner } from "./upgrade.ts";

/** What hibernation leaves of a socket. `bridge` is the bridge's own part, as it was when it was last kept. */
interface Kept {
  readonly version: 1;
  readonly owner: SocketOwner;
  readonly bridge: SocketAttachment | null;
}

export interface HeldSocket {
  readonly key: SocketKey;
  readonly owner: SocketOwner;
  /** Not looked at: the bridge parses what an earlier version of it may have kept. Null: it kept nothing yet. */
  readonly kept: unknown;
}

type SocketHost = Pick<
  DurableObjectState,
  "acceptWebSocket" | "getWebSockets" | "getTags" | "setWebSocketAutoResponse"
>;

interface Entry {
  readonly socket: WebSocket;
  readonly owner: SocketOwner;
}

/** RFC 6455 leaves 123 bytes for a close reason. */
const maxReasonBytes = 123;

export class BrowserSockets {
  readonly #host: SocketHost;
  readonly #entries = new Map<SocketKey, Entry>();
  readonly #keys = new WeakMap<WebSocket, SocketKey>();

  constructor(host: SocketHost) {
    this.#host = host;
    // Answered by the platform without waking the object.
    host.setWebSocketAutoResponse(new WebSocketRequestResponsePair(ping, pong));
  }

  /** The sockets that hibernation left; those that cannot be understood are closed for good reason to come again. */
  restore(again: number): readonly HeldSocket[] {
    const held: HeldSocket[] = [];
    for (const socket of this.#host.getWebSockets()) {
      const [key] = this.#host.getTags(socket);
      const kept = parseKept(socket.deserializeAttachment());
      if (key === undefined || kept === null) {
        closeQuietly(socket, again, "start again");
        continue;
      }
      this.#hold(key, socket, kept.owner);
      held.push({ key, owner: kept.owner, kept: kept.bridge });
    }
    return held;
  }

  accept(socket: WebSocket, owner: SocketOwner): SocketKey {
    const key = crypto.randomUUID();
    this.#host.acceptWebSocket(socket, [key]);
    this.#hold(key, socket, owner);
    this.keep(key, null);
    return key;
  }

  /** Undefined for a socket that was forgotten: whatever it still says is ignored. */
  keyOf(socket: WebSocket): SocketKey | undefined {
    return this.#keys.get(socket);
  }

  send(key: SocketKey, data: string | Uint8Array): void {
    try {
      this.#entries.get(key)?.socket.send(data);
    } catch {
      // It is closing; its close event follows.
    }
  }

  /** Closes it and forgets it: nothing that it still says is heard. */
  close(key: SocketKey, code: number, reason: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.forget(key);
    closeQuietly(entry.socket, code, reason);
  }

  forget(key: SocketKey): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#keys.delete(entry.socket);
  }

  keep(key: SocketKey, bridge: SocketAttachment | null): void {
    const entry = this.#entries.get(key);
    const kept: Kept | undefined = entry && { version: 1, owner: entry.owner, bridge };
    entry?.socket.serializeAttachment(kept);
  }

  /** Every open socket and whose it is. */
  *owners(): Iterable<readonly [SocketKey, SocketOwner]> {
    for (const [key, { owner }] of this.#entries) yield [key, owner];
  }

  get size(): number {
    return this.#entries.size;
  }

  #hold(key: SocketKey, socket: WebSocket, owner: SocketOwner): void {
    this.#entries.set(key, { socket, owner });
    this.#keys.set(socket, key);
  }
}

/** An upgrade that is accepted only so that the page can read why not. */
export function refuseSocket(code: number, reason: string, chosen: string | null): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  closeQuietly(server, code, reason);
  return upgraded(client, chosen);
}

export function upgraded(client: WebSocket, chosen: string | null): Response {
  const headers = chosen === null ? {} : { "sec-websocket-protocol": chosen };
  return new Response(null, { status: 101, webSocket: client, headers });
}

function closeQuietly(socket: WebSocket, code: number, reason: string): void {
  try {
    socket.close(code, clipped(reason));
  } catch {
    // It is closed already.
  }
}

/** At most 123 bytes of UTF-8, whole characters. */
function clipped(reason: string): string {
  const bytes = new TextEncoder().encode(reason);
  if (bytes.length <= maxReasonBytes) return reason;
  return new TextDecoder().decode(bytes.subarray(0, maxReasonBytes)).replace(/\uFFFD+$/, "");
}

function parseKept(value: unknown): { readonly owner: SocketOwner; readonly bridge: unknown } | null {
  if (!isFields(value) || value["version"] !== 1) return null;
  const owner = value["owner"];
  if (!isFields(owner)) return null;
  const [session, sessionExpiresAtMs, role, base64] = [
    owner["session"],
    owner["sessionExpiresAtMs"],
    owner["role"],
    owner["base64"],
  ];
  if (typeof session !== "string" || typeof sessionExpiresAtMs !== "number" || typeof base64 !== "boolean") return null;
  if (role !== "drive" && role !== "view") return null;
  return { owner: { session, sessionExpiresAtMs, role, base64 }, bridge: value["bridge"] ?? null };
}
