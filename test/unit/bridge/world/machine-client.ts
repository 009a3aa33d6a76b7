// Owns a test client that is the page's own machine (web/terminal/machine.ts) with a terminal that knows where it is.

import { Machine, type MachineEffect } from "../../../../web/terminal/machine.ts";
import type { Size, TestClient } from "./client.ts";
import { byteAt, readPicture } from "./program.ts";
import type { Random } from "./random.ts";
import type { SimulatedPane } from "./tmux.ts";

/** A terminal: which byte of the program it shows next, at which size. */
class View {
  position = 0;
  size: Size = { cols: 0, rows: 0 };
  typed = "";
  busy = true;
  pictures = 0;
}

export class MachineClient implements TestClient {
  readonly viewer: string;
  readonly views = new Map<string, View>();
  up: (string | Uint8Array)[] = [];
  visible = true;
  #connecting: number | null = null;
  #socket: number | null = null;
  /** Panes that the socket has shown: what is typed goes up at once. */
  readonly #open = new Set<string>();
  #unparsed: { readonly pane: string; readonly id: number }[] = [];
  readonly #machine: Machine;
  readonly #truth: (pane: string) => SimulatedPane | undefined;

  constructor(random: Random, size: Size, truth: (pane: string) => SimulatedPane | undefined, nowMs: number) {
    this.viewer = random.hex();
    this.#truth = truth;
    this.#machine = new Machine({
      viewer: this.viewer,
      random: () => random.next(),
      firstPasteId: 1,
      ...size,
      visible: true,
    });
    this.#run(this.#machine.start(nowMs));
  }

  get open(): readonly string[] {
    return [...this.#open];
  }

  get connected(): boolean {
    return this.#socket !== null;
  }

  get wantsSocket(): boolean {
    return this.#connecting !== null;
  }

  connect(nowMs: number): void {
    this.#socket = this.#connecting;
    this.#connecting = null;
    if (this.#socket !== null) this.#run(this.#machine.opened(this.#socket, nowMs));
  }

  disconnected(code: number, nowMs: number): void {
    const socket = this.#socket;
    this.#lose();
    if (socket !== null) this.#run(this.#machine.closed(socket, code, "", nowMs));
  }

  receive(data: string | Uint8Array, nowMs: number): void {
    if (this.#socket === null) return;
    if (typeof data === "string") {
      // Which panes are open is the machine's affair; this only tells the world where it may type.
      if (data.startsWith('{"type":"pane"')) this.#open.add(/"pane":"(%\d+)"/.exec(data)?.[1] ?? "");
      this.#run(this.#machine.text(this.#socket, data, nowMs));
    } else this.#run(this.#machine.binary(this.#socket, data, nowMs));
  }

  /** The terminal has parsed all it was given, and time enough passes for the machine to say so. */
  ack(nowMs: number): void {
    const parsed = this.#unparsed;
    this.#unparsed = [];
    for (const { pane, id } of parsed) this.#run(this.#machine.parsed(pane, id, nowMs));
    this.tick(nowMs);
  }

  tick(nowMs: number): void {
    const due = this.#machine.nextDeadlineMs();
    if (due !== null && due <= nowMs) this.#run(this.#machine.tick(nowMs));
  }

  type(pane: string, text: string, nowMs: number): void {
    this.#typed(pane, text);
    this.#run(this.#machine.input(pane, new TextEncoder().encode(text), nowMs));
  }

  paste(pane: string, text: string, nowMs: number): void {
    this.#typed(pane, text);
    this.#run(this.#machine.paste(pane, text, nowMs));
  }

  look(visible: boolean, nowMs: number): void {
    this.visible = visible;
    this.#run(this.#machine.visibility(visible, nowMs));
  }

  resize(size: Size, fit: boolean, nowMs: number): void {
    this.#run(this.#machine.resized(size.cols, size.rows, nowMs));
    if (fit) this.#run(this.#machine.fit(nowMs));
  }

  openPane(pane: string, nowMs: number): void {
    if (this.#open.size > 0) this.#run(this.#machine.open(pane, nowMs));
  }

  #typed(pane: string, text: string): void {
    const view = this.views.get(pane);
    if (view === undefined) throw new Error("typed into a pane that is not shown");
    view.typed += text;
  }

  #lose(): void {
    this.#socket = null;
    this.#open.clear();
    this.up = [];
  }

  #run(effects: readonly MachineEffect[]): void {
    for (const effect of effects) this.#effect(effect);
  }

  #effect(effect: MachineEffect): void {
    switch (effect.type) {
      case "connect":
        this.#connecting = effect.socket;
        return;
      case "close":
        if (effect.code === 4409) throw new Error(`the machine found a breach: ${effect.reason}`);
        if (effect.socket === this.#socket) this.#lose();
        if (effect.socket === this.#connecting) this.#connecting = null;
        return;
      case "send":
        if (effect.socket === this.#socket) this.up.push(effect.data);
        return;
      case "pane":
        if (!this.views.has(effect.pane)) this.views.set(effect.pane, new View());
        return;
      case "pane-gone":
        this.views.delete(effect.pane);
        this.#open.delete(effect.pane);
        this.#unparsed = this.#unparsed.filter(({ pane }) => pane !== effect.pane);
        return;
      case "size":
        this.#view(effect.pane).size = { cols: effect.cols, rows: effect.rows };
        return;
      case "paint": {
        const view = this.#view(effect.pane);
        const { position, cols, rows } = readPicture(effect.bytes);
        if (cols !== view.size.cols || rows !== view.size.rows) throw new Error("painted at another size");
        view.position = position;
        view.busy = false;
        view.pictures++;
        this.#unparsed.push({ pane: effect.pane, id: effect.id });
        return;
      }
      case "write":
        this.#write(effect.pane, effect.bytes);
        this.#unparsed.push({ pane: effect.pane, id: effect.id });
        return;
      case "input-notice":
        throw new Error(`the machine says ${effect.notice}`);
    }
  }

  #write(pane: string, bytes: Uint8Array): void {
    const view = this.#view(pane);
    const truth = this.#truth(pane);
    for (const byte of bytes) {
      if (byte !== byteAt(view.position)) throw new Error(`wrong byte at ${view.position}`);
      const inForce = truth?.sizes.findLast((size) => size.position <= view.position);
      if (inForce !== undefined && (inForce.cols !== view.size.cols || inForce.rows !== view.size.rows)) {
        throw new Error(
          `at ${view.position} shown at ${view.size.cols}x${view.size.rows}, not ${inForce.cols}x${inForce.rows}`,
        );
      }
      view.position++;
    }
  }

  #view(pane: string): View {
    const view = this.views.get(pane);
    if (view === undefined) throw new Error(`no terminal for ${pane}`);
    return view;
  }
}
