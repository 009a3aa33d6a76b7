// Owns the page's side of limpet.v1: hello, panes and channels, input, acknowledgements, sizes; events and time in,
// effects out. Must not know the DOM, WebSockets, xterm.js, clocks or randomness of its own.

import { closeCode } from "../../durable/protocol/close-codes.ts";
import { decodeFrame, encodeFrame } from "../../durable/protocol/frames.ts";
import { pong } from "../../durable/protocol/limits.ts";
import type {
  Changed,
  ClientMessage,
  Colours,
  Exit,
  Expiry,
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
import { OwnSize } from "./own-size.ts";
import { type InputNotice, PaneInput, type PasteProgress, type UpPiece } from "./pane-input.ts";
import { type OutputEffect, PaneOutput } from "./pane-output.ts";
import { type Pane, PaneTable } from "./pane-table.ts";
import { cleanPaste } from "./paste-text.ts";

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
  readonly colours?: Colours;
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
  | { readonly type: "input-notice"; readonly pane: PaneId | null; readonly notice: InputNotice | "view-only" }
  | ({ readonly type: "paste-progress"; readonly pane: PaneId | null } & { readonly progress: PasteProgress })
  | Status
  | Viewers
  | Expiry
  | Notice
  | Exit
  | Changed;

export class Machine {
  readonly #options: MachineOptions;
  readonly #connection: Connection;
  readonly #panes = new PaneTable();
  readonly #size: OwnSize;
  /** What is typed before any pane is known, by the rules of what is typed while away; the first pane takes it over. */
  #early: PaneInput | null;
  /** The socket that the panes' channels belong to. */
  #socket: number | null = null;
  #nextPasteId: number;
  #visible: boolean;
  #colours: Colours | undefined;
  #role: Role = "drive";
  /** As the object said last: one that was started anew knows it from nobody but the pages. */
  #leads = false;
  #link: LinkView = { state: "idle" };
  #out: MachineEffect[] = [];

  constructor(options: MachineOptions) {
    this.#options = options;
    this.#nextPasteId = options.firstPasteId;
    this.#connection = new Connection(options.random, options.visible);
    this.#size = new OwnSize(options);
    this.#early = this.#newInput();
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
    const panes = this.#panes.all().flatMap((pane) => pane.output.held() ?? []);
    const { viewer } = this.#options;
    const colours = this.#colours === undefined ? {} : { colours: this.#colours };
    const leads = this.#leads ? { leads: true as const } : {};
    this.#send({ type: "hello", viewer, ...this.#size.say(), panes, ...leads, ...colours });
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
    const pane = data === null ? undefined : this.#panes.onChannel(data.channel);
    if (data !== null) pane?.output.receive(data.bytes, nowMs);
    return this.#settle(nowMs);
  }

  closed(socket: number, code: number, reason: string, nowMs: number): readonly MachineEffect[] {
    this.#connection.closed(socket, code, reason, nowMs);
    return this.#settle(nowMs);
  }

  /** Keys, mouse reports, composed text. `null`: no pane has been on view yet. */
  input(paneId: PaneId | null, bytes: Uint8Array, nowMs: number): readonly MachineEffect[] {
    if (bytes.length === 0) return [];
    if (paneId === null) {
      this.#early?.type(bytes, nowMs);
      return this.#settle(nowMs);
    }
    const pane = this.#panes.get(paneId);
    if (pane === undefined) return [];
    if (this.#mayType(paneId)) {
      if (bytes.includes(interrupt) && pane.input.pasteWaits) this.#up(pane, pane.input.cancelPastes());
      this.#up(pane, pane.input.type(bytes, nowMs));
    }
    return this.#settle(nowMs);
  }

  paste(paneId: PaneId | null, text: string, nowMs: number): readonly MachineEffect[] {
    if (paneId === null) {
      this.#early?.paste(cleanPaste(text));
      return this.#settle(nowMs);
    }
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
    this.#size.change({ cols, rows }, nowMs);
    return this.#settle(nowMs);
  }

  /** "Fit to me": this viewer's size counts from now on. */
  fit(nowMs: number): readonly MachineEffect[] {
    this.#send({ type: "resize", ...this.#size.say(), fit: true });
    return this.#settle(nowMs);
  }

  /** The page's colours changed. */
  colours(colours: Colours, nowMs: number): readonly MachineEffect[] {
    this.#colours = colours;
    this.#send({ type: "colours", ...colours });
    return this.#settle(nowMs);
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
    const deadlines = [this.#connection.nextDeadlineMs(), this.#socket === null ? null : this.#size.deadlineMs()];
    for (const pane of this.#panes.all()) if (pane.channel !== null) deadlines.push(pane.output.ackDeadlineMs());
    const due = deadlines.filter((deadline) => deadline !== null);
    return due.length === 0 ? null : Math.min(...due);
  }

  #message(message: ServerMessage, nowMs: number): void {
    switch (message.type) {
      case "welcome":
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
        const pane = this.#panes.onChannel(message.channel);
        if (pane !== undefined) this.#up(pane, pane.input.acknowledged(message.input));
        return;
      }
      case "size":
        this.#panes.onChannel(message.channel)?.output.size(message);
        return;
      case "gone": {
        const pane = this.#panes.unbind(message.channel);
        this.#send({ type: "shut", channel: message.channel });
        if (pane !== undefined) this.#drop(pane);
        return;
      }
      case "viewers":
        this.#leads = message.leader;
        this.#out.push(message);
        return;
      default:
        this.#out.push(message);
    }
  }

  #paneStart(start: PaneStart, nowMs: number): void {
    const pane = this.#panes.get(start.pane) ?? this.#add(start.pane);
    this.#panes.bind(pane, start.channel);
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
    for (const pane of this.#panes.all()) if (pane.channel === null && !listed.has(pane.id)) this.#drop(pane);
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

  #newInput(): PaneInput {
    return new PaneInput(() => this.#nextPasteId++);
  }

  #add(id: PaneId): Pane {
    let input = this.#early ?? this.#newInput();
    this.#early = null;
    if (input.waits && !this.#mayType(id)) input = this.#newInput();
    const pane: Pane = { id, output: new PaneOutput(id), input, channel: null };
    this.#panes.add(pane);
    return pane;
  }

  #drop(pane: Pane): void {
    this.#panes.remove(pane.id);
    this.#out.push({ type: "pane-gone", pane: pane.id });
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
    const early = this.#early === null ? [] : inputEffects(null, this.#early);
    const panes = this.#panes.all().flatMap(effectsOf);
    const link = this.#connection.view;
    const changed = !sameLink(link, this.#link);
    this.#link = link;
    return [...detached, ...connection, ...early, ...panes, ...(changed ? [{ type: "link", link } as const] : [])];
  }

  #detach(): void {
    const lost = this.#socket;
    this.#out = this.#out.filter((effect) => effect.type !== "send" || effect.socket !== lost);
    this.#socket = null;
    this.#panes.unbindAll();
    for (const pane of this.#panes.all()) {
      pane.output.disconnected();
      pane.input.detached();
    }
  }

  #sendDue(nowMs: number): void {
    if (this.#socket === null) return;
    for (const pane of this.#panes.all()) {
      if (pane.channel === null) continue;
      const ack = pane.output.takeAck(nowMs);
      if (ack !== null) this.#send({ type: "ack", channel: pane.channel, ...ack });
    }
    const size = this.#size.sayIfDue(nowMs);
    if (size !== null) this.#send({ type: "resize", ...size });
  }
}

function effectsOf(pane: Pane): readonly MachineEffect[] {
  return [...pane.output.takeEffects(), ...inputEffects(pane.id, pane.input)];
}

function inputEffects(pane: PaneId | null, input: PaneInput): readonly MachineEffect[] {
  return [
    ...input.takeNotices().map((notice) => ({ type: "input-notice", pane, notice }) as const),
    ...input.takeProgress().map((progress) => ({ type: "paste-progress", pane, progress }) as const),
  ];
}

function sameLink(a: LinkView, b: LinkView): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
