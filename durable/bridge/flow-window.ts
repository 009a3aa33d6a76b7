// Owns how many bytes may be under way to one viewer: what it acknowledges in a quarter of a second, within bounds.
// Must not know channels, streams or pictures: it counts bytes.

import type { BridgeLimits } from "./limits.ts";

/** Acknowledgements are gathered at least this long before a rate is read from them. */
const sampleLeastMs = 20;
/** What a slower sample counts against the rate so far. */
const slowerWeight = 1 / 4;

/**
 * The rate follows faster samples at once and slower ones gradually, and slower ones only if the window was full
 * meanwhile: a viewer with nothing to read has not become slow.
 */
export class FlowWindow {
  readonly #limits: BridgeLimits;
  #underWay = 0;
  #bytes: number;
  #sampleSinceMs: number | null = null;
  #sampleBytes = 0;
  /** Whether anything held it back since the sample began. */
  #wasFull = false;

  constructor(limits: BridgeLimits) {
    this.#limits = limits;
    this.#bytes = Math.min(limits.windowMostBytes, 4 * limits.windowLeastBytes);
  }

  /** Sent and not acknowledged. */
  get underWay(): number {
    return this.#underWay;
  }

  get room(): number {
    return Math.max(0, this.#bytes - this.#underWay);
  }

  sent(bytes: number, nowMs: number): void {
    if (this.#underWay === 0) this.#begin(nowMs);
    this.#underWay += bytes;
    this.#wasFull ||= this.#isFull;
  }

  acknowledged(bytes: number, nowMs: number): void {
    this.#underWay -= bytes;
    if (this.#underWay < 0) throw new Error("more acknowledged than sent");
    this.#sampleBytes += bytes;
    if (this.#sampleSinceMs === null) return;
    const tookMs = nowMs - this.#sampleSinceMs;
    if (tookMs < sampleLeastMs && this.#underWay > 0) return;
    this.#learn((this.#sampleBytes / Math.max(tookMs, 1)) * this.#limits.windowMs);
    this.#begin(nowMs);
  }

  /** A channel closed: what was under way on it will not be acknowledged any more. */
  forgotten(bytes: number): void {
    this.#underWay -= bytes;
  }

  get #isFull(): boolean {
    return this.#underWay + this.#limits.frameLeastBytes >= this.#bytes;
  }

  #begin(nowMs: number): void {
    this.#sampleSinceMs = nowMs;
    this.#sampleBytes = 0;
    this.#wasFull = this.#isFull;
  }

  #learn(bytes: number): void {
    const wanted = bytes > this.#bytes ? bytes : this.#wasFull ? this.#bytes + (bytes - this.#bytes) * slowerWeight : 0;
    if (wanted === 0) return;
    const { windowLeastBytes, windowMostBytes } = this.#limits;
    this.#bytes = Math.round(Math.min(windowMostBytes, Math.max(windowLeastBytes, wanted)));
  }
}
