// Owns the parsing of OSC 52, by which a program reaches for the clipboard.
// Must not know the clipboard.

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
