// Owns what is known of one browser tab on its socket, and the states a socket can be in.
// Must not know panes' contents or the exec.

import type { Colours, HeldPane, Role, ViewerId } from "../protocol/messages.ts";
import { ChannelTable } from "./channel-table.ts";
import type { SocketKey } from "./effects.ts";
import { FlowWindow } from "./flow-window.ts";
import type { BridgeLimits } from "./limits.ts";

/** What the io layer knows of a socket before its first frame. */
export interface SocketFacts {
  readonly role: Role;
  /** True under `limpet.v1.base64`: data frames travel as text. */
  readonly base64: boolean;
}

/** A socket is in one of these states; one that is closed is in none, and what still comes from it is ignored. */
export type SocketState =
  /** No frame yet. `order`: which of two sockets was opened later. */
  | { readonly kind: "greeting"; readonly facts: SocketFacts; readonly sinceMs: number; readonly order: number }
  | { readonly kind: "attached"; readonly viewer: Viewer };

export class Viewer {
  readonly id: ViewerId;
  readonly socket: SocketKey;
  readonly facts: SocketFacts;
  /** As of its socket (SocketState). */
  readonly order: number;
  cols: number;
  rows: number;
  visible: boolean;
  colours: Colours | null = null;
  /** What the hello said is on view; `null` once it was answered by `welcome`. */
  held: readonly HeldPane[] | null;
  readonly channels = new ChannelTable();
  readonly flow: FlowWindow;
  /** What was said last of the shell as a whole, so that the same is not said twice (see standing.ts). */
  readonly told: { revision: number; status: string; expiry: string; viewers: string } = {
    revision: -1,
    status: "",
    expiry: "[null,null]",
    viewers: "",
  };
  /** When this viewer was last told that its input is ignored. */
  ignoredMs = Number.NEGATIVE_INFINITY;
  /** The attachment kept with the socket, as JSON; `null`: one that cannot be gone on with, or none. */
  kept: string | null = null;

  constructor(
    id: ViewerId,
    socket: SocketKey,
    facts: SocketFacts,
    size: { readonly cols: number; readonly rows: number },
    held: readonly HeldPane[] | null,
    order: number,
    limits: BridgeLimits,
  ) {
    this.id = id;
    this.socket = socket;
    this.facts = facts;
    this.order = order;
    this.cols = size.cols;
    this.rows = size.rows;
    this.visible = true;
    this.held = held;
    this.flow = new FlowWindow(limits);
  }

  get drives(): boolean {
    return this.facts.role === "drive";
  }

  get welcomed(): boolean {
    return this.held === null;
  }
}
