// Owns the page's side of limpet.v1: hello, panes and channels, input, acknowledgements, sizes; events and time in,
// effects out. Must not know the DOM, WebSockets, xterm.js, clocks or randomness of its own.

import { closeCode } from "../../durable/protocol/close-codes.ts";
import { decodeFrame, encodeFrame } from "../../durable/protocol/frames.ts";
import { pong, sizeBounds } from "../../durable/protocol/limits.ts";
import type {
  Channel,
  ClientMessage,
  Exit,
  Expiry,
  Hello,
  Notice,
  PaneId,
  PaneStart,
  Role,
  ServerMessage,
  Status,
  ViewerId,
  Viewers,
  WindowChange,
  WindowInfo,
} from "../../durable/protocol/messages.ts";
import { describeParseError, parseServerMessage } from "../../durable/protocol/parse.ts";
import { Connection, type LinkView } from "./connection.ts";
import { type InputNotice, PaneInput, type PasteProgress, type UpPiece } from "./pane-input.ts";
import { type OutputEffect, PaneOutput } from "./pane-output.ts";
import { cleanPaste } from "./paste-text.ts";

/** A window being dragged larger changes its size on every frame; the shell hears of it when it rests this long. */
const resizeRestMs = 60;
/** The control that interrupts: typed while a paste is going up, it ends the paste first. */
const interrupt = 0x03;

export interface MachineOptions {
  readonly viewer: ViewerId;
  /** 0 to 1, one excluded. */
  readonly random: () => number;
  /** Higher than any id of a paste that this viewer sent before. */
  readonly firstPasteId: number;
  readonly cols: number;
  readonly rows: number;
  readonly visible: boolean;
  readonly colours?: Hello["colours"];
}

export type MachineEffect =
  /** Open a WebSocket and report on it under this number. */
  | { readonly type: "connect"; readonly socket: number }
  | { readonly type: "send"; readonly socket: number; readonly data: string | Uint8Array<ArrayBuffer> }
  | { readonly type: "close"; readonly socket: number; readonly code: number; readonly reason: string }
  | OutputEffect
  /** This pane is on view now: make a terminal for it if there is none. Comes before any other effect on it. */
  | { readonly type: "pane"; readonly pane: PaneId }
  | { readonly type: "pane-gone"; readonly pane: PaneId }
  | { readonly type: "link"; readonly link: LinkView }
  | { readonly type: "role"; readonly role: Role }
  | { readonly type: "windows"; readonly windows: readonly WindowInfo[] }
  | { readonly type: "input-notice"; readonly pane: PaneId; readonly notice: InputNotice | "view-only" }
  | ({ readonly type: "paste-progress"; readonly pane: PaneId } & { readonly progress: PasteProgress })
  | Status
  | Viewers
  | Expiry
  | Notice
  | Exit;

interface Pane {
  readonly output: PaneOutput;
  readonly input: PaneInput;
  channel: Channel | null;
}

export class Machine {
  readonly #options: MachineOptions;
  readonly #connection: Connection;
  readonly #panes = new Map<PaneId, Pane>();
  /** The socket that the channels below belong to. */
  #socket: number | null = null;
  readonly #channels = new Map<Channel, PaneId>();
  #nextPasteId: number;
  #size: { readonly cols: number; readonly rows: number };
  #sizeSent: { readonly cols: number; readonly rows: number };
  #sizeDueMs: number | null = null;
  #visible: boolean;
  #colours: Hello["colours"];
  #role: Role = "drive";
  #link: LinkView = { state: "idle" };
  #out: MachineEffect[] = [];

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#nextPasteId = options.firstPasteId;
    this.#connection = new Connection(options.random, options.visible);
    this.#size = { cols: options.cols, rows: options.rows };
    this.#sizeSent = this.#size;
    this.#visible = options.visible;
    this.#colours = options.colours;
  }

  /** Connects now; also after a final close code, when the person asks for it. */
  start(nowMs: number): readonly MachineEffect[] {
    this.#connection.start(nowMs);
    return this.#settle(nowMs);
  }

  stop(nowMs: number): readonly MachineEffect[] {
    this.#connection.stop();
    return this.#settle(nowMs);
  }

  opened(socket: number, nowMs: number): readonly MachineEffect[] {
    if (!this.#connection.opened(socket, nowMs)) return [];
    this.#socket = socket;
    const panes = [...this.#panes.values()].flatMap((pane) => pane.output.held() ?? []);
    const { viewer } = this.#options;
    const colours = this.#colours === undefined ? {} : { colours: this.#colours };
    this.#send({ type: "hello", viewer, ...this.#size, panes, ...colours });
    this.#sizeSent = this.#size;
    this.#sizeDueMs = null;
    if (!this.#visible) this.#send({ type: "focus", visible: false });
    return this.#settle(nowMs);
  }

  /** A text frame. */
  text(socket: number, text: string, nowMs: number): readonly MachineEffect[] {
    if (!this.#connection.frame(socket, nowMs)) return [];
    if (text !== pong) {
      const parsed = parseServerMessage(text);
      if (!parsed.ok) this.#connection.abandon(closeCode.protocol, describeParseError(parsed.error), nowMs);
      else if (parsed.message !== null) this.#message(parsed.message, nowMs);
    }
    return this.#settle(nowMs);
  }

  /** A binary frame. */
  binary(socket: number, frame: Uint8Array, nowMs: number): readonly MachineEffect[] {
    if (!this.#connection.frame(socket, nowMs)) return [];
    const data = decodeFrame(frame);
    const pane = data === null ? undefined : this.#onChannel(data.channel);
    if (data !== null) pane?.output.receive(data.bytes, nowMs);
    return this.#settle(nowMs);
  }

  closed(socket: number, code: number, reason: string, nowMs: number): readonly MachineEffect[] {
    this.#connection.closed(socket, code, reason, nowMs);
    return this.#settle(nowMs);
  }

  /** Keys, mouse reports, composed text. */
  input(paneId: PaneId, bytes: Uint8Array, nowMs: number): readonly MachineEffect[] {
    const pane = this.#panes.get(paneId);
    if (pane === undefined || bytes.length === 0) return [];
    if (this.#mayType(paneId)) {
      if (bytes.includes(interrupt) && pane.input.pasteWaits) this.#up(pane, pane.input.cancelPastes());
      this.#up(pane, pane.input.type(bytes, nowMs));
    }
    return this.#settle(nowMs);
  }

  paste(paneId: PaneId, text: string, nowMs: number): readonly MachineEffect[] {
    const pane = this.#panes.get(paneId);
    if (pane === undefined) return [];
    if (this.#mayType(paneId)) this.#up(pane, pane.input.paste(cleanPaste(text)));
    return this.#settle(nowMs);
  }

  cancelPaste(paneId: PaneId, nowMs: number): readonly MachineEffect[] {
    const pane = this.#panes.get(paneId);
    if (pane !== undefined) this.#up(pane, pane.input.cancelPastes());
    return this.#settle(nowMs);
  }

  /** The terminal has parsed the `write` or `paint` with this id. */
  parsed(paneId: PaneId, id: number, nowMs: number): readonly MachineEffect[] {
    this.#panes.get(paneId)?.output.parsed(id, nowMs);
    return this.#settle(nowMs);
  }

  /** The room there is for a terminal now. */
  resized(cols: number, rows: number, nowMs: number): readonly MachineEffect[] {
    const { minCols, maxCols, minRows, maxRows } = sizeBounds;
    this.#size = { cols: clamp(cols, minCols, maxCols), rows: clamp(rows, minRows, maxRows) };
    this.#sizeDueMs = nowMs + resizeRestMs;
    return this.#settle(nowMs);
  }

  /** "Fit to me": this viewer's size counts from now on. */
  fit(nowMs: number): readonly MachineEffect[] {
    this.#send({ type: "resize", ...this.#size, fit: true });
    this.#sizeSent = this.#size;
    return this.#settle(nowMs);
  }

  /** The page's colours changed; the next hello says so. */
  colours(colours: Hello["colours"]): void {
    this.#colours = colours;
  }

  window(change: WindowChange, nowMs: number): readonly MachineEffect[] {
    this.#send(change);
    return this.#settle(nowMs);
  }

  open(pane: PaneId, nowMs: number): readonly MachineEffect[] {
    this.#send({ type: "open", pane });
    return this.#settle(nowMs);
  }

  visibility(visible: boolean, nowMs: number): readonly MachineEffect[] {
    if (visible === this.#visible) return [];
    this.#visible = visible;
    this.#send({ type: "focus", visible });
    this.#connection.visibility(visible, nowMs);
    return this.#settle(nowMs);
  }

  online(nowMs: number): readonly MachineEffect[] {
    this.#connection.online(nowMs);
    return this.#settle(nowMs);
  }

  tick(nowMs: number): readonly MachineEffect[] {
    this.#connection.tick(nowMs);
    return this.#settle(nowMs);
  }

  /** When `tick` is due; `null`: not before another event. */
  nextDeadlineMs(): number | null {
    const deadlines = [this.#connection.nextDeadlineMs(), this.#socket === null ? null : this.#sizeDueMs];
    for (const pane of this.#panes.values()) if (pane.channel !== null) deadlines.push(pane.output.ackDeadlineMs());
    const due = deadlines.filter((deadline) => deadline !== null);
    return due.length === 0 ? null : Math.min(...due);
  }

  #message(message: ServerMessage, nowMs: number): void {
    switch (message.type) {
      case "welcome":
        this.#connection.welcomed();
        this.#role = message.role;
        this.#out.push({ type: "role", role: message.role });
        this.#windows(message.windows);
        return;
      case "windows":
        this.#windows(message.windows);
        return;
      case "pane":
        this.#paneStart(message, nowMs);
        return;
      case "ack": {
        const pane = this.#onChannel(message.channel);
        if (pane !== undefined) this.#up(pane, pane.input.acknowledged(message.input));
        return;
      }
      case "size":
        this.#onChannel(message.channel)?.output.size(message);
        return;
      case "gone": {
        const paneId = this.#channels.get(message.channel);
        this.#channels.delete(message.channel);
        this.#send({ type: "shut", channel: message.channel });
        if (paneId !== undefined) this.#dropPane(paneId);
        return;
      }
      default:
        this.#out.push(message);
    }
  }

  #paneStart(start: PaneStart, nowMs: number): void {
    let pane = this.#panes.get(start.pane);
    if (pane === undefined) {
      const input = new PaneInput(() => this.#nextPasteId++);
      pane = { output: new PaneOutput(start.pane), input, channel: null };
      this.#panes.set(start.pane, pane);
    }
    if (pane.channel !== start.channel) {
      const before = this.#onChannel(start.channel);
      if (before !== undefined) before.channel = null;
      if (pane.channel !== null) this.#channels.delete(pane.channel);
      this.#channels.set(start.channel, start.pane);
      pane.channel = start.channel;
    }
    this.#out.push({ type: "pane", pane: start.pane });
    if (!pane.output.start(start)) {
      pane.output.forget();
      this.#connection.abandon(closeCode.again, "resumed at another offset than asked for", nowMs);
      return;
    }
    if (start.input !== undefined) this.#up(pane, pane.input.attached(start.input, nowMs));
  }

  #windows(windows: readonly WindowInfo[]): void {
    this.#out.push({ type: "windows", windows });
    if (windows.length === 0) return;
    // Closed while this page was away: no `gone` tells of it, since its channel was of another socket.
    const listed = new Set(windows.flatMap((window) => window.panes));
    for (const [id, pane] of this.#panes) if (pane.channel === null && !listed.has(id)) this.#dropPane(id);
  }

  #mayType(pane: PaneId): boolean {
    if (this.#role === "drive") return true;
    this.#out.push({ type: "input-notice", pane, notice: "view-only" });
    return false;
  }

  #up(pane: Pane, pieces: readonly UpPiece[]): void {
    const { channel } = pane;
    if (channel === null || this.#socket === null) return;
    for (const piece of pieces) {
      if (piece.kind === "keys") {
        this.#out.push({ type: "send", socket: this.#socket, data: encodeFrame(channel, piece.bytes) });
      } else {
        const { id, seq, last } = piece;
        this.#send({ type: "paste", channel, id, seq, last, text: new TextDecoder().decode(piece.bytes) });
      }
    }
  }

  #send(message: ClientMessage): void {
    if (this.#socket === null) return;
    this.#out.push({ type: "send", socket: this.#socket, data: JSON.stringify(message) });
  }

  #onChannel(channel: Channel): Pane | undefined {
    const paneId = this.#channels.get(channel);
    return paneId === undefined ? undefined : this.#panes.get(paneId);
  }

  #dropPane(paneId: PaneId): void {
    this.#panes.delete(paneId);
    this.#out.push({ type: "pane-gone", pane: paneId });
  }

  /** After every event: what is due now, and whether the socket that all this went to is still the one. */
  #settle(nowMs: number): readonly MachineEffect[] {
    if (this.#socket !== null && this.#connection.socket !== this.#socket) this.#detach();
    this.#sendDue(nowMs);
    const detached = this.#out;
    this.#out = [];
    const connection = this.#connection.takeEffects().map((effect): MachineEffect => {
      return effect.type === "ping" ? { type: "send", socket: effect.socket, data: effect.type } : effect;
    });
    const panes = [...this.#panes].flatMap(([id, pane]) => effectsOf(id, pane));
    const link = this.#connection.view;
    const changed = !sameLink(link, this.#link);
    this.#link = link;
    return [...detached, ...connection, ...panes, ...(changed ? [{ type: "link", link } as const] : [])];
  }

  #detach(): void {
    const lost = this.#socket;
    this.#out = this.#out.filter((effect) => effect.type !== "send" || effect.socket !== lost);
    this.#socket = null;
    this.#channels.clear();
    for (const pane of this.#panes.values()) {
      pane.channel = null;
      pane.output.disconnected();
      pane.input.detached();
    }
  }

  #sendDue(nowMs: number): void {
    if (this.#socket === null) return;
    for (const pane of this.#panes.values()) {
      if (pane.channel === null) continue;
      const ack = pane.output.takeAck(nowMs);
      if (ack !== null) this.#send({ type: "ack", channel: pane.channel, ...ack });
    }
    if (this.#sizeDueMs !== null && nowMs >= this.#sizeDueMs) {
      this.#sizeDueMs = null;
      if (this.#size.cols !== this.#sizeSent.cols || this.#size.rows !== this.#sizeSent.rows) {
        this.#send({ type: "resize", ...this.#size });
        this.#sizeSent = this.#size;
      }
    }
  }
}

function effectsOf(id: PaneId, pane: Pane): readonly MachineEffect[] {
  return [
    ...pane.output.takeEffects(),
    ...pane.input.takeNotices().map((notice) => ({ type: "input-notice", pane: id, notice }) as const),
    ...pane.input.takeProgress().map((progress) => ({ type: "paste-progress", pane: id, progress }) as const),
  ];
}

function sameLink(a: LinkView, b: LinkView): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(Math.floor(value), least), most);
}
