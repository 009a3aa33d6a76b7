// Owns what tmux remembers for us beyond this exec: how much of each viewer's input it was given, unfinished pastes.
// Must not know how input is sent.

import type { PaneId, ViewerId } from "../protocol/messages.ts";
import { countOption } from "./commands.ts";
import type { ControlContext } from "./control-context.ts";
import { splitQuoted } from "./listing.ts";
import type { Pane } from "./pane-table.ts";

/** Counts kept for each pane; beyond it those of viewers who are not here go first. */
export const maxCounts = 64;
/** Buffers of pastes that nobody finished; the newest are kept. */
const maxBuffers = 8;

export class CountBook {
  readonly #context: ControlContext;
  /** Viewers that this exec has heard of. Whoever is connected claims, so the counts of all others may be dropped. */
  readonly #present = new Set<ViewerId>();
  #asked = 0;

  constructor(context: ControlContext) {
    this.#context = context;
  }

  /** True once every count that was asked for is read. */
  get complete(): boolean {
    return this.#asked === 0;
  }

  /** Asks for a pane's counts. Names of options are anybody's, so the answer may hold anything. */
  ask(pane: Pane): void {
    this.#asked++;
    const nonce = this.#context.random();
    const commands = `show-options -p -t ${pane.pane} ; display-message -p ${nonce}`;
    this.#context.queue.sendGuarded(commands, [true], nonce, { kind: "counts", pane });
  }

  /** `answer`: what `show-options` said; `null`: the pane is gone. */
  read(pane: Pane, answer: string | null): void {
    this.#asked--;
    for (const line of answer?.split("\n") ?? []) {
      const match = /^@limpet-in-([0-9a-f]{32}) (\d{1,15})$/.exec(line);
      if (match?.[1] !== undefined) pane.counts.set(match[1], Number(match[2]));
    }
  }

  claim(pane: Pane, viewer: ViewerId): void {
    this.#present.add(viewer);
    if (pane.counts.has(viewer)) return;
    pane.counts.set(viewer, 0);
    this.#send(`set-option -oqp -t ${pane.pane} ${countOption(viewer)} 0`);
    this.#purge(pane);
  }

  /** This viewer types. */
  heard(viewer: ViewerId): void {
    this.#present.add(viewer);
  }

  taken(id: PaneId, viewer: ViewerId, end: number): void {
    this.#context.table.get(id)?.counts.set(viewer, end);
  }

  listBuffers(): void {
    this.#context.queue.send('list-buffers -F "#{q:buffer_name} "', 1, { kind: "buffers" });
  }

  /** `answer`: names, the newest first, each with a space and a line feed behind it. */
  dropOldBuffers(answer: string): void {
    const names = (splitQuoted(answer) ?? []).map((name) => name.replace(/^\n/, ""));
    const ours = names.filter((name) => /^limpet-[0-9a-f]{32}-(?:keys|\d{1,16})$/.test(name));
    for (const name of ours.slice(maxBuffers)) this.#send(`delete-buffer -b ${name}`);
  }

  #purge(pane: Pane): void {
    let excess = pane.counts.size - maxCounts;
    for (const viewer of pane.counts.keys()) {
      if (excess <= 0) return;
      if (this.#present.has(viewer)) continue;
      pane.counts.delete(viewer);
      this.#send(`set-option -pqu -t ${pane.pane} ${countOption(viewer)}`);
      this.#context.effects.push({ type: "forgotten", pane: pane.pane, viewer });
      excess--;
    }
  }

  #send(commands: string): void {
    this.#context.queue.send(commands, 1, { kind: "nothing" });
  }
}
