// Owns as much of DER (ITU-T X.690) as private keys need: elements with short tags, read and written.
// Must not know what an element means.

export interface DerElement {
  /** The identifier octet, as 0x30 for a SEQUENCE. */
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The elements that stand one after the other in `bytes`; null where they are not DER, or there are no bytes to read. */
export function readDer(bytes: Uint8Array | undefined): readonly DerElement[] | null {
  if (bytes === undefined) return null;
  const elements: DerElement[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [tag, first] = [bytes[at], bytes[at + 1]];
    // Tags above 30 take more than one octet, and no key has any.
    if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return null;
    at += 2;
    let length = first;
    if (first >= 0x80) {
      const octets = first - 0x80;
      if (octets < 1 || octets > 3 || at + octets > bytes.length) return null;
      length = bytes.subarray(at, at + octets).reduce((value, octet) => value * 256 + octet, 0);
      at += octets;
    }
    if (at + length > bytes.length) return null;
    elements.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return elements;
}

/** One element of these parts. Its content is at most 64 KiB. */
export function derElement(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const head =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  const element = new Uint8Array(head.length + length);
  element.set(head);
  let at = head.length;
  for (const part of parts) {
    element.set(part, at);
    at += part.length;
  }
  return element;
}
