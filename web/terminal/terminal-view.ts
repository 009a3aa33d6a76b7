// Owns one xterm.js on the page: its options, addons, size in its frame, and which of its events are a person's.
// Must not know the socket, the machine or Solid.

import { Unicode11Addon } from "@xterm/addon-unicode11";
import { WebLinksAddon } from "@xterm/addon-web-links";
import { type ITheme, Terminal } from "@xterm/xterm";
import { sizeBounds } from "../../durable/protocol/limits.ts";
import { writeClipboard } from "./clipboard.ts";
import { isApple, pageKeyOf } from "./keys.ts";
import { parseOsc52 } from "./osc52.ts";
import type { Size } from "./own-size.ts";
import { pictureText } from "./picture.ts";
import { type Replies, swallowReplies } from "./replies.ts";

const fontFamily =
  'ui-monospace, "SF Mono", SFMono-Regular, Menlo, "Cascadia Mono", Consolas, "DejaVu Sans Mono", "Liberation Mono", monospace';
/** A frame narrower than this gets the smaller letters, so that 320 px hold 40 columns. */
const narrowFramePx = 480;
const fontSizePx = { narrow: 12.5, wide: 14 };
/** Another viewer's larger screen is shown smaller, down to this. */
const leastFontPx = 5;
/** Drawing by the processor: the DOM is quicker than WebGL on these. */
const softwareRenderer = /swiftshader|llvmpipe|softpipe|software|basic render/i;
/** The first byte does not wait longer than this for the renderer; it is then measured again. */
const rendererWithinMs = 400;
/** xterm.js lays its scroll bar over the last pixels of its element. */
const scrollBarPx = 12;

export interface TerminalViewEvents {
  /** Keys, mouse reports, composed text: what a person did, never what the terminal answered. */
  input(bytes: Uint8Array): void;
  paste(text: string): void;
  copied(ok: boolean): void;
  title(title: string): void;
  bell(): void;
  /** A program wants this on the clipboard (OSC 52). */
  clipboard(text: string): void;
  /** The keys that open the page's menu. */
  menu(): void;
  /** The size of a cell changed. */
  remeasure(): void;
  /** The right button, where no program asked for it. In the window's pixels. */
  contextMenu(at: Point): void;
  /** The target of the link under the pointer. */
  link(target: string | null): void;
  /** Whether reports of focus may go up: they are not a person's typing, and must not decide the size. */
  mayReportFocus(): boolean;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export class TerminalView {
  readonly #frame: HTMLElement;
  readonly #events: TerminalViewEvents;
  readonly #terminal: Terminal;
  readonly #replies: Replies;
  readonly #encoder = new TextEncoder();
  /** The renderer is chosen, so that what is measured from here on holds. Soon, and never rejected. */
  readonly ready: Promise<void>;
  /** One cell at the plain font size, in CSS pixels. */
  #cell: { readonly width: number; readonly height: number } | null = null;
  #plainFontPx: number;

  /** `frame` is in the document and has its final size; the terminal is laid out in it at once. */
  constructor(frame: HTMLElement, theme: ITheme, events: TerminalViewEvents) {
    this.#frame = frame;
    this.#events = events;
    this.#plainFontPx = plainFontPx(frame);
    this.#terminal = new Terminal({
      allowProposedApi: true,
      fontFamily,
      fontSize: this.#plainFontPx,
      lineHeight: 1.15,
      theme,
      scrollback: 5_000,
      // As tmux does; see ARCHITECTURE.md ("Why") on what makes the two agree.
      scrollOnEraseInDisplay: true,
      minimumContrastRatio: 4.5,
      cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      macOptionClickForcesSelection: true,
      linkHandler: {
        activate: (_event, target) => openLink(target),
        hover: (_event, target) => events.link(target),
        leave: () => events.link(null),
      },
    });
    this.#replies = swallowReplies(this.#terminal.parser);
    this.#load();
    this.#terminal.open(frame);
    this.#listen();
    const patience = new Promise<void>((resolve) => setTimeout(resolve, rendererWithinMs));
    this.ready = Promise.race([this.#accelerate(), patience]);
  }

  /** The size that fills the frame. */
  measure(): Size {
    const screen = this.#frame.querySelector<HTMLElement>(".xterm-screen");
    const { cols, rows, options } = this.#terminal;
    if (screen !== null && options.fontSize === this.#plainFontPx && screen.offsetWidth > 0) {
      const { width, height } = screen.getBoundingClientRect();
      this.#cell = { width: width / cols, height: height / rows };
    }
    const room = this.#room();
    if (this.#cell === null || room.width <= 0 || room.height <= 0) return { cols: 80, rows: 24 };
    const { minCols, maxCols, minRows, maxRows } = sizeBounds;
    return {
      cols: clamp(Math.floor(room.width / this.#cell.width), minCols, maxCols),
      rows: clamp(Math.floor(room.height / this.#cell.height), minRows, maxRows),
    };
  }

  /** The pane has this size: at the plain font size where it fits, smaller where it would not. */
  resize(size: Size): void {
    const { cols, rows } = this.#terminal;
    if (size.cols !== cols || size.rows !== rows) this.#terminal.resize(size.cols, size.rows);
    this.fitFont();
  }

  /** Call it when the frame's size changed. */
  fitFont(): void {
    const plain = plainFontPx(this.#frame);
    if (plain !== this.#plainFontPx) {
      this.#plainFontPx = plain;
      this.#terminal.options.fontSize = plain;
      this.#cell = null;
      this.measure();
    }
    if (this.#cell === null) return;
    const { cols, rows } = this.#terminal;
    const room = this.#room();
    const scale = Math.min(1, room.width / (cols * this.#cell.width), room.height / (rows * this.#cell.height));
    const font = scale === 1 ? plain : Math.max(leastFontPx, Math.floor(plain * scale * 2) / 2);
    if (this.#terminal.options.fontSize !== font) this.#terminal.options.fontSize = font;
  }

  write(bytes: Uint8Array, parsed: () => void): void {
    this.#terminal.write(bytes, parsed);
  }

  /** The picture in one write, so that no frame shows half of it. It does not end inside a UTF-8 sequence. */
  paint(bytes: Uint8Array, reset: boolean, parsed: () => void): void {
    this.#terminal.write(pictureText(bytes, reset), parsed);
  }

  set theme(theme: ITheme) {
    this.#terminal.options.theme = theme;
  }

  get hasSelection(): boolean {
    return this.#terminal.hasSelection();
  }

  copy(): void {
    const text = this.#terminal.getSelection();
    if (text === "") return;
    void writeClipboard(text, () => document.execCommand("copy")).then((ok) => this.#events.copied(ok));
  }

  selectAll(): void {
    this.#terminal.selectAll();
  }

  focus(): void {
    this.#terminal.focus();
  }

  dispose(): void {
    this.#replies.dispose();
    this.#terminal.dispose();
  }

  #room(): { readonly width: number; readonly height: number } {
    const style = getComputedStyle(this.#frame);
    const across = Number.parseFloat(style.paddingLeft) + Number.parseFloat(style.paddingRight);
    const down = Number.parseFloat(style.paddingTop) + Number.parseFloat(style.paddingBottom);
    return { width: this.#frame.clientWidth - across - scrollBarPx, height: this.#frame.clientHeight - down };
  }

  #load(): void {
    const terminal = this.#terminal;
    terminal.loadAddon(new Unicode11Addon());
    terminal.unicode.activeVersion = "11";
    const links = {
      hover: (_event: MouseEvent, target: string) => this.#events.link(target),
      leave: () => this.#events.link(null),
    };
    terminal.loadAddon(new WebLinksAddon((_event, target) => openLink(target), links));
    terminal.parser.registerOscHandler(52, (data) => {
      const text = parseOsc52(data);
      if (text !== null) this.#events.clipboard(text);
      return true;
    });
  }

  #listen(): void {
    const terminal = this.#terminal;
    terminal.onData((data) => {
      if (this.#replies.answering) return;
      const reportsFocus = data === "\u001b[I" || data === "\u001b[O";
      if (reportsFocus && !this.#events.mayReportFocus()) return;
      this.#events.input(this.#encoder.encode(data));
    });
    // Mouse reports of the oldest kind: one byte a unit, not UTF-8.
    terminal.onBinary((data) => this.#events.input(Uint8Array.from(data, (unit) => unit.charCodeAt(0))));
    terminal.onTitleChange((title) => this.#events.title(title));
    terminal.onBell(() => this.#events.bell());
    const apple = isApple();
    terminal.attachCustomKeyEventHandler((event) => {
      const key = pageKeyOf(event, apple);
      if (key === null) return true;
      if (key === "copy" && event.type === "keydown") {
        event.preventDefault();
        this.copy();
      }
      if (key === "menu" && event.type === "keydown") {
        event.preventDefault();
        this.#events.menu();
      }
      // A paste is the browser's own: it fires the event that is caught below.
      return false;
    });
    // Before xterm.js, which would bracket the text itself; tmux does that, for it knows what the program asked for.
    const onPaste = (event: ClipboardEvent): void => {
      event.preventDefault();
      event.stopImmediatePropagation();
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (text !== "") this.#events.paste(text);
    };
    this.#frame.addEventListener("paste", onPaste, { capture: true });
    const onContextMenu = (event: MouseEvent): void => {
      event.preventDefault();
      event.stopImmediatePropagation();
      // A program that asked for the mouse gets the right button too; Shift takes it back.
      const programs = this.#terminal.modes.mouseTrackingMode !== "none" && !event.shiftKey;
      if (!programs) this.#events.contextMenu({ x: event.clientX, y: event.clientY });
    };
    this.#frame.addEventListener("contextmenu", onContextMenu, { capture: true });
  }

  /** WebGL where the machine has it for real; the DOM otherwise, and again when the graphics card goes away. */
  async #accelerate(): Promise<void> {
    const probe = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
    if (probe === null) return;
    const unmasked = probe.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL;
    const renderer = String(probe.getParameter(unmasked ?? probe.RENDERER));
    probe.getExtension("WEBGL_lose_context")?.loseContext();
    if (softwareRenderer.test(renderer)) return;
    try {
      const { WebglAddon } = await import("@xterm/addon-webgl");
      const webgl = new WebglAddon();
      webgl.onContextLoss(() => {
        webgl.dispose();
        this.#events.remeasure();
      });
      this.#terminal.loadAddon(webgl);
      // Its cells are whole device pixels, so it has another size of cell than the DOM.
      this.#events.remeasure();
    } catch {
      // The DOM renderer is there already.
    }
  }
}

/** Only what a browser opens by itself; a program chose this target. */
function openLink(target: string): void {
  const url = URL.parse(target);
  if (url !== null && (url.protocol === "https:" || url.protocol === "http:" || url.protocol === "mailto:")) {
    window.open(url, "_blank", "noopener,noreferrer");
  }
}

function plainFontPx(frame: HTMLElement): number {
  return frame.clientWidth < narrowFramePx ? fontSizePx.narrow : fontSizePx.wide;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
