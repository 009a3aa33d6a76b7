// Owns the time that the machine is given: it never goes back, and it goes on while the computer sleeps.
// Must not know what it is used for.

/** A step of the wall clock beyond this, which the page's own clock did not make, was sleep (or as good as). */
const sleepAfterMs = 2_000;

/** Milliseconds since some moment in the past. `performance.now()` alone stands still over a suspend in some browsers. */
export function makeClock(): () => number {
  let sleptMs = 0;
  let lastWallMs = Date.now();
  let lastPageMs = performance.now();
  return () => {
    const wallMs = Date.now();
    const pageMs = performance.now();
    const missingMs = wallMs - lastWallMs - (pageMs - lastPageMs);
    if (missingMs > sleepAfterMs) sleptMs += missingMs;
    lastWallMs = wallMs;
    lastPageMs = pageMs;
    return pageMs + sleptMs;
  };
}
