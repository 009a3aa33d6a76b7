// Owns doing one thing to many, a few at a time, so that one that fails never stops the rest.
// Must not know what is done.

/** The platform opens about six connections at a time; more would wait for them. */
const atOnce = 6;

/** What became of a list. `left`: not begun, since `mayGoOn` said no. */
export interface Outcome<T> {
  readonly done: number;
  readonly failed: readonly { readonly item: T; readonly error: unknown }[];
  readonly left: number;
}

/** `work` gives whether it did something; a rejection is kept with its item. */
export async function doEach<T extends object>(
  items: readonly T[],
  mayGoOn: () => Promise<boolean>,
  work: (item: T) => Promise<boolean>,
): Promise<Outcome<T>> {
  const failed: { readonly item: T; readonly error: unknown }[] = [];
  let begun = 0;
  let done = 0;
  const worker = async (): Promise<void> => {
    while (begun < items.length && (await mayGoOn())) {
      // Another worker may have taken the last one meanwhile.
      const [item] = items.slice(begun, begun + 1);
      if (item === undefined) return;
      begun += 1;
      try {
        if (await work(item)) done += 1;
      } catch (error) {
        failed.push({ item, error });
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return { done, failed, left: items.length - begun };
}
