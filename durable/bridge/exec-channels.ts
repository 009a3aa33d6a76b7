// Owns the framing of Kubernetes' exec subprotocols, v4.channel.k8s.io and v5.channel.k8s.io, both binary.
// Must not know what runs at the other end or what any of it leads to.
//
// Each message is one channel byte and bytes: 0 stdin, 1 stdout, 2 stderr, 3 error (a Status as JSON), 4 resize,
// 255 close (v5 only: exactly [255, channel]). Source: apimachinery pkg/util/remotecommand/constants.go.

import { isFields } from "../protocol/fields.ts";

export type ExecProtocol = "v4" | "v5";

/** What an exec's server sent. `empty`: the message that only proves the upgrade, not that anything runs. */
export type ExecFrame =
  | { readonly kind: "stdout"; readonly bytes: Uint8Array }
  | { readonly kind: "stderr"; readonly bytes: Uint8Array }
  | { readonly kind: "status"; readonly status: ExecStatus }
  | { readonly kind: "closed"; readonly channel: number }
  | { readonly kind: "empty" }
  | { readonly kind: "unknown"; readonly channel: number };

/**
 * A Status of channel 3. `exitCode` is the command's, where the Status gives one. A `Success` is no proof that the
 * command ended: v5 also sends it when the kubelet dies under a command that goes on running ([B29]).
 */
export interface ExecStatus {
  readonly success: boolean;
  readonly reason: string | null;
  readonly message: string | null;
  readonly exitCode: number | null;
}

/** Bytes of stdin in one message: what every server was seen to take, and large enough to be cheap. */
const stdinMessageBytes = 32 * 1024;

export function decodeExecMessage(protocol: ExecProtocol, message: Uint8Array): ExecFrame {
  const channel = message[0];
  if (channel === undefined) return { kind: "empty" };
  if (channel === 255 && protocol === "v5") {
    const closed = message[1];
    return message.length === 2 && closed !== undefined
      ? { kind: "closed", channel: closed }
      : { kind: "unknown", channel };
  }
  const bytes = message.subarray(1);
  if (channel === 3) return { kind: "status", status: parseStatus(bytes) };
  if (channel !== 1 && channel !== 2) return { kind: "unknown", channel };
  if (bytes.length === 0) return { kind: "empty" };
  return { kind: channel === 1 ? "stdout" : "stderr", bytes };
}

/** Never fragmented further on: a server takes a continuation frame's first byte for a channel. */
export function encodeStdin(bytes: Uint8Array): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; from += stdinMessageBytes) {
    const part = bytes.subarray(from, from + stdinMessageBytes);
    const message = new Uint8Array(1 + part.length);
    message.set(part, 1);
    messages.push(message);
  }
  return messages;
}

/** `null` for a size that is not two integers from 1 to 65535: a bad resize hangs stdin for good, silently. */
export function encodeResize(cols: number, rows: number): Uint8Array | null {
  if (!isSide(cols) || !isSide(rows)) return null;
  const json = new TextEncoder().encode(`{"Width":${cols},"Height":${rows}}`);
  const message = new Uint8Array(1 + json.length);
  message[0] = 4;
  message.set(json, 1);
  return message;
}

function isSide(side: number): boolean {
  return Number.isInteger(side) && side >= 1 && side <= 65_535;
}

const unreadable: ExecStatus = { success: false, reason: "Unreadable", message: null, exitCode: null };

function parseStatus(bytes: Uint8Array): ExecStatus {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return unreadable;
  }
  if (!isFields(value)) return unreadable;
  const { status, reason, message, details } = value;
  return {
    success: status === "Success",
    reason: typeof reason === "string" ? reason.slice(0, 256) : null,
    message: typeof message === "string" ? message.slice(0, 1024) : null,
    exitCode: reason === "NonZeroExitCode" ? exitCodeOf(details) : null,
  };
}

function exitCodeOf(details: unknown): number | null {
  const causes = isFields(details) ? details["causes"] : null;
  if (!Array.isArray(causes)) return null;
  for (const cause of causes) {
    if (!isFields(cause) || cause["reason"] !== "ExitCode" || typeof cause["message"] !== "string") continue;
    if (/^[0-9]{1,3}$/.test(cause["message"])) return Number(cause["message"]);
  }
  return null;
}
