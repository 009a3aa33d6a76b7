// Owns how long one run of the clock may go on: its lease, its calls, its time.
// Must not know what the run does.

import type { Database } from "../db/database.ts";
import { releaseLease, renewLease, takeLease } from "../db/leases.ts";

export interface TurnLimits {
  /** From the last renewal; a run that dies gives way to the next after this long. Milliseconds. */
  readonly leaseMs: number;
  /** It is renewed when it is this old. Milliseconds. */
  readonly renewAfterMs: number;
  /** Requests to D1, objects, R2 and the cluster: the platform allows 10,000 an invocation. */
  readonly calls: number;
  /** Nothing is begun after this long. Milliseconds. */
  readonly runMs: number;
}

/** One run at a time: while it stands, no other one does. */
export class Turn {
  readonly #db: Database;
  readonly #name: string;
  readonly #holder: string;
  readonly #limits: TurnLimits;
  readonly #now: () => number;
  readonly #endsAtMs: number;
  #heldSinceMs: number;
  #calls = 0;
  #lost = false;
  #renewal: Promise<void> | null = null;

  private constructor(db: Database, name: string, holder: string, limits: TurnLimits, now: () => number, atMs: number) {
    this.#db = db;
    this.#name = name;
    this.#holder = holder;
    this.#limits = limits;
    this.#now = now;
    this.#heldSinceMs = atMs;
    this.#endsAtMs = atMs + limits.runMs;
  }

  /** Null where another run is under way. `now` gives milliseconds of any steady clock. @throws where D1 does not answer. */
  static async begin(db: Database, name: string, limits: TurnLimits, now: () => number): Promise<Turn | null> {
    const holder = crypto.randomUUID();
    // Counted from before it was asked for: the lease never ends later than this run believes.
    const atMs = now();
    const taken = await takeLease(db, name, holder, limits.leaseMs);
    return taken ? new Turn(db, name, holder, limits, now, atMs) : null;
  }

  /** Calls that were asked for so far. */
  get calls(): number {
    return this.#calls;
  }

  /** True once another run may have begun: whatever changes something must not be begun any more. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Asked before every piece of work that costs `calls`. False: stop here, the next run goes on. */
  async mayTake(calls: number): Promise<boolean> {
    const stands = await this.stands();
    if (!stands || this.#now() >= this.#endsAtMs || this.#calls + calls > this.#limits.calls) return false;
    this.#calls += calls;
    return true;
  }

  /** Whether the lease is still this run's, renewed where it is time: asked right before what cannot be undone. */
  async stands(): Promise<boolean> {
    if (!this.#lost && this.#now() - this.#heldSinceMs > this.#limits.renewAfterMs) {
      this.#renewal ??= this.#renew().finally(() => {
        this.#renewal = null;
      });
      await this.#renewal;
    }
    return !this.#lost;
  }

  async end(): Promise<void> {
    await releaseLease(this.#db, this.#name, this.#holder);
  }

  /** A D1 that does not answer is a lease that nobody vouches for. */
  async #renew(): Promise<void> {
    const atMs = this.#now();
    this.#calls += 1;
    const kept = await renewLease(this.#db, this.#name, this.#holder, this.#limits.leaseMs).catch(() => false);
    if (kept) this.#heldSinceMs = atMs;
    else this.#lost = true;
  }
}
