// Owns what the Worker asks of a person's Durable Object: the RPC surface and the headers of the socket's upgrade.
// Must not know how either side does its part.

import type { ShellPhase } from "../../durable/protocol/messages.ts";
import type { ErrorCode } from "../errors.ts";

/** A shell as the API shows it. Times are unix milliseconds. */
export interface ShellView {
  readonly id: string;
  readonly podName: string;
  readonly phase: ShellPhase;
  readonly reason: string | null;
  readonly detail: string | null;
  readonly alive: boolean;
  readonly status: {
    readonly initialized: boolean;
    readonly podScheduled: boolean;
    readonly containersReady: boolean;
    readonly ready: boolean;
  };
  readonly expiresAt: number;
  readonly createdAt: number;
}

/** Errors do not keep their class over RPC: an expected failure comes back as a value. */
export type ShellResult =
  | { readonly ok: true; readonly shell: ShellView }
  | { readonly ok: false; readonly code: ErrorCode; readonly message: string };

/** Numbers of what is held for a shell: viewers, sockets, panes, and bytes by what they are held for. */
export type ShellCounters = Readonly<Record<string, number>>;

/** Every change of a person's shell goes through these, one at a time. Each is idempotent; none waits for the pod. */
export interface ShellObject {
  createShell(userId: string): Promise<ShellResult>;
  /** Creates the pod again where it is gone; otherwise changes nothing. */
  rebootShell(userId: string): Promise<ShellResult>;
  deleteShell(userId: string): Promise<ShellResult>;
  /** Sign-out: ends this session's sockets (4401). */
  endSession(sessionId: string): Promise<void>;
  /** What the object holds in memory for this person, in numbers. Changes nothing. */
  counters(): Promise<ShellCounters>;
}

/** Headers that the Worker, and only the Worker, sets on the upgrade that it hands to the object. */
export const socketHeaders = {
  userId: "x-limpet-user",
  /** `sessions.id`: the hash, never the cookie. */
  sessionId: "x-limpet-session",
  /** Unix milliseconds. */
  sessionExpiresAt: "x-limpet-session-expires",
  /** `drive` or `view`. */
  role: "x-limpet-role",
} as const;
