// Owns how a step of work looks to the person who waits for it.
// Must not know the work.

/** @param work gives a word on its result */
export async function step(title: string, work: () => Promise<string>): Promise<void> {
  const startedMs = Date.now();
  console.log(`· ${title} …`);
  const word = await work();
  console.log(`✓ ${title} ${word} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
}
