// Owns where a run of bytes may be cut so that no UTF-8 sequence is split.
// Must not know terminals, pastes or sockets.

/**
 * How many bytes at the end of `bytes` begin a UTF-8 sequence without finishing it: 0 to 3.
 * Bytes that can never become a sequence count as finished, so that nothing is held back for ever.
 */
export function unfinishedTail(bytes: Uint8Array): number {
  const end = bytes.length;
  for (let back = 1; back <= Math.min(3, end); back++) {
    const byte = bytes[end - back] ?? 0;
    if (isContinuation(byte)) continue;
    return back < sequenceLength(byte) ? back : 0;
  }
  return 0;
}

/** The largest cut of at most `limit` bytes from `start` that ends between two code points; `bytes` is valid UTF-8. */
export function cutBetweenCodePoints(bytes: Uint8Array, start: number, limit: number): number {
  let end = Math.min(start + limit, bytes.length);
  while (end > start && end < bytes.length && isContinuation(bytes[end] ?? 0)) end--;
  return end;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** Length of the sequence that this first byte announces; 1 for ASCII and for bytes that announce none. */
function sequenceLength(first: number): number {
  if (first >= 0xf0 && first <= 0xf4) return 4;
  if (first >= 0xe0 && first < 0xf0) return 3;
  if (first >= 0xc2 && first < 0xe0) return 2;
  return 1;
}
