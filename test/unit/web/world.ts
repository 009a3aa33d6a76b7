// Owns a small world for one machine: a server that keeps a stream in a bounded ring and counts input, a line that can be
// cut or go silent, a terminal that parses late. Written from the protocol alone, it shares no code with the real server.
// Must not know what order things happen in: the test says so.

import type { PaneStart, ServerMessage } from "../../../durable/protocol/messages.ts";
import { parseClientMessage } from "../../../durable/protocol/parse.ts";
import { Machine, type MachineEffect } from "../../../web/terminal/machine.ts";
import type { Random } from "./random.ts";

const ringBytes = 3_000;
const pictureTag = "PICTURE@";

interface Line {
  readonly socket: number;
  readonly up: (string | Uint8Array)[];
  readonly down: (string | Uint8Array)[];
  open: boolean;
  /** The network lost it and neither end knows. */
  silent: boolean;
  /** The server's side: where on this line the pane's stream is, `null` before the hello. */
  sent: number | null;
}

export class World {
  readonly machine: Machine;
  readonly #random: Random;
  nowMs = 0;
  #line: Line | null = null;
  #connecting: number | null = null;
  /** Sockets that are gone without the machine having heard of it. */
  readonly #lost = new Set<number>();

  /** The pane: every byte it ever wrote, its epoch, sizes by offset, and the input that tmux took. */
  #stream = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #sizes: { readonly at: number; readonly cols: number }[] = [{ at: 0, cols: 80 }];
  readonly taken: number[] = [];
  /** What tmux has of this viewer's input; and what the object has accepted and not given to tmux yet. */
  #count: number | null = 0;
  #accepted: number[] = [];

  /** The terminal: what it was given and has not parsed, and what is on its screen (a stream up to an offset). */
  #unparsed: Extract<MachineEffect, { readonly type: "write" | "paint" }>[] = [];
  #screen: { stream: number; at: number; cols: number } = { stream: -1, at: 0, cols: 0 };

  #onView = false;
  readonly typed: number[] = [];
  readonly notices: string[] = [];
  readonly resumes: number[] = [];

  constructor(random: Random) {
    this.#random = random;
    this.machine = new Machine({
      viewer: "f".repeat(32),
      random: () => random.next(),
      firstPasteId: 1,
      cols: 80,
      rows: 24,
      visible: true,
    });
    this.do((machine) => machine.start(0));
  }

  do(event: (machine: Machine, nowMs: number) => readonly MachineEffect[]): void {
    for (const effect of event(this.machine, this.nowMs)) this.#perform(effect);
  }

  pass(ms: number): void {
    const until = this.nowMs + ms;
    for (let due = this.machine.nextDeadlineMs(); due !== null && due <= until; due = this.machine.nextDeadlineMs()) {
      this.nowMs = Math.max(due, this.nowMs);
      this.do((machine, nowMs) => machine.tick(nowMs));
    }
    this.nowMs = until;
  }

  /** The pane's program writes; what it writes is any UTF-8, cut anywhere on the way. */
  write(text: string): void {
    const more = new TextEncoder().encode(text);
    const all = new Uint8Array(this.#bytes.length + more.length);
    all.set(this.#bytes);
    all.set(more, this.#bytes.length);
    this.#bytes = all;
    this.#flow();
  }

  resize(cols: number): void {
    const at = this.#bytes.length;
    this.#flow();
    this.#sizes.push({ at, cols });
    if (this.#line?.sent === at) {
      this.#say({ type: "size", channel: 3, stream: this.#epoch(), output: at, cols, rows: 24 });
    }
  }

  /** A gap: the stream begins anew, as after a lost exec. */
  gap(): void {
    this.#stream++;
    this.#bytes = new Uint8Array(0);
    this.#sizes = [{ at: 0, cols: this.#sizes.at(-1)?.cols ?? 80 }];
    if (this.#line?.sent !== null && this.#line?.sent !== undefined) this.#picture(this.#line, {});
  }

  /** A new tmux server: nobody's input is known any more. */
  forgetInput(): void {
    this.cut();
    this.#accepted = [];
    this.#count = null;
    this.gap();
  }

  /** Nobody types before there is a terminal to type into. */
  type(key: number): void {
    if (!this.#onView) return;
    this.typed.push(key);
    this.do((machine, nowMs) => machine.input("%0", Uint8Array.of(key), nowMs));
  }

  paste(text: string): void {
    if (!this.#onView) return;
    for (const key of new TextEncoder().encode(text)) this.typed.push(key);
    this.do((machine, nowMs) => machine.paste("%0", text, nowMs));
  }

  cut(): void {
    const line = this.#line;
    if (line === null) return;
    this.#line = null;
    // What was on its way up may still arrive; what was on its way down is lost.
    for (let left = this.#random.integer(line.up.length + 1); left > 0; left--) this.#serve(line);
    if (line.silent) this.#lost.add(line.socket);
    else this.do((machine, nowMs) => machine.closed(line.socket, 1006, "", nowMs));
  }

  goSilent(): void {
    if (this.#line !== null) this.#line.silent = true;
  }

  /** One step of the network: a socket opens, a frame goes up, or a frame comes down. */
  step(): void {
    if (this.#connecting !== null && this.#random.chance(0.5)) {
      const socket = this.#connecting;
      this.#connecting = null;
      this.#line = { socket, up: [], down: [], open: true, silent: false, sent: null };
      this.do((machine, nowMs) => machine.opened(socket, nowMs));
      return;
    }
    const line = this.#line;
    if (line === null || line.silent) return;
    if (this.#random.chance(0.5)) this.#serve(line);
    else this.#deliver(line);
  }

  parse(): void {
    const write = this.#unparsed.shift();
    if (write === undefined) return;
    if (write.type === "paint") this.#parsePicture(new TextDecoder().decode(write.bytes));
    else this.#parseStream(write.bytes);
    this.do((machine, nowMs) => machine.parsed(write.pane, write.id, nowMs));
  }

  /** Lets everything come to rest: no more trouble, time enough for all of it. */
  settle(): void {
    for (let round = 0; round < 4_000; round++) {
      this.step();
      this.parse();
      this.tmuxTakes();
      this.pass(10);
    }
  }

  /** What is on the screen against what the program wrote. */
  state(): { readonly screen: object; readonly pane: object } {
    return {
      screen: this.#screen,
      pane: { stream: this.#stream, at: this.#bytes.length, cols: this.#sizes.at(-1)?.cols ?? 0 },
    };
  }

  #perform(effect: MachineEffect): void {
    switch (effect.type) {
      case "connect":
        this.#connecting = effect.socket;
        return;
      case "close":
        if (this.#line?.socket === effect.socket) this.#line = null;
        if (this.#connecting === effect.socket) this.#connecting = null;
        return;
      case "send":
        if (this.#line?.socket === effect.socket) this.#line.up.push(effect.data);
        else if (!this.#lost.has(effect.socket)) throw new Error("It sent on a socket that is not open.");
        return;
      case "pane":
        this.#onView = true;
        return;
      case "write":
      case "paint":
        this.#unparsed.push(effect);
        return;
      case "size":
        if (this.#unparsed.length > 0) throw new Error("A size came before the bytes it does not apply to.");
        this.#screen.cols = effect.cols;
        return;
      case "input-notice":
        this.notices.push(effect.notice);
        return;
      default:
        return;
    }
  }

  #serve(line: Line): void {
    const data = line.up.shift();
    if (data === undefined) return;
    if (typeof data !== "string") {
      if (data[0] !== 3) throw new Error("Input on a channel that is not open.");
      this.#accepted.push(...data.subarray(1));
      return;
    }
    if (data === "ping") {
      line.down.push("pong");
      return;
    }
    const parsed = parseClientMessage(data);
    if (!parsed.ok || parsed.message === null) throw new Error(`The server would refuse this: ${data}`);
    const { message } = parsed;
    if (message.type === "paste") this.#accepted.push(...new TextEncoder().encode(message.text));
    if (message.type === "hello") {
      line.down.push(JSON.stringify({ type: "welcome", role: "drive", windows: [] } satisfies ServerMessage));
      const held = message.panes[0];
      const input = this.#count === null ? null : this.#count + this.#accepted.length;
      const inRing = held?.stream === this.#epoch() && held.output >= this.#bytes.length - ringBytes;
      if (inRing && held !== undefined) {
        this.resumes.push(held.output);
        this.#start(line, { output: held.output, resumed: true, input });
        line.sent = held.output;
        this.#flow();
      } else this.#picture(line, { input });
    }
  }

  /** The object accepts what comes; tmux takes it from there, some time later. */
  tmuxTakes(): void {
    if (this.#accepted.length === 0) return;
    const taken = this.#accepted.splice(0, 1 + this.#random.integer(this.#accepted.length));
    this.taken.push(...taken);
    this.#count = (this.#count ?? 0) + taken.length;
    if (this.#line?.sent !== null) this.#say({ type: "ack", channel: 3, input: this.#count });
  }

  /** The object dies with what it has in hand, and with every socket; tmux keeps its count. */
  evict(): void {
    this.cut();
    this.#accepted = [];
    this.gap();
  }

  #start(line: Line, fields: Partial<PaneStart>): void {
    const at = fields.output ?? 0;
    const cols = this.#sizes.findLast((size) => size.at <= at)?.cols ?? 80;
    const start = { type: "pane", channel: 3, pane: "%0", stream: this.#epoch(), output: at, resumed: false } as const;
    line.down.push(JSON.stringify({ ...start, snapshot: 0, cols, rows: 24, ...fields } satisfies PaneStart));
    // What tmux has, and no more: what the object only accepted can still be lost with it.
    if (typeof fields.input === "number" && this.#count !== null && this.#count > 0) {
      line.down.push(JSON.stringify({ type: "ack", channel: 3, input: this.#count } satisfies ServerMessage));
    }
  }

  #picture(line: Line, fields: Partial<PaneStart>): void {
    const picture = new TextEncoder().encode(`${pictureTag}${this.#stream}:${this.#bytes.length} 漢🐚—`);
    this.#start(line, { ...fields, output: this.#bytes.length, snapshot: picture.length });
    line.sent = this.#bytes.length;
    this.#sendBytes(line, picture);
  }

  /** Stream bytes to the line, cut anywhere, with each size before the byte it applies to. */
  #flow(): void {
    const line = this.#line;
    if (line === null || line.sent === null) return;
    let sent: number = line.sent;
    while (sent < this.#bytes.length) {
      const from = sent;
      const next = this.#sizes.find((size) => size.at > from)?.at ?? this.#bytes.length;
      this.#sendBytes(line, this.#bytes.subarray(from, next));
      sent = next;
      line.sent = next;
      const size = this.#sizes.findLast(({ at }) => at === next);
      if (size !== undefined) this.#saySize(line, next, size.cols);
    }
  }

  #saySize(line: Line, output: number, cols: number): void {
    line.down.push(JSON.stringify({ type: "size", channel: 3, stream: this.#epoch(), output, cols, rows: 24 }));
  }

  #sendBytes(line: Line, bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const length = 1 + this.#random.integer(40);
      line.down.push(Uint8Array.of(3, ...bytes.subarray(from, from + length)));
      from += length;
    }
  }

  #say(message: ServerMessage): void {
    this.#line?.down.push(JSON.stringify(message));
  }

  #deliver(line: Line): void {
    const data = line.down.shift();
    if (data === undefined) return;
    if (typeof data === "string") this.do((machine, nowMs) => machine.text(line.socket, data, nowMs));
    else this.do((machine, nowMs) => machine.binary(line.socket, data, nowMs));
  }

  #epoch(): string {
    return this.#stream.toString(16).padStart(32, "0");
  }

  #parsePicture(text: string): void {
    const [stream, at] = text.slice(pictureTag.length).split(" ")[0]?.split(":") ?? [];
    if (!text.startsWith(pictureTag) || !text.endsWith(" 漢🐚—")) throw new Error(`Half a picture: ${text}`);
    this.#screen = { ...this.#screen, stream: Number(stream), at: Number(at) };
  }

  #parseStream(bytes: Uint8Array): void {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // Only a stream that is still kept can be compared; an older one will be painted over.
    if (this.#screen.stream === this.#stream) {
      const expected = this.#bytes.subarray(this.#screen.at, this.#screen.at + bytes.length);
      if (Buffer.compare(expected, bytes) !== 0) throw new Error(`Not what was written at ${this.#screen.at}.`);
      const cols = this.#sizes.findLast((size) => size.at <= this.#screen.at)?.cols;
      if (cols !== this.#screen.cols) throw new Error(`Parsed at ${this.#screen.cols} columns, written at ${cols}.`);
    }
    this.#screen.at += bytes.length;
  }
}
