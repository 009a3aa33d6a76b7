// Owns waiting: asks until a condition holds, and says what was seen last when it never does.
// Must not know what is waited for.

import { setTimeout as pause } from "node:timers/promises";
import { kubernetes } from "./cluster-target.ts";

export interface Patience {
  /** Milliseconds; wide, since it only bounds a failure. */
  readonly withinMs?: number;
  /** Milliseconds between two questions. */
  readonly everyMs?: number;
}

/** Three nodes and a control plane on the same machine leave it less. */
const defaultWithinMs = kubernetes === null ? 20_000 : 60_000;
const defaultEveryMs = 40;

/**
 * Asks `look` until `holds` is true of what it gives, and gives that.
 * @throws Error with `what` and the last thing seen, when the time is over. What `look` throws counts as "not yet".
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  holds: (seen: T) => boolean,
  { withinMs = defaultWithinMs, everyMs = defaultEveryMs }: Patience = {},
): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    let last: string;
    try {
      const seen = await look();
      if (holds(seen)) return seen;
      last = typeof seen === "string" ? seen : JSON.stringify(seen, null, 1);
    } catch (error) {
      last = String(error);
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`Waited ${withinMs / 1000} s in vain for: ${what}\nSeen last:\n${last}`);
    }
    await pause(everyMs);
  }
}
