// Owns counting text in bytes of UTF-8 without encoding it.
// Must not know what the text is.

/** How many bytes TextEncoder would give; a lone surrogate counts as U+FFFD, three bytes, as it does there. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    if (unit < 0x800) {
      bytes += 1;
    } else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(at + 1))) {
      bytes += 2; // four bytes for the pair's two units
      at++;
    } else {
      bytes += 2;
    }
  }
  return bytes;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000; // NaN past the end: false
}
