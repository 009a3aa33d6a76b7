// Owns the one exec of a shell: when it is opened, what its frames are, how its loss is met.
// Must not know viewers or panes: whether an exec is wanted is told, what came out of it is handed on.

import type { Dimensions, Multiplexer, MultiplexerEffect, MultiplexerEnd } from "../multiplexer/multiplexer.ts";
import type { LinkState } from "../protocol/messages.ts";
import type { ExecWish } from "./effects.ts";
import { decodeExecMessage, type ExecProtocol, encodeResize, encodeStdin } from "./exec-channels.ts";
import type { BridgeLimits } from "./limits.ts";
import { Liveness } from "./liveness.ts";
import type { Outbox } from "./outbox.ts";

/** Why there is no exec although there could be one. */
export type Rest =
  /** Nobody asked for one yet, or there is no pod to ask. */
  | "idle"
  | "parked"
  /** The last program ended, and tmux with it. */
  | "exited"
  /** A newer client of ours follows the shell: this object must not take it back by itself. */
  | "superseded";

type ExecState =
  | { readonly kind: "resting"; readonly rest: Rest }
  /** `lookedMs`: the wait while somebody looks. */
  | { readonly kind: "waiting"; readonly sinceMs: number; readonly waitMs: number; readonly lookedMs: number }
  | { readonly kind: "opening"; readonly sinceMs: number }
  | {
      readonly kind: "starting";
      readonly sinceMs: number;
      readonly protocol: ExecProtocol;
      readonly multiplexer: Multiplexer;
    }
  | {
      readonly kind: "following";
      readonly sinceMs: number;
      readonly protocol: ExecProtocol;
      readonly multiplexer: Multiplexer;
      readonly liveness: Liveness;
    };

/** A program that a signal ended has an exit status above this (POSIX, "Exit Status for Commands"). */
const leastSignalCode = 128;

export interface ExecLinkOptions {
  readonly limits: BridgeLimits;
  /** From 0 to below 1. */
  readonly chance: () => number;
  readonly multiplexer: (wish: ExecWish) => Multiplexer;
  readonly outbox: Outbox;
}

export class ExecLink {
  readonly #options: ExecLinkOptions;
  #state: ExecState = { kind: "resting", rest: "idle" };
  #mode: ExecWish["mode"] = "control";
  #size: Dimensions = { cols: 80, rows: 24 };
  /** Failures in a row. */
  #attempts = 0;

  constructor(options: ExecLinkOptions) {
    this.#options = options;
  }

  /** What can be asked of tmux now; `null` while nothing follows. */
  get following(): Multiplexer | null {
    return this.#state.kind === "following" ? this.#state.multiplexer : null;
  }

  get rest(): Rest | null {
    return this.#state.kind === "resting" ? this.#state.rest : null;
  }

  linkState(): LinkState {
    switch (this.#state.kind) {
      case "resting":
        return this.#state.rest === "parked" ? "parked" : "idle";
      case "waiting":
        return "retrying";
      case "opening":
      case "starting":
        return this.#attempts > 0 ? "retrying" : "attaching";
      case "following":
        return "attached";
    }
  }

  /** An exec is wanted: opens one where none is. A wait between attempts is cut short by `urgent`. */
  want(size: Dimensions, urgent: boolean, nowMs: number): void {
    this.#size = size;
    const waits = this.#state.kind === "waiting" && urgent && this.#attempts <= urgentAttempts;
    if (this.#state.kind === "resting" || waits) this.#open(nowMs);
  }

  /** Nothing is wanted (parked, no pod): whatever is open is closed on purpose. */
  release(rest: Rest): void {
    if (this.#state.kind !== "resting" && this.#state.kind !== "waiting") {
      this.#options.outbox.add({ type: "exec-close" });
    }
    this.#state = { kind: "resting", rest };
    this.#attempts = 0;
  }

  /** Another pod: its image may have a tmux where the one before had none. */
  podChanged(): void {
    this.#mode = "control";
    this.#attempts = 0;
  }

  opened(protocol: ExecProtocol, nowMs: number): readonly MultiplexerEffect[] {
    if (this.#state.kind !== "opening") return [];
    const multiplexer = this.#options.multiplexer({ mode: this.#mode, ...this.#size });
    this.#state = { kind: "starting", sinceMs: nowMs, protocol, multiplexer };
    return multiplexer.start();
  }

  /** One message of the exec's WebSocket. `lost`: the exec is over, see `lost`. */
  message(message: Uint8Array, nowMs: number): readonly MultiplexerEffect[] | "lost" {
    const { outbox } = this.#options;
    if (this.#state.kind !== "starting" && this.#state.kind !== "following") return [];
    const frame = decodeExecMessage(this.#state.protocol, message);
    switch (frame.kind) {
      case "stdout":
        if (this.#state.kind === "following") this.#state.liveness.heard(nowMs);
        return this.#state.multiplexer.receive(frame.bytes);
      case "status":
        outbox.log(frame.status.success ? "info" : "warn", "exec-status", {
          success: frame.status.success,
          reason: frame.status.reason,
          message: frame.status.message,
          exitCode: frame.status.exitCode,
        });
        return "lost";
      case "stderr":
        outbox.log("warn", "exec-stderr", { bytes: frame.bytes.length });
        return [];
      case "unknown":
        outbox.log("warn", "exec-channel-unknown", { channel: frame.channel });
        return [];
      case "closed":
      case "empty":
        return [];
    }
  }

  /** The multiplexer follows: the exec stands. */
  stands(nowMs: number): void {
    if (this.#state.kind !== "starting") return;
    const { protocol, multiplexer } = this.#state;
    const liveness = new Liveness(this.#options.limits, nowMs);
    this.#state = { kind: "following", sinceMs: nowMs, protocol, multiplexer, liveness };
  }

  answered(probe: number): void {
    if (this.#state.kind === "following") this.#state.liveness.answered(probe);
  }

  stdin(bytes: Uint8Array): void {
    for (const data of encodeStdin(bytes)) this.#options.outbox.add({ type: "exec-send", data });
  }

  ttySize(size: Dimensions): void {
    const data = encodeResize(size.cols, size.rows);
    if (data === null) this.#options.outbox.log("error", "resize-refused", { cols: size.cols, rows: size.rows });
    else this.#options.outbox.add({ type: "exec-send", data });
  }

  /** The exec was cut, refused, too slow or beyond understanding: closed here, tried again after a while. */
  lost(event: string, nowMs: number, fields: Readonly<Record<string, string | number | boolean | null>> = {}): void {
    if (this.#state.kind === "resting" || this.#state.kind === "waiting") return;
    const { limits, chance, outbox } = this.#options;
    if (this.#state.kind === "following" && nowMs - this.#state.sinceMs >= limits.steadyMs) this.#attempts = 0;
    outbox.log("warn", event, { attempts: this.#attempts, ...fields });
    outbox.add({ type: "exec-close" });
    outbox.add({ type: "observe-pod" });
    const most = Math.min(limits.backoffMostMs, limits.backoffLeastMs * 2 ** Math.min(this.#attempts, 20));
    const looked = this.#attempts < limits.lookedAttempts ? Math.min(most, limits.backoffLookedMs) : most;
    const share = 0.5 + chance() / 2;
    this.#attempts++;
    const waits = { waitMs: Math.round(most * share), lookedMs: Math.round(looked * share) };
    this.#state = { kind: "waiting", sinceMs: nowMs, ...waits };
  }

  /** The multiplexer's own end. True where the shell itself is over, so that its panes are too. */
  ended(end: MultiplexerEnd, nowMs: number): boolean {
    switch (end.reason) {
      case "exited":
        // Nobody ends a shell by killing the client that looks on: the container goes, and tmux went a moment before.
        if (this.#mode === "control" && end.code !== null && end.code > leastSignalCode) {
          this.lost("exec-killed", nowMs, { code: end.code });
          return false;
        }
        this.release("exited");
        // It may be the pod that ended.
        this.#options.outbox.add({ type: "observe-pod" });
        return true;
      case "superseded":
        this.#options.outbox.log("warn", "exec-superseded");
        this.release("superseded");
        return false;
      case "no-tmux":
        this.#options.outbox.log("info", "exec-plain");
        this.#options.outbox.add({ type: "exec-close" });
        this.#mode = "plain";
        this.#open(nowMs);
        return false;
      case "failed":
      case "confused":
        this.lost(`exec-${end.reason}`, nowMs, { message: end.message.slice(0, 256) });
        return false;
    }
  }

  tick(looked: boolean, nowMs: number): readonly MultiplexerEffect[] | "lost" {
    const deadline = this.deadline(looked);
    if (deadline === null || nowMs < deadline) return [];
    switch (this.#state.kind) {
      case "waiting":
        this.#open(nowMs);
        return [];
      case "opening":
      case "starting":
        return "lost";
      case "following": {
        const step = this.#state.liveness.tick(looked, nowMs);
        if (step === null) return [];
        return step === "dead" ? "lost" : this.#state.multiplexer.probe(step.ask);
      }
      case "resting":
        return [];
    }
  }

  deadline(looked: boolean): number | null {
    const { limits } = this.#options;
    switch (this.#state.kind) {
      case "resting":
        return null;
      case "waiting":
        return this.#state.sinceMs + (looked ? this.#state.lookedMs : this.#state.waitMs);
      case "opening":
        return this.#state.sinceMs + limits.execOpenMs;
      case "starting":
        return this.#state.sinceMs + limits.execStartMs;
      case "following":
        return this.#state.liveness.deadline(looked);
    }
  }

  #open(nowMs: number): void {
    this.#state = { kind: "opening", sinceMs: nowMs };
    this.#options.outbox.add({ type: "exec-open", mode: this.#mode, ...this.#size });
  }
}

/** So many failures in a row may be met by an attempt at once when somebody asks; then the back-off holds. */
const urgentAttempts = 4;
