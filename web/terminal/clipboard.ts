// Owns the browser's clipboard as far as a terminal needs it.
// Must not know terminals.

/** False where the browser refused; `fallback` copies by the older way, from a key press only. */
export async function writeClipboard(text: string, fallback: () => boolean): Promise<boolean> {
  try {
    if (navigator.clipboard !== undefined) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused, or no gesture of the person's: the older way may still be allowed.
  }
  return fallback();
}

/** `null` where the browser did not give it. */
export async function readClipboard(): Promise<string | null> {
  try {
    return navigator.clipboard === undefined ? null : await navigator.clipboard.readText();
  } catch {
    return null;
  }
}
