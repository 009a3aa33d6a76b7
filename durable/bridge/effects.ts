// Owns what the bridge asks of the world around it.
// Must not know how any of it is done.

import type { StreamId, ViewerId } from "../protocol/messages.ts";

/** Names a browser socket for as long as it is open; chosen by the io layer, kept over hibernation. */
export type SocketKey = string;

/** What is kept with a socket over hibernation: enough to go on with it as if nothing had been. At most 16 KiB as JSON. */
export interface SocketAttachment {
  readonly version: 1;
  readonly viewer: ViewerId | null;
  readonly cols: number;
  readonly rows: number;
  readonly visible: boolean;
  /** This viewer's size counts. */
  readonly leads: boolean;
  /** The higher, the later it typed, among the viewers of one shell; 0: never. */
  readonly typed: number;
  /** Channels open on this socket, each with the input offset that its next byte has; `null`: 0, told as not known. */
  readonly channels: readonly {
    readonly channel: number;
    readonly pane: string;
    readonly stream: StreamId;
    readonly output: number;
    readonly input: number | null;
  }[];
}

/** How the next exec is to be opened. */
export interface ExecWish {
  readonly mode: "control" | "plain";
  readonly cols: number;
  readonly rows: number;
}

export type BridgeEffect =
  | { readonly type: "send"; readonly socket: SocketKey; readonly data: string | Uint8Array }
  | { readonly type: "close"; readonly socket: SocketKey; readonly code: number; readonly reason: string }
  | { readonly type: "keep"; readonly socket: SocketKey; readonly attachment: SocketAttachment }
  | ({ readonly type: "exec-open" } & ExecWish)
  /** One whole message for the exec's WebSocket, channel byte included. */
  | { readonly type: "exec-send"; readonly data: Uint8Array }
  | { readonly type: "exec-close" }
  /** The pod may have changed (the exec was lost or refused): look at it now. */
  | { readonly type: "observe-pod" }
  /** Somebody is using the shell: push its expiry out. Bounded to one a minute. */
  | { readonly type: "activity" }
  /** For the log; never holds terminal bytes or secrets. */
  | {
      readonly type: "log";
      readonly level: "info" | "warn" | "error";
      readonly event: string;
      readonly fields: Readonly<Record<string, string | number | boolean | null>>;
    };
