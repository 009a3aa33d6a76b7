// Owns what the Worker asks of a person's Durable Object: the RPC surface and the headers of the socket's upgrade.
// Must not know how either side does its part.

import type { ShellPhase } from "../../durable/protocol/messages.ts";
import type { ErrorCode } from "../errors.ts";
import type {
  CloudProvider,
  GitSignIn,
  PodActivity,
  Receipt,
  SettingsChange,
  SetupChange,
  SetupCheck,
} from "./shell-setup.ts";

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
  readonly provider: CloudProvider | null;
  readonly gitUrl: string | null;
  readonly gitBranch: string | null;
  readonly gitSignIn: GitSignIn | null;
  /** The public half of the key for the repository, as one line of OpenSSH's. */
  readonly gitPublicKey: string | null;
  readonly workspace: string | null;
  readonly saveUpstream: boolean;
  /** What the last `setup` said, step by step; empty until there was one. */
  readonly setup: readonly SetupCheck[];
  /** True while what was given last has not been carried into the pod yet. */
  readonly setupPending: boolean;
  readonly expiresAt: number;
  /** `extendShell` cannot move the end beyond this. */
  readonly extendableUntil: number;
  readonly lastSavedAt: number | null;
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
  /** Starts it; where it runs already, changes nothing. */
  createShell(userId: string): Promise<ShellResult>;
  updateShell(userId: string, change: SettingsChange): Promise<ShellResult>;
  /** Seals what is secret, keeps it, and carries it into the pod if there is one. */
  setupShell(userId: string, change: SetupChange): Promise<ShellResult>;
  /** Creates the pod again where it is gone; otherwise changes nothing. */
  rebootShell(userId: string): Promise<ShellResult>;
  /** Ends the pod in good order (work is saved) and starts a new one in its place. */
  restartShell(userId: string): Promise<ShellResult>;
  /** Ends the pod in good order; record, secrets and saves stay. */
  stopShell(userId: string): Promise<ShellResult>;
  /** Moves the end away, as far as the longest life lets it. */
  extendShell(userId: string): Promise<ShellResult>;
  /** Ends the pod in good order and forgets the shell, its secrets and its saves. */
  deleteShell(userId: string): Promise<ShellResult>;

  /** The pod told of a save (its capability was checked). */
  saved(userId: string, shellId: string, receipt: Receipt): Promise<void>;
  /** The pod told what runs in it (its capability was checked). */
  active(userId: string, shellId: string, activity: PodActivity): Promise<void>;
  /** The reaper: what is due is done (an expiry that the alarm missed), and the pod is looked at. */
  sweep(userId: string): Promise<void>;
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
