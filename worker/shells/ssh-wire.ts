// Owns the binary forms in which ssh keys are written: strings and numbers of the ssh protocol (RFC 4251, section 5).
// Must not know which fields a key has.

/** Appends; `bytes()` is all of it so far. */
export class SshWriter {
  readonly #parts: Uint8Array[] = [];

  raw(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  uint32(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return this.raw(bytes);
  }

  string(value: Uint8Array | string): this {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return this.uint32(bytes.length).raw(bytes);
  }

  /** A number that is not negative, from its big-endian bytes. */
  mpint(magnitude: Uint8Array): this {
    const start = magnitude.findIndex((byte) => byte !== 0);
    const digits = start === -1 ? new Uint8Array(0) : magnitude.subarray(start);
    // The highest bit is the sign.
    const sign = digits.length > 0 && (digits[0] ?? 0) >= 0x80 ? [0] : [];
    return this.string(new Uint8Array([...sign, ...digits]));
  }

  bytes(): Uint8Array {
    const whole = new Uint8Array(this.#parts.reduce((length, part) => length + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}

/** Reads from the front. Every read gives null, now and later, once there is too little left. */
export class SshReader {
  #rest: Uint8Array | null;

  constructor(bytes: Uint8Array) {
    this.#rest = bytes;
  }

  raw(length: number): Uint8Array | null {
    if (this.#rest === null || this.#rest.length < length) {
      this.#rest = null;
      return null;
    }
    const taken = this.#rest.subarray(0, length);
    this.#rest = this.#rest.subarray(length);
    return taken;
  }

  uint32(): number | null {
    const bytes = this.raw(4);
    return bytes === null ? null : new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
  }

  string(): Uint8Array | null {
    const length = this.uint32();
    return length === null ? null : this.raw(length);
  }

  /** The string as ASCII; null also where it is none. */
  text(): string | null {
    const bytes = this.string();
    if (bytes === null || bytes.some((byte) => byte < 0x20 || byte > 0x7e)) return null;
    return String.fromCharCode(...bytes);
  }
}

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

/** Null where it is none. White space does not count. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return Uint8Array.from(atob(text.replace(/\s+/g, "")), (character) => character.charCodeAt(0));
  } catch {
    return null;
  }
}
