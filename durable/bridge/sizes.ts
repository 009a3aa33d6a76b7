// Owns what tmux is told of the leader's page: its size and its colours.
// Must not know who leads or why.

import type { Dimensions } from "../multiplexer/multiplexer.ts";
import type { Ask } from "./input-desk.ts";
import type { Lobby } from "./lobby.ts";
import type { PaneBook } from "./pane-book.ts";
import type { Viewer } from "./viewer.ts";

/** A window dragged larger sends a size for each frame of its browser; programs need not redraw for all of them. */
const resizeEveryMs = 50;

export class Sizes {
  readonly #lobby: Lobby;
  readonly #book: PaneBook;
  readonly #ask: Ask;
  #following = false;
  #last: Dimensions = { cols: 80, rows: 24 };
  #appliedMs = Number.NEGATIVE_INFINITY;
  #dueMs: number | null = null;
  #colours = "";

  constructor(lobby: Lobby, book: PaneBook, ask: Ask) {
    this.#lobby = lobby;
    this.#book = book;
    this.#ask = ask;
  }

  /** What a new exec is opened with. */
  wish(): Dimensions {
    const leader = this.#leader();
    if (leader !== undefined) this.#last = { cols: leader.cols, rows: leader.rows };
    return this.#last;
  }

  /** `following`: a multiplexer can be asked from now on, and was told nothing yet; or none can. */
  restart(following: boolean): void {
    this.#following = following;
    this.#appliedMs = Number.NEGATIVE_INFINITY;
    this.#dueMs = null;
    this.#colours = "";
  }

  deadline(): number | null {
    return this.#dueMs;
  }

  /** Brings what is on view to the leader's size, no more often than is good for programs. */
  apply(nowMs: number): void {
    const leader = this.#leader();
    this.#dueMs = null;
    if (!this.#following || leader === undefined) return;
    this.#tellColours(leader);
    const size = this.wish();
    const panes = [...this.#book.all()].filter((pane) => pane.unwatched === null && pane.needs(size));
    this.#dueMs =
      panes.length === 0 || nowMs >= this.#appliedMs + resizeEveryMs ? null : this.#appliedMs + resizeEveryMs;
    if (panes.length === 0 || this.#dueMs !== null) return;
    this.#appliedMs = nowMs;
    for (const pane of panes) {
      pane.wanted(size);
      this.#ask((multiplexer) => multiplexer.resize(pane.id, size));
    }
  }

  #leader(): Viewer | undefined {
    const { viewer } = this.#lobby.leader;
    return viewer === null ? undefined : this.#lobby.viewers.get(viewer);
  }

  #tellColours(leader: Viewer): void {
    const { colours } = leader;
    if (colours === null) return;
    const told = `${colours.foreground} ${colours.background}`;
    if (told === this.#colours) return;
    this.#colours = told;
    this.#ask((multiplexer) => multiplexer.colours(colours.foreground, colours.background));
  }
}
