// Owns how a step of work looks to the person who waits for it.
// Must not know the work.

/** @param work gives its result and a word on it */
export async function step<T>(title: string, work: () => Promise<readonly [T, string]>): Promise<T> {
  const startedMs = Date.now();
  console.log(`· ${title} …`);
  const [result, word] = await work();
  console.log(`✓ ${title} ${word} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  return result;
}
