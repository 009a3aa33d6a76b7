// Owns chance: which requests it strikes and how, the same again for the same seed.
// Must not know how a fault is played.

import type { ChanceFault, RequestFault } from "./faults.ts";

export type Struck = Extract<RequestFault, { type: "answer" | "cut-body" }>;

const blows: readonly Struck[] = [
  { type: "answer", status: 500, times: 1 },
  { type: "answer", status: 503, times: 1 },
  { type: "answer", status: 429, times: 1 },
  { type: "cut-body", times: 1 },
];

export class Chance {
  readonly #fault: ChanceFault;
  readonly #seen = new Map<string, number>();
  #struck = 0;
  #state: number;

  constructor(fault: ChanceFault) {
    this.#fault = fault;
    this.#state = fault.seed;
  }

  /** One request more. */
  draw(method: string, url: string): Struck | undefined {
    const { percent, method: only, path } = this.#fault;
    if (only !== undefined && only.toUpperCase() !== method) return undefined;
    if (path !== undefined && !url.includes(path)) return undefined;
    this.#seen.set(method, (this.#seen.get(method) ?? 0) + 1);
    const [whether, which] = [this.#random(), this.#random()];
    if (whether * 100 >= percent) return undefined;
    this.#struck += 1;
    return blows[Math.floor(which * blows.length)];
  }

  counts(): { readonly seen: Readonly<Record<string, number>>; readonly struck: number } {
    return { seen: Object.fromEntries(this.#seen), struck: this.#struck };
  }

  /** In [0, 1): Mulberry32. */
  #random(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}
