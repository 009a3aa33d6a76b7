// Owns a simulated tmux server and the multiplexer that speaks to it in lines: they keep what real ones keep
// over the loss of an exec (panes, counts, paste buffers), and lose what real ones lose.

import type {
  Dimensions,
  InputBatch,
  Multiplexer,
  MultiplexerEffect,
  PaneState,
  PastePiece,
  WindowWish,
} from "../../../../durable/multiplexer/multiplexer.ts";
import type { WindowInfo } from "../../../../durable/protocol/messages.ts";
import { bytesFrom, paintPicture } from "./program.ts";
import type { Random } from "./random.ts";

type Command =
  | { readonly do: "show"; readonly pane: string; readonly request: number }
  | { readonly do: "hide"; readonly pane: string }
  | {
      readonly do: "input";
      readonly pane: string;
      readonly viewer: string;
      readonly text: string;
      readonly end: number;
    }
  | {
      readonly do: "paste";
      readonly pane: string;
      readonly viewer: string;
      readonly text: string;
      readonly end: number;
      readonly id: number;
      readonly seq: number;
      readonly last: boolean;
    }
  | { readonly do: "claim"; readonly pane: string; readonly viewer: string }
  | { readonly do: "resize"; readonly pane: string; readonly cols: number; readonly rows: number }
  | { readonly do: "window"; readonly wish: WindowWish }
  | { readonly do: "probe"; readonly probe: number };

/** As in count-book.ts: above it the counts of those whom this attach has not heard of go. */
const mostCounts = 64;

const latin1 = (bytes: Uint8Array) => Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
const fromLatin1 = (text: string) => Uint8Array.from(text, (unit) => unit.charCodeAt(0));

/** One direction of the exec: lines that can be cut anywhere, each the number under which its meaning is kept here. */
class Wire<T> {
  readonly #items = new Map<number, T>();
  #next = 1;

  write(item: T): Uint8Array {
    this.#items.set(this.#next, item);
    return fromLatin1(`${this.#next++}\n`);
  }

  read(line: string): T {
    const item = this.#items.get(Number(line));
    if (item === undefined) throw new Error(`no line of the exec: ${line}`);
    this.#items.delete(Number(line));
    return item;
  }
}

const toTmux = new Wire<Command>();
const fromTmux = new Wire<MultiplexerEffect>();

/** The bridge's end of the simulated control mode. Stateless: all state is tmux's. */
export class SimulatedMultiplexer implements Multiplexer {
  readonly kind = "control";
  readonly countsInput = true;
  readonly hasHistory = true;
  #rest = "";

  start(): readonly MultiplexerEffect[] {
    return [];
  }

  receive(chunk: Uint8Array): readonly MultiplexerEffect[] {
    const lines = (this.#rest + latin1(chunk)).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.map((line) => fromTmux.read(line));
  }

  show(pane: string, request: number) {
    return this.#say({ do: "show", pane, request });
  }
  hide(pane: string) {
    return this.#say({ do: "hide", pane });
  }
  input({ pane, viewer, bytes, end }: InputBatch) {
    return this.#say({ do: "input", pane, viewer, text: latin1(bytes), end });
  }
  paste({ bytes, ...piece }: PastePiece) {
    return this.#say({ do: "paste", ...piece, text: latin1(bytes) });
  }
  claim(pane: string, viewer: string) {
    return this.#say({ do: "claim", pane, viewer });
  }
  resize(pane: string, { cols, rows }: Dimensions) {
    return this.#say({ do: "resize", pane, cols, rows });
  }
  change(wish: WindowWish) {
    return this.#say({ do: "window", wish });
  }
  colours() {
    return [];
  }
  probe(probe: number) {
    return this.#say({ do: "probe", probe });
  }

  #say(command: Command): readonly MultiplexerEffect[] {
    return [{ type: "stdin", bytes: toTmux.write(command) }];
  }
}

export class SimulatedPane {
  readonly id: string;
  readonly window: string;
  /** Bytes that its program has written. */
  position = 0;
  size: Dimensions;
  /** Sizes by position: which one was in force when a byte was written. */
  readonly sizes: (Dimensions & { readonly position: number })[] = [];
  /** What each viewer's input was when it reached the program, and how much of it was counted. */
  readonly typed = new Map<string, string>();
  readonly counts = new Map<string, number>();
  readonly buffers = new Map<string, string>();

  constructor(id: string, window: string, size: Dimensions) {
    this.id = id;
    this.window = window;
    this.size = size;
    this.sizes.push({ position: 0, ...size });
  }

  resize(size: Dimensions): void {
    this.size = { cols: size.cols, rows: size.rows };
    this.sizes.push({ position: this.position, ...this.size });
  }
}

/** One attached control client: what it is sent, until its exec is gone. */
export class SimulatedAttach {
  readonly #tmux: SimulatedTmux;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #followed = new Set<string>();
  readonly #heard = new Set<string>();
  #rest = "";

  constructor(tmux: SimulatedTmux, send: (bytes: Uint8Array) => void) {
    this.#tmux = tmux;
    this.#send = send;
    const panes: PaneState[] = [...tmux.panes.values()].map((pane) => this.#stateOf(pane));
    this.say({ type: "following", windows: tmux.windows(), panes });
  }

  say(effect: MultiplexerEffect): void {
    this.#send(fromTmux.write(effect));
  }

  wrote(pane: SimulatedPane, length: number): void {
    const bytes = bytesFrom(pane.position - length, length);
    if (this.#followed.has(pane.id)) this.say({ type: "output", pane: pane.id, bytes });
  }

  resized(pane: SimulatedPane): void {
    this.say({ type: "pane-size", pane: pane.id, ...pane.size });
  }

  opened(pane: SimulatedPane): void {
    this.say({ type: "pane-opened", state: this.#stateOf(pane) });
    this.say({ type: "windows", windows: this.#tmux.windows() });
  }

  closed(pane: SimulatedPane): void {
    this.say({ type: "pane-closed", pane: pane.id });
    this.say({ type: "windows", windows: this.#tmux.windows() });
  }

  /** tmux was not read fast enough and stops sending by itself. */
  pause(pane: SimulatedPane): void {
    if (this.#followed.delete(pane.id)) this.say({ type: "pane-paused", pane: pane.id });
  }

  stdin(bytes: Uint8Array): void {
    const lines = (this.#rest + latin1(bytes)).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#command(toTmux.read(line));
  }

  #stateOf(pane: SimulatedPane): PaneState {
    return { pane: pane.id, window: pane.window, dead: false, ...pane.size, counts: new Map(pane.counts) };
  }

  #command(command: Command): void {
    if (command.do === "probe") this.say({ type: "alive", probe: command.probe });
    else if (command.do === "window") this.#tmux.change(command.wish);
    else {
      const pane = this.#tmux.panes.get(command.pane);
      if (pane !== undefined) this.#onPane(pane, command);
      else if (command.do === "input" || command.do === "paste") {
        this.say({ type: "refused", pane: command.pane, viewer: command.viewer, message: "no such pane" });
      }
    }
  }

  #onPane(pane: SimulatedPane, command: Extract<Command, { readonly pane: string }>): void {
    switch (command.do) {
      case "show": {
        this.#followed.add(pane.id);
        const { cols, rows } = pane.size;
        const bytes = paintPicture(pane.position, cols, rows, this.#tmux.random.below(this.#tmux.mostPicture));
        this.say({ type: "snapshot", pane: pane.id, request: command.request, bytes, cols, rows });
        return;
      }
      case "hide":
        this.#followed.delete(pane.id);
        return;
      case "resize": {
        if (command.cols === pane.size.cols && command.rows === pane.size.rows) return;
        pane.resize(command);
        this.resized(pane);
        return;
      }
      case "claim":
        this.#claim(pane, command.viewer);
        return;
      case "input":
        this.#take(pane, command.viewer, command.text, command.end);
        return;
      case "paste": {
        const name = `${command.viewer} ${command.id}`;
        const text = (command.seq === 0 ? "" : (pane.buffers.get(name) ?? "")) + command.text;
        pane.buffers.set(name, text);
        this.#take(pane, command.viewer, command.last ? text : "", command.end);
      }
    }
  }

  #claim(pane: SimulatedPane, claimant: string): void {
    this.#heard.add(claimant);
    if (!pane.counts.has(claimant)) pane.counts.set(claimant, 0);
    for (const viewer of [...pane.counts.keys()]) {
      if (pane.counts.size <= mostCounts || this.#heard.has(viewer)) continue;
      pane.counts.delete(viewer);
      this.say({ type: "forgotten", pane: pane.id, viewer });
    }
  }

  #take(pane: SimulatedPane, viewer: string, text: string, end: number): void {
    this.#heard.add(viewer);
    pane.typed.set(viewer, (pane.typed.get(viewer) ?? "") + text);
    pane.counts.set(viewer, end);
    this.say({ type: "taken", pane: pane.id, viewer, end });
  }
}

export class SimulatedTmux {
  readonly random: Random;
  readonly panes = new Map<string, SimulatedPane>();
  readonly mostPicture: number;
  attach: SimulatedAttach | null = null;
  #nextPane = 0;
  #active = "@0";

  constructor(random: Random, mostPicture: number) {
    this.random = random;
    this.mostPicture = mostPicture;
    this.open({ cols: 80, rows: 24 });
  }

  windows(): readonly WindowInfo[] {
    return [...this.panes.values()].map((pane) => ({
      id: pane.window,
      name: "sh",
      active: pane.window === this.#active,
      bell: false,
      activity: false,
      title: "",
      command: "bash",
      path: "/",
      panes: [pane.id],
    }));
  }

  open(size: Dimensions): SimulatedPane {
    const number = this.#nextPane++;
    const pane = new SimulatedPane(`%${number}`, `@${number}`, size);
    this.panes.set(pane.id, pane);
    this.attach?.opened(pane);
    return pane;
  }

  close(pane: SimulatedPane): void {
    this.panes.delete(pane.id);
    if (this.#active === pane.window) this.#active = [...this.panes.values()][0]?.window ?? "";
    this.attach?.closed(pane);
  }

  write(pane: SimulatedPane, length: number): void {
    pane.position += length;
    this.attach?.wrote(pane, length);
  }

  /** Somebody else's doing (a person's own client). */
  resize(pane: SimulatedPane, size: Dimensions): void {
    pane.resize(size);
    this.attach?.resized(pane);
  }

  change(wish: WindowWish): void {
    if (wish.do === "new") this.open({ cols: 80, rows: 24 });
    else if (wish.do === "select") this.#active = wish.window;
  }
}
