// Owns the way from one frame of a browser's socket to what it is, or to the rule that it broke.
// Must not know which channels are open or what a message causes.

import { decodeBase64, decodeFrame, isControlText } from "../protocol/frames.ts";
import { maxClientFrameBytes, maxInputFrameBytes, ping } from "../protocol/limits.ts";
import type { ClientMessage } from "../protocol/messages.ts";
import { describeParseError, parseClientMessage } from "../protocol/parse.ts";
import { utf8Length } from "../protocol/utf8.ts";

export type SocketFrame =
  | { readonly kind: "input"; readonly channel: number; readonly bytes: Uint8Array }
  | { readonly kind: "message"; readonly message: ClientMessage }
  /** The liveness question, where no auto-response answered it. */
  | { readonly kind: "ping" }
  /** A type of a later version. */
  | { readonly kind: "unknown" }
  | { readonly kind: "breach"; readonly reason: string };

export function readFrame(data: string | Uint8Array, base64: boolean): SocketFrame {
  if (typeof data !== "string") return readInput(data);
  if (data === ping) return { kind: "ping" };
  // UTF-16 units are at most three bytes each: only a long text is worth counting.
  if (data.length * 3 > maxClientFrameBytes && utf8Length(data) > maxClientFrameBytes) return tooLong;
  if (base64 && !isControlText(data)) {
    const frame = decodeBase64(data);
    return frame === null ? { kind: "breach", reason: "text: must be JSON or base64" } : readInput(frame);
  }
  const parsed = parseClientMessage(data);
  if (!parsed.ok) return { kind: "breach", reason: describeParseError(parsed.error) };
  return parsed.message === null ? { kind: "unknown" } : { kind: "message", message: parsed.message };
}

function readInput(frame: Uint8Array): SocketFrame {
  if (frame.length > maxClientFrameBytes) return tooLong;
  const data = decodeFrame(frame);
  if (data === null) return { kind: "breach", reason: "input: channel must be 0 to 63" };
  if (data.bytes.length > maxInputFrameBytes) {
    return { kind: "breach", reason: `input: must be at most ${maxInputFrameBytes} bytes` };
  }
  return { kind: "input", ...data };
}

const tooLong: SocketFrame = { kind: "breach", reason: `frame: must be at most ${maxClientFrameBytes} bytes` };
