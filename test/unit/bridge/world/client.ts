// Owns the simplest client that keeps SPEC.md: it knows at which position of the program every byte must be, and what
// it typed. Anything out of place throws.

import { decodeFrame, encodeFrame } from "../../../../durable/protocol/frames.ts";
import { maxUnackedInputBytes } from "../../../../durable/protocol/limits.ts";
import type { ClientMessage, PaneStart, ServerMessage } from "../../../../durable/protocol/messages.ts";
import { parseServerMessage } from "../../../../durable/protocol/parse.ts";
import { byteAt, readPicture } from "./program.ts";
import type { SimulatedPane } from "./tmux.ts";

/** What the world and its chaos need of a client: this simplest one, and the page's own machine (machine-client.ts). */
export interface TestClient {
  readonly viewer: string;
  readonly views: ReadonlyMap<
    string,
    { readonly typed: string; readonly position: number; readonly size: Size; readonly busy: boolean }
  >;
  /** Panes that can be typed into now. */
  readonly open: readonly string[];
  readonly connected: boolean;
  readonly visible: boolean;
  /** A socket is to be opened for it now. */
  readonly wantsSocket: boolean;
  /** Frames to be sent; emptied by the world. */
  up: (string | Uint8Array)[];
  connect(nowMs: number): void;
  disconnected(code: number, nowMs: number): void;
  receive(data: string | Uint8Array, nowMs: number): void;
  /** Acknowledges what it has parsed. */
  ack(nowMs: number): void;
  tick(nowMs: number): void;
  type(pane: string, text: string, nowMs: number): void;
  paste(pane: string, text: string, nowMs: number): void;
  look(visible: boolean, nowMs: number): void;
  resize(size: Size, fit: boolean, nowMs: number): void;
  openPane(pane: string, nowMs: number): void;
}

export interface Size {
  readonly cols: number;
  readonly rows: number;
}

const pasteBytes = 100;
/** Untaken pieces above which it types nothing more. */
const mostKept = 80;

interface Piece {
  readonly text: string;
  readonly paste: { readonly id: number; readonly seq: number; readonly last: boolean } | null;
}

/** What this client knows of one pane, whatever the socket. */
export class PaneView {
  channel: number | null = null;
  stream: string | null = null;
  /** Offset of the next byte to come, and the program's position there. */
  output = 0;
  position = 0;
  size = { cols: 0, rows: 0 };
  picture: { readonly start: PaneStart; bytes: number[]; readonly later: { cols: number; rows: number }[] } | null =
    null;
  pictureTaken = 0;
  /** How often this view was painted from a picture, and how many stream bytes came. */
  pictures = 0;
  streamed = 0;
  /** Everything typed for this pane, and the offset of the first byte that tmux has not answered. */
  typed = "";
  base = 0;
  kept: Piece[] = [];
  /** True while a picture is not whole. */
  get busy(): boolean {
    return this.picture !== null;
  }
}

export class ModelClient implements TestClient {
  readonly viewer: string;
  readonly views = new Map<string, PaneView>();
  readonly #channels = new Map<number, string>();
  /** Frames to be sent; emptied by the world. */
  up: (string | Uint8Array)[] = [];
  visible = true;
  size: Size;
  welcomed = false;
  connected = false;
  readonly notices: string[] = [];
  readonly messages: ServerMessage[] = [];
  #nextPaste = 1;
  readonly #truth: (pane: string) => SimulatedPane | undefined;

  constructor(
    viewer: string,
    size: { cols: number; rows: number },
    truth: (pane: string) => SimulatedPane | undefined,
  ) {
    this.viewer = viewer;
    this.size = size;
    this.#truth = truth;
  }

  get wantsSocket(): boolean {
    return !this.connected;
  }

  tick(): void {}

  look(visible: boolean): void {
    this.visible = visible;
    if (this.connected) this.send({ type: "focus", visible });
  }

  resize(size: Size, fit: boolean): void {
    this.size = size;
    if (this.connected) this.send({ type: "resize", ...size, ...(fit ? { fit: true } : {}) });
  }

  openPane(pane: string): void {
    if (this.welcomed) this.send({ type: "open", pane });
  }

  connect(): void {
    this.connected = true;
    const panes = [...this.views].flatMap(([pane, view]) =>
      view.stream === null ? [] : [{ pane, stream: view.stream, output: view.output }],
    );
    this.send({ type: "hello", viewer: this.viewer, ...this.size, panes });
    if (!this.visible) this.send({ type: "focus", visible: false });
  }

  disconnected(): void {
    this.connected = false;
    this.welcomed = false;
    this.up = [];
    this.#channels.clear();
    for (const view of this.views.values()) {
      view.channel = null;
      view.picture = null;
    }
  }

  send(message: ClientMessage): void {
    this.up.push(JSON.stringify(message));
  }

  /** Panes that can be typed into now. */
  get open(): readonly string[] {
    return [...this.#channels.values()];
  }

  type(pane: string, text: string): void {
    if ((this.views.get(pane)?.kept.length ?? 0) < mostKept) this.#add(pane, { text, paste: null });
  }

  /** In pieces of 100 bytes, sent at once; the world types slowly enough. */
  paste(pane: string, text: string): void {
    const id = this.#nextPaste++;
    const count = Math.ceil(text.length / pasteBytes);
    for (let seq = 0; seq < count; seq++) {
      const piece = text.slice(seq * pasteBytes, (seq + 1) * pasteBytes);
      this.#add(pane, { text: piece, paste: { id, seq, last: seq === count - 1 } });
    }
  }

  ack(): void {
    for (const view of this.views.values()) {
      const { channel, pictureTaken } = view;
      const { stream, output } = view.picture?.start ?? view;
      if (channel !== null && stream !== null)
        this.send({ type: "ack", channel, stream, output, picture: pictureTaken });
    }
  }

  receive(data: string | Uint8Array): void {
    if (typeof data !== "string") {
      this.#bytes(data);
      return;
    }
    const parsed = parseServerMessage(data);
    if (!parsed.ok) throw new Error(`the bridge said ${data}: ${parsed.error.field} must be ${parsed.error.rule}`);
    if (parsed.message !== null) this.#message(parsed.message);
  }

  #add(pane: string, piece: Piece): void {
    const view = this.views.get(pane);
    if (view === undefined || view.channel === null) return;
    const waiting = view.kept.reduce((sum, kept) => sum + kept.text.length, 0);
    if (waiting + piece.text.length > maxUnackedInputBytes) throw new Error("the test types too much");
    view.typed += piece.text;
    view.kept.push(piece);
    this.#sendPiece(view.channel, piece);
  }

  #sendPiece(channel: number, { text, paste }: Piece): void {
    if (paste === null) this.up.push(encodeFrame(channel, new TextEncoder().encode(text)));
    else this.send({ type: "paste", channel, ...paste, text });
  }

  #message(message: ServerMessage): void {
    this.messages.push(message);
    switch (message.type) {
      case "welcome":
        this.welcomed = true;
        // Panes that went while this client was away: no `gone` can tell of them.
        for (const pane of this.views.keys()) {
          if (!message.windows.some((window) => window.panes.includes(pane))) this.views.delete(pane);
        }
        return;
      case "pane":
        this.#start(message);
        return;
      case "size": {
        const view = this.#view(message.channel);
        if (view.stream !== message.stream) throw new Error("a size of another stream");
        const offset = view.picture === null ? view.output : view.picture.start.output;
        if (offset !== message.output) throw new Error(`a size at ${message.output} came at ${offset}`);
        if (view.picture === null) view.size = { cols: message.cols, rows: message.rows };
        else view.picture.later.push({ cols: message.cols, rows: message.rows });
        return;
      }
      case "ack": {
        const view = this.#view(message.channel);
        if (message.input < view.base) throw new Error("input taken before is acknowledged no more");
        this.#drop(view, message.input);
        return;
      }
      case "gone": {
        const pane = this.#channels.get(message.channel);
        if (pane === undefined) throw new Error("gone, but was not there");
        this.#channels.delete(message.channel);
        this.views.delete(pane);
        this.send({ type: "shut", channel: message.channel });
        return;
      }
      case "notice":
        this.notices.push(message.code);
    }
  }

  #start(start: PaneStart): void {
    if (!this.welcomed) throw new Error("a pane before the welcome");
    const first = !this.#channels.has(start.channel);
    if (first !== (start.input !== undefined)) throw new Error("`input` comes in a channel's first `pane` only");
    let view = this.views.get(start.pane);
    if (view === undefined) {
      view = new PaneView();
      this.views.set(start.pane, view);
    }
    this.#channels.set(start.channel, start.pane);
    view.channel = start.channel;
    if (start.resumed) {
      if (start.stream !== view.stream || start.output !== view.output) throw new Error("resumed elsewhere");
      view.size = { cols: start.cols, rows: start.rows };
    } else {
      view.stream = null;
      view.picture = { start, bytes: [], later: [] };
      view.pictureTaken = 0;
      this.#picture(view);
    }
    if (start.input === undefined) return;
    if (start.input === null) throw new Error("this world never forgets a count");
    const end = view.base + view.kept.reduce((sum, piece) => sum + piece.text.length, 0);
    if (start.input < view.base || start.input > end)
      throw new Error(`count ${start.input} not in ${view.base}..${end}`);
    let at = view.base;
    for (const piece of view.kept) {
      const skip = Math.max(0, start.input - at);
      at += piece.text.length;
      if (skip >= piece.text.length) continue;
      if (skip > 0 && piece.paste !== null) throw new Error("half a piece of a paste was accepted");
      this.#sendPiece(start.channel, { ...piece, text: piece.text.slice(skip) });
    }
  }

  #bytes(frame: Uint8Array): void {
    const data = decodeFrame(frame);
    if (data === null) throw new Error("not a data frame");
    const view = this.#view(data.channel);
    let from = 0;
    if (view.picture !== null) {
      const want = view.picture.start.snapshot - view.picture.bytes.length;
      from = Math.min(want, data.bytes.length);
      view.picture.bytes.push(...data.bytes.subarray(0, from));
      view.pictureTaken += from;
      this.#picture(view);
    }
    for (const byte of data.bytes.subarray(from)) this.#byte(view, byte);
  }

  #byte(view: PaneView, byte: number): void {
    if (byte !== byteAt(view.position))
      throw new Error(`byte ${byte} at ${view.position} is not ${byteAt(view.position)}`);
    const pane = this.#channels.get(view.channel ?? -1);
    const truth = pane === undefined ? undefined : this.#truth(pane);
    if (truth !== undefined) {
      if (view.position >= truth.position) throw new Error("a byte that was never written");
      const inForce = truth.sizes.findLast((size) => size.position <= view.position);
      if (inForce?.cols !== view.size.cols || inForce.rows !== view.size.rows) {
        throw new Error(
          `at ${view.position} the pane had ${inForce?.cols}x${inForce?.rows}, shown is ${view.size.cols}x${view.size.rows}`,
        );
      }
    }
    view.position++;
    view.output++;
    view.streamed++;
  }

  #picture(view: PaneView): void {
    const { picture } = view;
    if (picture === null || picture.bytes.length < picture.start.snapshot) return;
    const { position, cols, rows } = readPicture(Uint8Array.from(picture.bytes));
    const { start } = picture;
    if (cols !== start.cols || rows !== start.rows) throw new Error("a picture of another size than announced");
    view.picture = null;
    view.pictures++;
    view.stream = start.stream;
    view.output = start.output;
    view.position = position;
    view.size = picture.later.at(-1) ?? { cols, rows };
  }

  #drop(view: PaneView, input: number): void {
    while (view.base < input) {
      const first = view.kept[0];
      if (first === undefined) throw new Error("acknowledged more than was typed");
      const taken = Math.min(first.text.length, input - view.base);
      view.base += taken;
      if (taken === first.text.length) view.kept.shift();
      else view.kept[0] = { ...first, text: first.text.slice(taken) };
    }
  }

  #view(channel: number): PaneView {
    const view = this.views.get(this.#channels.get(channel) ?? "");
    if (view === undefined) throw new Error(`channel ${channel} was never opened`);
    return view;
  }
}
