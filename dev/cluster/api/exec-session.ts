// Owns one exec's WebSocket: channels in and out, flow, and how it ends.
// Must not know pods, faults' conditions or how a process is started.

import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import { isObject, parseJson } from "../json.ts";
import type { ExecListener, ExecProcess } from "../runtime/exec-process.ts";
import { OutputFrames } from "./output-frames.ts";
import { execExited, execSuccess, type Status } from "./status.ts";

/** The first byte of each message (apimachinery `pkg/util/remotecommand/constants.go`). */
const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Output waiting in this process: the exec's process is held at the first and goes on at the second. */
const holdBytes = 256 * 1024;
const goOnBytes = 64 * 1024;

/** How a cut looks to the client. */
export type Cut =
  /** The TCP connection is reset. */
  | "reset"
  /** Close 1000 without a Status. */
  | "close"
  /** A Status of Success and close 1000, though the process lives: v5 when the kubelet dies. */
  | "success";

export interface ExecSessionOptions {
  readonly socket: WebSocket;
  /** The TCP connection under it. */
  readonly connection: Socket;
  readonly version: "v4" | "v5";
  /** Output channels that were asked for, lowest first. */
  readonly outputs: readonly ("stdout" | "stderr")[];
  readonly resizeHangs: boolean;
  readonly ended: () => void;
}

export class ExecSession implements ExecListener {
  readonly #socket: WebSocket;
  readonly #options: ExecSessionOptions;
  readonly #frames: OutputFrames;
  #process: ExecProcess | undefined;
  #stdinHangs = false;
  #halfDead = false;
  #held = false;
  #over = false;

  constructor(options: ExecSessionOptions) {
    this.#options = options;
    this.#socket = options.socket;
    this.#frames = new OutputFrames((frame) => this.#send(frame));
    this.#socket.on("close", () => this.#lost());
    // What is wrong with a frame is followed by "close"; nothing more is to be done.
    this.#socket.on("error", () => undefined);
    // Nothing is read before there is a process to give it to.
    this.#socket.pause();
    // The server's opening: an empty message on the lowest output channel.
    const [lowest] = options.outputs;
    this.#send(Buffer.from([lowest === undefined ? channel.error : channel[lowest]]));
  }

  /** The process has started. */
  attach(process: ExecProcess): void {
    this.#process = process;
    if (this.#over) {
      process.abandon();
      return;
    }
    this.#socket.on("message", (data) => this.#receive(asBytes(data)));
    this.#socket.resume();
  }

  output(stream: "stdout" | "stderr", bytes: Uint8Array): void {
    if (this.#over) return;
    this.#frames.add(channel[stream], bytes);
  }

  drained(): void {
    if (!this.#halfDead) this.#socket.resume();
  }

  exited(code: number): void {
    this.end(code === 0 ? execSuccess : execExited(code));
  }

  /** Says the last word on the error channel and closes. */
  end(status: Status): void {
    if (this.#over || this.#halfDead) return;
    this.#frames.flush();
    this.#send(Buffer.concat([Buffer.from([channel.error]), Buffer.from(JSON.stringify(status))]));
    this.#socket.resume();
    this.#socket.close(1000);
    this.#lost();
  }

  cut(how: Cut): void {
    if (this.#over) return;
    if (how === "success") {
      this.end(execSuccess);
      return;
    }
    if (how === "close") this.#socket.close(1000);
    else this.#options.connection.resetAndDestroy();
    this.#lost();
  }

  /** From now on nothing is read or written, though the connection stays. */
  die(): void {
    this.#halfDead = true;
    this.#socket.pause();
    this.#process?.pause();
  }

  #receive(message: Uint8Array): void {
    const body = message.subarray(1);
    switch (message[0]) {
      case channel.stdin:
        if (!this.#stdinHangs && this.#process?.write(body) === false) this.#socket.pause();
        return;
      case channel.resize:
        this.#resize(body);
        return;
      case channel.close:
        if (this.#options.version !== "v5") return;
        // Anything but exactly [255, channel] ends the exec without a Status.
        if (body.length !== 1) this.cut("close");
        else if (body[0] === channel.stdin) this.#process?.endInput();
        return;
    }
  }

  /** A size that is no pair of unsigned 16-bit numbers stops the server's reading of stdin for good, and says nothing. */
  #resize(body: Uint8Array): void {
    const size = parseSize(Buffer.from(body).toString("utf8"));
    if (size === undefined || this.#options.resizeHangs) this.#stdinHangs = true;
    else if (!this.#stdinHangs && size.cols > 0 && size.rows > 0) this.#process?.resize(size.cols, size.rows);
  }

  #send(frame: Buffer): void {
    if (this.#over || this.#halfDead || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(frame, { binary: true, fin: true }, () => this.#goOn());
    if (!this.#held && this.#socket.bufferedAmount > holdBytes) {
      this.#held = true;
      this.#process?.pause();
    }
  }

  #goOn(): void {
    if (!this.#held || this.#over || this.#halfDead || this.#socket.bufferedAmount > goOnBytes) return;
    this.#held = false;
    this.#process?.resume();
  }

  #lost(): void {
    if (this.#over) return;
    this.#over = true;
    this.#process?.abandon();
    this.#options.ended();
  }
}

/** `{"Width":80,"Height":24}`: as Go reads it, keys in any case, an absent one is 0. Undefined where Go would fail. */
function parseSize(text: string): { readonly cols: number; readonly rows: number } | undefined {
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  const fields = new Map(Object.entries(value).map(([key, field]) => [key.toLowerCase(), field]));
  const [cols, rows] = [fields.get("width") ?? 0, fields.get("height") ?? 0];
  return isUint16(cols) && isUint16(rows) ? { cols, rows } : undefined;
}

function isUint16(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_535;
}

/** ws gives whole messages as one Buffer unless it is told otherwise; text frames count like binary ones here. */
function asBytes(data: Buffer | ArrayBuffer | Buffer[]): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : new Uint8Array(data);
}
