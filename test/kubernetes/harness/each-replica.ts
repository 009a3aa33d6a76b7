// Owns waiting for all replicas of the ingress: each new connection goes to one of them at random.
// Must not know what is waited for.

import { setTimeout as pause } from "node:timers/promises";

/** So many times in a row: each replica was among them, by all odds. */
export const oftenEnough = 12;

/**
 * @param look on a new connection; what it throws counts as "not yet"
 * @throws Error with `what` once `withinMs` are over
 */
export async function untilEach(what: string, look: () => Promise<boolean>, withinMs = 180_000): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  for (let times = 0; times < oftenEnough; ) {
    times = (await look().catch(() => false)) ? times + 1 : 0;
    if (performance.now() > deadlineMs) throw new Error(`Waited ${withinMs / 1000} s in vain for: ${what}`);
    await pause(100);
  }
}
