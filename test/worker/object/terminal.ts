// Owns a browser's end of a socket as a test needs it: what was said, what a pane shows, how it ended.
// Must not know the object behind it.

import type { ServerMessage } from "../../../durable/protocol/messages.ts";
import { parseServerMessage } from "../../../durable/protocol/parse.ts";

type Of<T extends ServerMessage["type"]> = Extract<ServerMessage, { type: T }>;

const patienceMs = 15_000;

export class Terminal {
  readonly #socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly protocol: string | null;
  closed: { readonly code: number; readonly reason: string } | null = null;
  /** Everything that came on channels, as text. */
  text = "";
  /** Input offsets that were acknowledged, by channel. */
  readonly acknowledged = new Map<number, number>();
  /** The channel that was announced last. */
  channel = 0;
  readonly #waiting = new Set<() => void>();
  /** What is shown on each channel: how far the stream was parsed, and how much of a picture is yet to come. */
  readonly #shown = new Map<
    number,
    { readonly stream: string; output: number; picture: number; pictureLeft: number }
  >();

  private constructor(socket: WebSocket, protocol: string | null) {
    this.#socket = socket;
    this.protocol = protocol;
    socket.binaryType = "arraybuffer";
    socket.addEventListener("message", ({ data }) => this.#take(data));
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
      this.#wake();
    });
    socket.accept();
  }

  static over(response: Response): Terminal {
    if (response.webSocket === null) throw new Error(`no upgrade: ${response.status}`);
    return new Terminal(response.webSocket, response.headers.get("sec-websocket-protocol"));
  }

  hello(viewer: string = crypto.randomUUID().replaceAll("-", "")): void {
    this.say({ type: "hello", viewer, cols: 80, rows: 24, panes: [] });
  }

  say(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  sayRaw(data: string | Uint8Array): void {
    this.#socket.send(data);
  }

  /** On the newest channel. */
  type(text: string, channel = this.channel): void {
    const bytes = new TextEncoder().encode(text);
    const frame = new Uint8Array(bytes.length + 1);
    frame[0] = channel;
    frame.set(bytes, 1);
    this.#socket.send(frame);
  }

  close(): void {
    this.#socket.close(1000);
  }

  /** The next (or an earlier) message of this type that fits. */
  async message<T extends ServerMessage["type"]>(
    type: T,
    fits: (message: Of<T>) => boolean = () => true,
  ): Promise<Of<T>> {
    const fitting = (message: ServerMessage): message is Of<T> => isOf(message, type) && fits(message);
    const find = () => this.messages.find(fitting);
    await this.until(() => find() !== undefined, `a message ${type}`);
    const found = find();
    if (found === undefined) throw new Error("it was there a moment ago");
    return found;
  }

  /** The first pane is on view and attached: what is typed reaches it. */
  async attached(): Promise<void> {
    await this.message("pane");
  }

  /** What came on channels since the beginning contains this. */
  async shows(text: string): Promise<void> {
    await this.until(() => this.text.includes(text), JSON.stringify(text));
  }

  async ends(): Promise<{ readonly code: number; readonly reason: string }> {
    await this.until(() => this.closed !== null, "the socket's end");
    if (this.closed === null) throw new Error("it was closed a moment ago");
    return this.closed;
  }

  /** @throws with all that is known where it does not come true in time. */
  async until(holds: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + patienceMs;
    while (!holds()) {
      if (Date.now() > deadline) {
        const seen = JSON.stringify({
          closed: this.closed,
          messages: this.messages.slice(-8),
          text: this.text.slice(-400),
        });
        throw new Error(`waited in vain for ${what}; seen: ${seen}`);
      }
      await Promise.race([new Promise<void>((resolve) => this.#waiting.add(resolve)), scheduler.wait(200)]);
    }
  }

  #take(data: unknown): void {
    if (data instanceof ArrayBuffer) this.#output(new Uint8Array(data));
    else if (typeof data === "string") this.#message(data);
    this.#wake();
  }

  #message(text: string): void {
    if (text === "pong") return;
    const parsed = parseServerMessage(text);
    if (!parsed.ok) throw new Error(`the object sent what limpet.v1 does not allow: ${text}`);
    if (parsed.message === null) return;
    this.messages.push(parsed.message);
    if (parsed.message.type === "pane") {
      const { channel, stream, output, snapshot } = parsed.message;
      this.channel = channel;
      this.#shown.set(channel, { stream, output, picture: 0, pictureLeft: snapshot });
    }
    if (parsed.message.type === "ack") this.acknowledged.set(parsed.message.channel, parsed.message.input);
  }

  /** Acknowledged at once: the object sends no more than it knows to be parsed. */
  #output(frame: Uint8Array): void {
    const channel = frame[0] ?? 0;
    const length = frame.length - 1;
    this.text += new TextDecoder().decode(frame.subarray(1));
    const shown = this.#shown.get(channel);
    if (shown === undefined) throw new Error("bytes on a channel that was not announced");
    const ofPicture = Math.min(length, shown.pictureLeft);
    shown.pictureLeft -= ofPicture;
    shown.picture += ofPicture;
    shown.output += length - ofPicture;
    this.say({ type: "ack", channel, stream: shown.stream, output: shown.output, picture: shown.picture });
  }

  #wake(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }
}

function isOf<T extends ServerMessage["type"]>(message: ServerMessage, type: T): message is Of<T> {
  return message.type === type;
}
