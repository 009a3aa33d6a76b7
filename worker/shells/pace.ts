// Owns how often a shell's pod is looked at and how long to wait before trying again.
// Must not know what is looked at or why it failed.

/** Until a shell is settled: [up to this long after the wish, look this often], in milliseconds. */
const cadence: readonly (readonly [untilMs: number, everyMs: number])[] = [
  // A pod is ready a second after it was asked for; two looks a second would be felt by the person who waits.
  [5_000, 250],
  [20_000, 500],
  [120_000, 1_500],
  [900_000, 5_000],
];
const slowestMs = 20_000;

/** How long to wait until the next look at a pod that has been on its way for `waitedMs`. */
export function nextLookMs(waitedMs: number): number {
  return cadence.find(([untilMs]) => waitedMs < untilMs)?.[1] ?? slowestMs;
}

/** After this many failed calls in a row a create or a delete is given up. With the waits below: about 25 seconds. */
export const mostFailures = 8;
/** A quota is not freed by asking often: fewer tries, about five seconds. */
export const mostQuotaFailures = 5;

/** A shell that cannot be deleted, or whose state cannot be read, is tried again this often. */
export const slowRetryMs = 60_000;
/** A pod that has not started after this long is said to have failed; it is still looked at, slowly. */
export const longestStartMs = 15 * 60_000;

/** A pod that is there this long after its grace was over has no node that could end it. Takes in clocks that differ. */
export const longestEndMs = 2 * 60_000;

const firstRetryMs = 250;
const longestRetryMs = 8_000;

/** Exponential, with full jitter over its upper half. `failures` from 1; `random` in [0, 1). */
export function retryMs(failures: number, random: number): number {
  const whole = Math.min(longestRetryMs, firstRetryMs * 2 ** (failures - 1));
  return whole / 2 + (whole / 2) * random;
}
