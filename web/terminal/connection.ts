// Owns which socket counts, when it is taken for dead and when the next one is tried.
// Must not know what is said over it beyond `ping`, nor WebSockets, clocks and randomness.

import { closeCode, isFinalClose } from "../../durable/protocol/close-codes.ts";
import { deadAfterMs, pingEveryMs } from "../../durable/protocol/limits.ts";

/** A socket that says nothing for this long after it was asked for is given up: a slow line, but not a black hole. */
export const connectWithinMs = 10_000;
/** After a sign that the line may have changed (shown again, back online, woken up) an answer is due this soon. */
export const probeWithinMs = 2_500;
/** A socket that lived this long was a good one: the next wait begins anew. */
const goodAfterMs = 5_000;
/** A tick this much too late means that the machine slept: silence until now proves nothing. */
const sleptAfterMs = 3_000;

const visibleBackoff = { firstMs: 250, mostMs: 2_000 };
const hiddenBackoff = { firstMs: 1_000, mostMs: 60_000 };

export type ConnectionEffect =
  /** Open a socket and report on it under this number. */
  | { readonly type: "connect"; readonly socket: number }
  | { readonly type: "close"; readonly socket: number; readonly code: number; readonly reason: string }
  | { readonly type: "ping"; readonly socket: number };

export type LinkView =
  | { readonly state: "idle" }
  | { readonly state: "connecting"; readonly again: boolean }
  | { readonly state: "connected" }
  | { readonly state: "waiting"; readonly retryAtMs: number }
  /** A final close code: nothing more happens until `start`. */
  | { readonly state: "ended"; readonly code: number; readonly reason: string };

type State =
  | { readonly is: "idle" }
  | { readonly is: "waiting"; readonly retryAtMs: number }
  | { readonly is: "connecting"; readonly socket: number; readonly sinceMs: number }
  | { readonly is: "open"; readonly socket: number; readonly sinceMs: number; heard: boolean }
  | { readonly is: "ended"; readonly code: number; readonly reason: string };

export class Connection {
  readonly #random: () => number;
  #visible: boolean;
  #state: State = { is: "idle" };
  #nextSocket = 1;
  #failures = 0;
  #everHeard = false;
  #lastFrameMs = 0;
  #lastPingMs = 0;
  /** By when a frame must have come, whatever the rest says. */
  #answerDueMs: number | null = null;
  #out: ConnectionEffect[] = [];

  constructor(random: () => number, visible: boolean) {
    this.#random = random;
    this.#visible = visible;
  }

  /** The one socket whose frames count. */
  get socket(): number | null {
    return this.#state.is === "open" ? this.#state.socket : null;
  }

  get view(): LinkView {
    const state = this.#state;
    if (state.is === "idle") return { state: "idle" };
    if (state.is === "waiting") return { state: "waiting", retryAtMs: state.retryAtMs };
    if (state.is === "ended") return { state: "ended", code: state.code, reason: state.reason };
    if (state.is === "open" && state.heard) return { state: "connected" };
    return { state: "connecting", again: this.#everHeard };
  }

  /** Connects now, whatever was before. */
  start(nowMs: number): void {
    this.#leave(1000, "replaced");
    this.#connect(nowMs);
  }

  stop(): void {
    this.#leave(1000, "done");
    this.#state = { is: "idle" };
  }

  /** False: this socket does not count any more. */
  opened(socket: number, nowMs: number): boolean {
    if (this.#state.is !== "connecting" || this.#state.socket !== socket) return false;
    this.#state = { is: "open", socket, sinceMs: nowMs, heard: false };
    this.#lastFrameMs = nowMs;
    this.#lastPingMs = nowMs;
    this.#answerDueMs = nowMs + connectWithinMs;
    return true;
  }

  /** Any frame is a sign of life. False: it came on a socket that does not count any more and must be ignored. */
  frame(socket: number, nowMs: number): boolean {
    if (this.#state.is !== "open" || this.#state.socket !== socket) return false;
    this.#state.heard = true;
    this.#everHeard = true;
    this.#lastFrameMs = nowMs;
    this.#answerDueMs = null;
    return true;
  }

  closed(socket: number, code: number, reason: string, nowMs: number): void {
    const state = this.#state;
    if ((state.is !== "open" && state.is !== "connecting") || state.socket !== socket) return;
    this.#answerDueMs = null;
    if (isFinalClose(code)) {
      this.#state = { is: "ended", code, reason };
      return;
    }
    const good = state.is === "open" && state.heard && nowMs - state.sinceMs >= goodAfterMs;
    if (good) this.#failures = 0;
    if (good && code === closeCode.again) this.#connect(nowMs);
    else this.#wait(nowMs, good);
  }

  /** The socket that counts is of no use: replaced at once where it was good until now, else after a wait. */
  abandon(code: number, reason: string, nowMs: number): void {
    const state = this.#state;
    if (state.is !== "open" && state.is !== "connecting") return;
    const good = state.is === "open" && state.heard && nowMs - state.sinceMs >= goodAfterMs;
    this.#leave(code, reason);
    if (good) {
      this.#failures = 0;
      this.#connect(nowMs);
    } else this.#wait(nowMs, false);
  }

  visibility(visible: boolean, nowMs: number): void {
    const shown = visible && !this.#visible;
    this.#visible = visible;
    if (shown) this.#lookAgain(nowMs);
  }

  /** The browser says that it is online again. */
  online(nowMs: number): void {
    this.#lookAgain(nowMs);
  }

  tick(nowMs: number): void {
    const due = this.nextDeadlineMs();
    if (due === null || nowMs < due) return;
    const state = this.#state;
    if (state.is === "waiting") this.#connect(nowMs);
    else if (state.is === "connecting") this.#giveUp("no answer", nowMs);
    else if (state.is === "open") {
      if (nowMs - due > sleptAfterMs) this.#lookAgain(nowMs);
      else if (this.#answerDueMs !== null && nowMs >= this.#answerDueMs) this.#giveUp("no answer", nowMs);
      else if (nowMs - this.#lastFrameMs >= deadAfterMs) this.#giveUp("silent", nowMs);
      else this.#ping(state.socket, nowMs);
    }
  }

  nextDeadlineMs(): number | null {
    const state = this.#state;
    if (state.is === "waiting") return state.retryAtMs;
    if (state.is === "connecting") return state.sinceMs + connectWithinMs;
    if (state.is !== "open") return null;
    const deadlines: number[] = [];
    if (this.#answerDueMs !== null) deadlines.push(this.#answerDueMs);
    if (this.#visible) deadlines.push(this.#lastFrameMs + deadAfterMs, this.#lastPingMs + pingEveryMs);
    return deadlines.length === 0 ? null : Math.min(...deadlines);
  }

  takeEffects(): readonly ConnectionEffect[] {
    const out = this.#out;
    this.#out = [];
    return out;
  }

  /** Something changed for the better, or may have broken unseen: try at once, or ask at once. */
  #lookAgain(nowMs: number): void {
    if (this.#state.is === "waiting") {
      this.#failures = 0;
      this.#connect(nowMs);
    } else if (this.#state.is === "open") {
      // Silence while nobody asked is no silence.
      this.#lastFrameMs = nowMs;
      this.#answerDueMs ??= nowMs + probeWithinMs;
      this.#ping(this.#state.socket, nowMs);
    }
  }

  #ping(socket: number, nowMs: number): void {
    this.#lastPingMs = nowMs;
    this.#out.push({ type: "ping", socket });
  }

  #giveUp(reason: string, nowMs: number): void {
    this.abandon(closeCode.silent, reason, nowMs);
  }

  #connect(nowMs: number): void {
    const socket = this.#nextSocket++;
    this.#answerDueMs = null;
    this.#state = { is: "connecting", socket, sinceMs: nowMs };
    this.#out.push({ type: "connect", socket });
  }

  /** `soon`: a connection that stood well was lost. Only spread, so that a deploy does not bring all pages at once. */
  #wait(nowMs: number, soon: boolean): void {
    const { firstMs, mostMs } = this.#visible ? visibleBackoff : hiddenBackoff;
    const least = soon ? 0 : firstMs;
    const most = soon ? firstMs : Math.min(mostMs, firstMs * 2 ** Math.min(this.#failures + 1, 16));
    this.#failures++;
    this.#state = { is: "waiting", retryAtMs: nowMs + least + this.#random() * (most - least) };
  }

  #leave(code: number, reason: string): void {
    const state = this.#state;
    if (state.is !== "open" && state.is !== "connecting") return;
    this.#answerDueMs = null;
    this.#out.push({ type: "close", socket: state.socket, code, reason });
  }
}
