// Owns how a process's output becomes messages: the channel byte in front, bounded, few of them.
// Must not know sockets.

/** Kubernetes sends at most 32 KiB of output in one message, behind its channel byte. */
const longestFrame = 1 + 32_768;

/**
 * A tty is read in small pieces. Those that came in one turn of the event loop leave as one message at its end, which
 * costs no delay; another channel's output ends the message before it.
 */
export class OutputFrames {
  readonly #send: (frame: Buffer) => void;
  #frame: Buffer | undefined;
  #length = 0;
  #pending: NodeJS.Immediate | undefined;

  constructor(send: (frame: Buffer) => void) {
    this.#send = send;
  }

  add(channel: number, bytes: Uint8Array): void {
    if (this.#frame !== undefined && this.#frame[0] !== channel) this.flush();
    for (let at = 0; at < bytes.length; ) {
      this.#frame ??= this.#begin(channel, bytes.length - at);
      const piece = bytes.subarray(at, at + this.#frame.length - this.#length);
      this.#frame.set(piece, this.#length);
      this.#length += piece.length;
      at += piece.length;
      if (this.#length === this.#frame.length) this.flush();
    }
    if (this.#frame !== undefined) this.#pending ??= setImmediate(() => this.flush());
  }

  flush(): void {
    clearImmediate(this.#pending);
    this.#pending = undefined;
    const frame = this.#frame;
    this.#frame = undefined;
    if (frame !== undefined) this.#send(frame.subarray(0, this.#length));
  }

  /** Little output comes alone (an echo); more is likely to be followed by more. */
  #begin(channel: number, expected: number): Buffer {
    const frame = Buffer.allocUnsafe(expected < 256 ? 1_024 : longestFrame);
    frame[0] = channel;
    this.#length = 1;
    return frame;
  }
}
