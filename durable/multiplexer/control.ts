// Owns the multiplexer that speaks tmux's control mode: what is asked, and what follows from each answer.
// Must not know viewers' sockets, rings or the exec; reading, writing and painting are in the files beside it.

import type { Colour, PaneId, ViewerId, WindowId } from "../protocol/messages.ts";
import { type AttachLine, parseAttachLine } from "./attach-lines.ts";
import { CommandQueue, type Outcome } from "./command-queue.ts";
import * as tmux from "./commands.ts";
import type { ControlContext, Tag } from "./control-context.ts";
import { ControlReader } from "./control-reader.ts";
import { CountBook } from "./count-book.ts";
import { type InputLine, InputQueue } from "./input-queue.ts";
import { listingFormat, parseLayout, parseListing, parseSizes, watchedFormat } from "./listing.ts";
import type {
  Dimensions,
  InputBatch,
  Multiplexer,
  MultiplexerEffect,
  MultiplexerEnd,
  PastePiece,
  WindowWish,
} from "./multiplexer.ts";
import { PaneFollower } from "./pane-follower.ts";
import { PaneTable } from "./pane-table.ts";
import { fromUtf8, latin1, utf8 } from "./text.ts";

/** tmux pauses a pane by itself when it could not be rid of its output for this long (`pause-after`). */
const pauseAfterSeconds = 3;

export interface ControlOptions {
  /** 32 hex digits that nobody can guess. */
  readonly random: () => string;
}

export class ControlMultiplexer implements Multiplexer {
  readonly kind = "control";
  readonly countsInput = true;
  readonly hasHistory = true;

  readonly #context: ControlContext;
  readonly #reader: ControlReader;
  readonly #follower: PaneFollower;
  readonly #counts: CountBook;
  readonly #input = new InputQueue();
  #state: "starting" | "following" | "ended" = "starting";
  /** Whether tmux was asked for what following needs. */
  #begun = false;
  /** From `attach`'s first line; its last repeats it. */
  #token: string | null = null;
  /** Whether a listing is under way, and whether another must follow it. */
  #listing: "none" | "asked" | "again" = "none";
  /** Windows whose resize is under way, each with the size wished for meanwhile. */
  readonly #resizing = new Map<WindowId, Dimensions | null>();

  constructor({ random }: ControlOptions) {
    const version = { major: 3, minor: 2 };
    this.#context = { table: new PaneTable(), queue: new CommandQueue<Tag>(), effects: [], version, random };
    this.#follower = new PaneFollower(this.#context);
    this.#counts = new CountBook(this.#context);
    this.#reader = new ControlReader({
      output: (pane, bytes) => this.#follower.output(pane, bytes),
      answer: (ok, body) => this.#answer(ok, body),
      notification: (word, rest) => this.#notification(word, rest),
      line: (text) => this.#attachLine(parseAttachLine(text, this.#token)),
      nonce: () => this.#context.queue.nonce(),
      broken: (message) => this.#end({ reason: "confused", message }),
    });
  }

  /** Nothing is asked yet: tmux has no "current client" for commands that it reads before it has attached this one. */
  start(): readonly MultiplexerEffect[] {
    return [];
  }

  /** This client is attached (`%session-changed`): what it needs to know to follow. */
  #begin(): void {
    if (this.#begun) return;
    this.#begun = true;
    this.#send(`refresh-client -f pause-after=${pauseAfterSeconds}`);
    this.#context.queue.send('display-message -p "#{version}"', 1, { kind: "version" });
    this.#send(`refresh-client -B "limpet:%*:${watchedFormat}"`);
    this.#counts.listBuffers();
    this.#list();
  }

  receive(chunk: Uint8Array): readonly MultiplexerEffect[] {
    if (this.#state !== "ended") this.#reader.receive(chunk);
    return this.#finish();
  }

  show(id: PaneId, request: number): readonly MultiplexerEffect[] {
    const pane = this.#context.table.get(id);
    if (pane !== undefined) this.#follower.show(pane, request);
    return this.#finish();
  }

  hide(id: PaneId): readonly MultiplexerEffect[] {
    const pane = this.#context.table.get(id);
    if (pane !== undefined) this.#follower.hide(pane);
    return this.#finish();
  }

  input(batch: InputBatch): readonly MultiplexerEffect[] {
    if (this.#accepts(batch)) this.#input.push(batch);
    return this.#finish();
  }

  paste(piece: PastePiece): readonly MultiplexerEffect[] {
    if (!Number.isSafeInteger(piece.id) || piece.id < 0) throw new Error("a paste's id is no whole number");
    if (this.#accepts(piece)) this.#input.pushPaste(piece);
    return this.#finish();
  }

  claim(id: PaneId, viewer: ViewerId): readonly MultiplexerEffect[] {
    const pane = this.#context.table.get(id);
    if (pane !== undefined && tmux.isViewerId(viewer)) this.#counts.claim(pane, viewer);
    return this.#finish();
  }

  resize(id: PaneId, { cols, rows }: Dimensions): readonly MultiplexerEffect[] {
    if (!Number.isInteger(cols) || !Number.isInteger(rows)) throw new Error("a size is no whole number");
    const window = this.#context.table.get(id)?.window;
    // The drag of a window's edge asks hundreds of times: one is under way, and of the others only the last counts.
    if (window !== undefined && this.#resizing.has(window)) this.#resizing.set(window, { cols, rows });
    else if (window !== undefined) this.#resize(window, { cols, rows });
    return this.#finish();
  }

  change(wish: WindowWish): readonly MultiplexerEffect[] {
    if (wish.do === "new") this.#send("new-window");
    else if (this.#context.table.windows.some(({ id }) => id === wish.window)) this.#send(windowCommand(wish));
    return this.#finish();
  }

  colours(foreground: Colour, background: Colour): readonly MultiplexerEffect[] {
    if ([foreground, background].every((colour) => /^#[0-9a-f]{6}$/i.test(colour))) {
      // 3.3a answers OSC 10 and 11 only where window-style names colours.
      this.#send(`set-option -wg window-style ${tmux.argument(utf8(`fg=${foreground},bg=${background}`))}`);
    }
    return this.#finish();
  }

  probe(probe: number): readonly MultiplexerEffect[] {
    this.#context.queue.send("display-message -p alive", 1, { kind: "probe", probe });
    return this.#finish();
  }

  /** A line whose answer, whatever it is, changes nothing here. */
  #send(commands: string): void {
    this.#context.queue.send(commands, 1, { kind: "nothing" });
  }

  /** Ends a call: what may be sent now is sent, and the effects are handed over. */
  #finish(): readonly MultiplexerEffect[] {
    const { queue, version, effects } = this.#context;
    if (this.#state !== "ended") {
      for (const line of this.#input.take(version)) queue.send(line.commands, line.answers, { kind: "input", line });
      const bytes = queue.takeUnsent();
      if (bytes !== null) effects.push({ type: "stdin", bytes });
    }
    return effects.splice(0);
  }

  #end(end: MultiplexerEnd): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#context.effects.push({ type: "ended", end });
  }

  #accepts({ pane: id, viewer }: { readonly pane: PaneId; readonly viewer: ViewerId }): boolean {
    if (!tmux.isViewerId(viewer)) throw new Error("no viewer's id");
    const pane = this.#context.table.get(id);
    const message = pane === undefined ? "The pane is gone." : pane.dead ? "The pane's program has ended." : null;
    this.#counts.heard(viewer);
    if (message === null) return true;
    this.#context.effects.push({ type: "refused", pane: id, viewer, message });
    return false;
  }

  #attachLine(line: AttachLine | null): void {
    if (line === null) return;
    if (line.type === "begin") this.#token = line.token;
    else if (line.type === "error") this.#end({ reason: "failed", message: line.message });
    else if (line.type === "no-tmux" || line.type === "superseded") this.#end({ reason: line.type });
    else if (line.type === "exited") this.#end({ reason: "exited", code: line.code === 0 ? null : line.code });
    else this.#end({ reason: "confused", message: "the tmux client was detached" });
  }

  #answer(ok: boolean, body: Uint8Array): void {
    const outcome = this.#context.queue.answer(ok, body);
    if (outcome === null || this.#state === "ended") return;
    if (outcome === "early") this.#end({ reason: "confused", message: "an answer that nobody asked for" });
    else this.#done(outcome);
  }

  #done({ tag, ...result }: Outcome<Tag>): void {
    const bodies = result.ok ? result.bodies : null;
    switch (tag.kind) {
      case "nothing":
        break;
      case "version":
        if (bodies?.[0] !== undefined) this.#context.version = tmux.parseVersion(latin1(bodies[0]));
        break;
      case "buffers":
        if (bodies?.[0] !== undefined) this.#counts.dropOldBuffers(latin1(bodies[0]));
        break;
      case "listing":
        this.#listed(bodies?.[0]);
        break;
      case "counts":
        this.#counts.read(tag.pane, bodies?.[0] === undefined ? null : latin1(bodies[0]));
        if (this.#counts.complete) this.#follow();
        break;
      case "show":
        if (!this.#follower.captured({ ...result, tag })) {
          this.#end({ reason: "confused", message: "a capture that makes no sense" });
        }
        break;
      case "input":
        this.#taken(tag.line, result.ok ? result.bodies : result.message);
        break;
      case "resize":
        this.#resized(tag.window, bodies?.at(-1));
        break;
      case "probe":
        if (result.ok) this.#context.effects.push({ type: "alive", probe: tag.probe });
        break;
      default:
        tag satisfies never;
    }
  }

  #list(): void {
    if (this.#listing !== "none") {
      this.#listing = "again";
      return;
    }
    this.#listing = "asked";
    this.#context.queue.send(`list-panes -s -F "${listingFormat}"`, 1, { kind: "listing" });
  }

  #listed(body: Uint8Array | undefined): void {
    const again = this.#listing === "again";
    this.#listing = "none";
    const listing = body === undefined ? null : parseListing(body);
    if (listing === null) {
      this.#end({ reason: "confused", message: "a listing of panes that makes no sense" });
      return;
    }
    const { effects, added } = this.#context.table.update(listing);
    // Nobody else who attaches may change a window's size, from the moment on when it is seen.
    for (const window of new Set(added.map((pane) => pane.window))) {
      this.#send(`set-option -w -t ${window} window-size manual`);
    }
    for (const pane of added) this.#follower.adopt(pane);
    if (this.#state === "following") this.#context.effects.push(...effects);
    // Before following begins every pane's counts are read; a pane that appears later has none.
    else for (const pane of added) this.#counts.ask(pane);
    if (again) this.#list();
  }

  #follow(): void {
    if (this.#state !== "starting") return;
    this.#state = "following";
    const { table, effects } = this.#context;
    const panes = [...table.panes.values()].map((pane) => table.stateOf(pane));
    effects.push({ type: "following", windows: table.windows, panes });
  }

  #taken(line: InputLine, result: readonly Uint8Array[] | Uint8Array): void {
    this.#input.done(line);
    const { pane, viewer, end, checked } = line;
    const { table, effects } = this.#context;
    let message: string | null = null;
    if (result instanceof Uint8Array) message = fromUtf8(result);
    else if (checked !== null && latin1(result[checked] ?? new Uint8Array(0)) === tmux.deadAnswer) {
      message = "The pane's program has ended.";
      const known = table.get(pane);
      if (known !== undefined) known.dead = true;
    }
    if (message === null) {
      this.#counts.taken(pane, viewer, end);
      effects.push({ type: "taken", pane, viewer, end });
      return;
    }
    // What waits behind it would leave a hole in the input: it is refused with it.
    this.#input.drop(pane);
    effects.push({ type: "refused", pane, viewer, message });
    this.#list();
  }

  #resize(window: WindowId, { cols, rows }: Dimensions): void {
    this.#resizing.set(window, null);
    const commands = [
      tmux.resizeWindow(window, cols, rows),
      // Windows still to come begin with this size.
      `set-option -g default-size ${cols}x${rows}`,
      `list-panes -t ${window} -F "#{pane_id} #{pane_width} #{pane_height}"`,
    ];
    this.#context.queue.send(commands.join(" ; "), commands.length, { kind: "resize", window });
  }

  /** The answer stands where the size changes in the stream: what tmux reads of the panes afterwards comes behind it. */
  #resized(window: WindowId, body: Uint8Array | undefined): void {
    const next = this.#resizing.get(window);
    this.#resizing.delete(window);
    if (body !== undefined) this.#sizes(parseSizes(latin1(body)));
    else this.#list();
    if (next !== undefined && next !== null) this.#resize(window, next);
  }

  #sizes(sizes: readonly { readonly pane: PaneId; readonly cols: number; readonly rows: number }[]): void {
    for (const { pane, cols, rows } of sizes) {
      const effect = this.#context.table.resized(pane, cols, rows);
      if (effect !== null && this.#state === "following") this.#context.effects.push(effect);
    }
  }

  /** tmux(1), "CONTROL MODE". Names and titles in them are never read: whatever may have changed is listed anew. */
  #notification(word: string, rest: string): void {
    switch (word) {
      case "session-changed":
        this.#begin();
        return;
      case "pause":
        this.#follower.paused(rest);
        return;
      case "continue":
        this.#follower.continued(rest);
        return;
      case "layout-change": {
        const [, layout = "", visible = ""] = rest.split(" ");
        this.#sizes(parseLayout(visible === "" ? layout : visible));
        this.#list();
        return;
      }
      case "window-add":
      case "window-close":
      case "window-renamed":
      case "window-pane-changed":
      case "unlinked-window-add":
      case "unlinked-window-close":
      case "session-window-changed":
      case "subscription-changed":
        this.#list();
        return;
      default:
    }
  }
}

function windowCommand(wish: Exclude<WindowWish, { readonly do: "new" }>): string {
  if (wish.do === "select") return `select-window -t ${wish.window}`;
  if (wish.do === "close") return `kill-window -t ${wish.window}`;
  return `rename-window -t ${wish.window} -- ${tmux.expandedArgument(wish.name)}`;
}
