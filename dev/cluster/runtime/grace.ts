// Owns the time that a pod has to end, which may be cut short while it runs.
// Must not know what is waited for.

import { setTimeout as sleep } from "node:timers/promises";

export class Grace {
  /** In performance.now() of this process. */
  #endsAt = Number.POSITIVE_INFINITY;

  /** Ends `seconds` from now, or when it would have ended anyway. */
  shorten(seconds: number): void {
    this.#endsAt = Math.min(this.#endsAt, performance.now() + seconds * 1_000);
  }

  /** What `work` gives; undefined where the grace is over before that. */
  async wait<T>(work: Promise<T>): Promise<T | undefined> {
    let over = false;
    const end = (async () => {
      for (let leftMs = this.#leftMs(); !over && leftMs > 0; leftMs = this.#leftMs()) await sleep(Math.min(50, leftMs));
      return undefined;
    })();
    return Promise.race([work, end]).finally(() => {
      over = true;
    });
  }

  #leftMs(): number {
    return this.#endsAt - performance.now();
  }
}
