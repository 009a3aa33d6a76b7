// Owns waiting for what comes about by itself, with a bound.
// Must not know what is waited for.

const patienceMs = 15_000;

/** Asks again and again until `fits`; gives what fitted. @throws with the last answer where it does not in time. */
export async function eventually<T>(ask: () => Promise<T>, fits: (value: T) => boolean, everyMs = 50): Promise<T> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await ask();
    if (fits(value)) return value;
    if (Date.now() > deadline) throw new Error(`it did not come about; last: ${JSON.stringify(value)}`);
    await scheduler.wait(everyMs);
  }
}
