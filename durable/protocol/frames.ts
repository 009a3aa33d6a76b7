// Owns the framing of terminal bytes: one channel byte, then the bytes as they are; and the same as base64 text.
// Must not know what the bytes mean or which channels are open.

import { maxChannel } from "./limits.ts";

/** Bytes of one channel, in either direction. */
export interface DataFrame {
  /** 0 to 63. */
  readonly channel: number;
  /** A view into the frame, without the channel byte. */
  readonly bytes: Uint8Array;
}

/** `channel` then `bytes`, in an array of its own. */
export function encodeFrame(channel: number, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(1 + bytes.length);
  frame[0] = channel;
  frame.set(bytes, 1);
  return frame;
}

/** `null`: an empty frame or a channel above 63 ([P5]). */
export function decodeFrame(frame: Uint8Array): DataFrame | null {
  const channel = frame[0];
  if (channel === undefined || channel > maxChannel) return null;
  return { channel, bytes: frame.subarray(1) };
}

/** True for a text frame that holds a control message; under `limpet.v1.base64` every other one holds a data frame. */
export function isControlText(text: string): boolean {
  return text.startsWith("{");
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const codes = new TextEncoder().encode(alphabet);
const invalid = 255;
const values = new Uint8Array(128).fill(invalid);
for (let value = 0; value < 64; value++) values[codes[value] ?? 0] = value;
const padding = 61; // "="
const ascii = new TextDecoder();

/** A whole frame, channel byte included, as base64 (RFC 4648 section 4, padded). */
export function encodeBase64(frame: Uint8Array): string {
  const text = new Uint8Array(Math.ceil(frame.length / 3) * 4);
  let at = 0;
  for (let from = 0; from < frame.length; from += 3) {
    const left = frame.length - from;
    const bits = ((frame[from] ?? 0) << 16) | ((frame[from + 1] ?? 0) << 8) | (frame[from + 2] ?? 0);
    text[at++] = codes[bits >> 18] ?? 0;
    text[at++] = codes[(bits >> 12) & 63] ?? 0;
    text[at++] = left > 1 ? (codes[(bits >> 6) & 63] ?? 0) : padding;
    text[at++] = left > 2 ? (codes[bits & 63] ?? 0) : padding;
  }
  return ascii.decode(text);
}

/** `null` for anything but padded base64 in its canonical form. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 !== 0) return null;
  const pads = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - pads);
  let at = 0;
  for (let from = 0; from < text.length; from += 4) {
    const used = from + 4 === text.length ? 4 - pads : 4;
    let bits = 0;
    for (let digit = 0; digit < 4; digit++) {
      const value = digit < used ? (values[text.charCodeAt(from + digit)] ?? invalid) : 0;
      if (value === invalid) return null;
      bits = (bits << 6) | value;
    }
    if (used === 2 && (bits & 0xffff) !== 0) return null;
    if (used === 3 && (bits & 0xff) !== 0) return null;
    bytes[at] = bits >> 16;
    if (used > 2) bytes[at + 1] = (bits >> 8) & 255;
    if (used > 3) bytes[at + 2] = bits & 255;
    at += 3;
  }
  return bytes;
}
