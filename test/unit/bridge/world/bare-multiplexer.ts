// Owns the least that a multiplexer can be: stdout is the one pane's output, a picture comes at once and is `a`s. For what
// must not be slowed down by a simulated tmux.

import type { Multiplexer, MultiplexerEffect } from "../../../../durable/multiplexer/multiplexer.ts";

export class BareMultiplexer implements Multiplexer {
  readonly kind = "control";
  readonly countsInput = true;
  readonly hasHistory: boolean = true;
  readonly #picture: Uint8Array;

  constructor(pictureLength: number) {
    this.#picture = new Uint8Array(pictureLength).fill(97);
  }

  start(): readonly MultiplexerEffect[] {
    const pane = { pane: "%0", window: "@0", dead: false, cols: 80, rows: 24, counts: new Map<string, number>() };
    const window = { id: "@0", name: "", active: true, bell: false, activity: false, title: "", command: "", path: "" };
    return [{ type: "following", windows: [{ ...window, panes: ["%0"] }], panes: [pane] }];
  }
  receive(bytes: Uint8Array): readonly MultiplexerEffect[] {
    return [{ type: "output", pane: "%0", bytes }];
  }
  show(pane: string, request: number): readonly MultiplexerEffect[] {
    return [{ type: "snapshot", pane, request, bytes: this.#picture, cols: 80, rows: 24 }];
  }
  probe(probe: number): readonly MultiplexerEffect[] {
    return [{ type: "alive", probe }];
  }
  hide = () => [];
  input = () => [];
  paste = () => [];
  claim = () => [];
  resize = () => [];
  change = () => [];
  colours(..._colours: readonly string[]): readonly MultiplexerEffect[] {
    return [];
  }
}
