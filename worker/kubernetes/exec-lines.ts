// Owns a command in a pod that is given one line and answers in lines: its exec, framing, bounds and end.
// Must not know what the lines mean.

import { type ExecAnswer, openExec } from "./exec.ts";
import type { ExecRequest } from "./exec-query.ts";
import type { ClusterFailure } from "./failure.ts";
import { isObject, objectAt, objectsAt, parseJson, stringAt } from "./json.ts";
import type { ClusterClient } from "./request.ts";

/** Until the cluster answers the upgrade, in milliseconds. */
const connectTimeoutMs = 8_000;
/** Longest line that is read, in UTF-16 units; a longer one is passed over. */
const maxLineLength = 64 * 1024;
/** Most that is read of a command's output, in bytes: more is no command of ours. */
const maxOutputBytes = 8 * 1024 * 1024;
/** Bytes of stdin in one message: what every server was seen to take. */
const stdinMessageBytes = 32 * 1024;

/** Channels of v4 and v5 (apimachinery pkg/util/remotecommand/constants.go). */
const channels = { stdin: 0, stdout: 1, status: 3 } as const;

export interface LinesRequest {
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  /** Goes to stdin, with a line feed after it. */
  readonly line: string;
  /** In all, in milliseconds. */
  readonly timeoutMs: number;
  /** Without anything on stdout, in milliseconds. */
  readonly silenceMs: number;
}

export type LinesEnd =
  /** The listener had enough. */
  | { readonly type: "enough" }
  /** The exec was refused before it began. */
  | { readonly type: "refused"; readonly failure: ClusterFailure }
  /** It is over, as its Status says. A success is no proof of anything: v5 reports one when the kubelet dies. */
  | { readonly type: "ended"; readonly exitCode: number | null; readonly message: string | null }
  /** The connection was lost. */
  | { readonly type: "lost" }
  | { readonly type: "silent" }
  | { readonly type: "overtime" }
  /** More output than is read. */
  | { readonly type: "flood" }
  | { readonly type: "cancelled" };

/** Never rejects. `heard` is given each whole line of stdout; true: enough. stderr is not read: it may say anything. */
export async function runForLines(
  cluster: ClusterClient,
  request: LinesRequest,
  heard: (line: string) => boolean,
  cancel: AbortSignal,
): Promise<LinesEnd> {
  if (cancel.aborted) return { type: "cancelled" };
  const { pod, container, command } = request;
  const wish: ExecRequest = { pod, container, command, tty: false, timeoutMs: connectTimeoutMs };
  const answer = await openExec(cluster, wish, cancel);
  if (!answer.ok) return cancel.aborted ? { type: "cancelled" } : { type: "refused", failure: answer.failure };
  return converse(answer.socket, request, heard, cancel);
}

type Open = Extract<ExecAnswer, { ok: true }>["socket"];

function converse(
  socket: Open,
  { line, timeoutMs, silenceMs }: LinesRequest,
  heard: (line: string) => boolean,
  cancel: AbortSignal,
): Promise<LinesEnd> {
  return new Promise((resolve) => {
    const lines = new LineReader(heard);
    let said: Extract<LinesEnd, { type: "ended" }> | null = null;
    const end = (how: LinesEnd) => {
      clearTimeout(overtime);
      clearTimeout(silence);
      cancel.removeEventListener("abort", cancelled);
      try {
        socket.close(1000);
      } catch {
        // It is closed already.
      }
      // Whoever asked first is answered; the rest of this finds a promise that is settled.
      resolve(how);
    };
    const cancelled = () => end({ type: "cancelled" });
    const overtime = setTimeout(() => end({ type: "overtime" }), timeoutMs);
    const hush = () => setTimeout(() => end({ type: "silent" }), silenceMs);
    let silence = hush();
    cancel.addEventListener("abort", cancelled);
    socket.addEventListener("message", ({ data }) => {
      if (!(data instanceof ArrayBuffer)) return end({ type: "lost" });
      const message = new Uint8Array(data);
      if (message[0] === channels.status) said = readStatus(message.subarray(1));
      if (message[0] !== channels.stdout || message.length === 1) return;
      clearTimeout(silence);
      silence = hush();
      const how = lines.read(message.subarray(1));
      if (how !== "more") end({ type: how });
    });
    socket.addEventListener("close", () => end(said ?? { type: "lost" }));
    socket.addEventListener("error", () => end(said ?? { type: "lost" }));
    socket.accept();
    if (cancel.aborted) return end({ type: "cancelled" });
    try {
      for (const message of stdin(line)) socket.send(message);
    } catch {
      end({ type: "lost" });
    }
  });
}

/** Cuts stdout into lines. */
class LineReader {
  readonly #heard: (line: string) => boolean;
  readonly #decoder = new TextDecoder();
  #rest = "";
  #tooLong = false;
  #bytes = 0;

  constructor(heard: (line: string) => boolean) {
    this.#heard = heard;
  }

  read(bytes: Uint8Array): "more" | "enough" | "flood" {
    this.#bytes += bytes.length;
    if (this.#bytes > maxOutputBytes) return "flood";
    const parts = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#rest = parts.pop() ?? "";
    for (const part of parts) {
      const skip = this.#tooLong || part.length > maxLineLength;
      this.#tooLong = false;
      if (!skip && this.#heard(part)) return "enough";
    }
    if (this.#rest.length > maxLineLength) {
      this.#rest = "";
      this.#tooLong = true;
    }
    return "more";
  }
}

function* stdin(line: string): Generator<Uint8Array> {
  const bytes = new TextEncoder().encode(`${line}\n`);
  for (let from = 0; from < bytes.length; from += stdinMessageBytes) {
    const part = bytes.subarray(from, from + stdinMessageBytes);
    const message = new Uint8Array(1 + part.length);
    message[0] = channels.stdin;
    message.set(part, 1);
    yield message;
  }
}

function readStatus(bytes: Uint8Array): Extract<LinesEnd, { type: "ended" }> {
  const value = parseJson(new TextDecoder().decode(bytes));
  const status = isObject(value) ? value : {};
  const causes = objectsAt(objectAt(status, "details"), "causes");
  const code = stringAt(causes.find((cause) => cause["reason"] === "ExitCode") ?? {}, "message");
  const exitCode = code !== null && /^\d{1,3}$/.test(code) ? Number(code) : null;
  const message = stringAt(status, "message")?.slice(0, 500) ?? null;
  return { type: "ended", exitCode: status["status"] === "Success" ? 0 : exitCode, message };
}
