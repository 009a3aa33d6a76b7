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

/** Largest text that a program may put on the clipboard, in bytes of base64. */
const maxOsc52 = 1024 * 1024;

/**
 * OSC 52's payload, `Pc;Pd` with Pd as base64 of UTF-8. `null` for a question (never answered: a program must not read
 * what the person copied elsewhere) and for anything that is no text.
 */
export function parseOsc52(data: string): string | null {
  const encoded = data.slice(data.indexOf(";") + 1);
  if (encoded === "?" || encoded === "" || encoded.length > maxOsc52) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (char) => char.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
