// Owns the snapshot: from what tmux says of a pane to the bytes that rebuild it in a reset terminal. Pure.
// Must not know how it was captured or where it goes.

import { type CapturedRow, plainStyle, type Style } from "./captured-rows.ts";
import { utf8 } from "./text.ts";

/** Rows from top to bottom, each with whether it runs on into the next. */
export interface CapturedLines {
  readonly rows: readonly CapturedRow[];
  readonly wrapped: readonly boolean[];
}

/** A pane at one moment. Positions count from 0. */
export interface PaneCapture {
  readonly cols: number;
  readonly rows: number;
  /** History and main screen: the last `rows` of them (or of fewer) are the screen. */
  readonly main: CapturedLines;
  /** What the other screen shows where it is on, and where the cursor returns to after it (`null`: nowhere). */
  readonly alternate: { readonly lines: CapturedLines; readonly saved: Position | null } | null;
  /** `x` is `cols` where the next character will wrap. */
  readonly cursor: Position;
  readonly modes: PaneModes;
  /** Columns of the tab stops; `null`: not known. */
  readonly tabs: readonly number[] | null;
  readonly title: string;
  /** The beginning of an escape sequence or character whose rest is still to come. */
  readonly pending: Uint8Array;
}

export interface Position {
  readonly x: number;
  readonly y: number;
}

export interface PaneModes {
  readonly insert: boolean;
  readonly applicationCursor: boolean;
  readonly applicationKeypad: boolean;
  readonly cursorVisible: boolean;
  readonly wrap: boolean;
  readonly origin: boolean;
  readonly scrollTop: number;
  readonly scrollBottom: number;
  readonly mouse: "none" | "standard" | "button" | "all";
  readonly mouseSgr: boolean;
  readonly mouseUtf8: boolean;
  /** From tmux 3.7 on; false where it is not known. */
  readonly bracketedPaste: boolean;
  /** Parameter of DECSCUSR, 1 to 6; 0: not known, or the terminal's own. */
  readonly cursorShape: number;
}

/** Gathers bytes and ASCII strings. */
class Painter {
  readonly #parts: Uint8Array[] = [];
  #text = "";
  #length = 0;

  text(ascii: string): void {
    this.#text += ascii;
  }

  bytes(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#flush();
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }

  finish(): Uint8Array {
    this.#flush();
    const whole = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }

  #flush(): void {
    if (this.#text === "") return;
    const bytes = utf8(this.#text);
    this.#text = "";
    this.#parts.push(bytes);
    this.#length += bytes.length;
  }
}

/**
 * The bytes that turn a reset terminal of the capture's size into the pane: history, screen, modes, cursor, and at the
 * very end what has begun and not ended. The colours at the cursor are not among it: no format of tmux gives them.
 */
export function paintSnapshot(capture: PaneCapture): Uint8Array {
  const painter = new Painter();
  const shifts = [capture.main, ...(capture.alternate === null ? [] : [capture.alternate.lines])].some(({ rows }) =>
    rows.some((row) => row.before.shifted || row.after.shifted || row.bytes.includes(0x0e)),
  );
  // tmux gives line drawing as letters behind SO: G1 must be that set while they are painted.
  if (shifts) painter.text("\x1b)0");
  paintLines(painter, capture.main, capture.cols);
  let screen = capture.main;
  if (capture.alternate !== null) {
    const { lines, saved } = capture.alternate;
    if (saved !== null) painter.text(goTo(saved));
    paintTabs(painter, capture);
    painter.text(saved === null ? "\x1b[?1047h\x1b[H" : "\x1b[?1049h\x1b[H");
    paintLines(painter, lines, capture.cols);
    screen = lines;
  }
  paintTabs(painter, capture);
  paintModes(painter, capture, screen);
  if (shifts) painter.text("\x1b)B");
  painter.bytes(capture.pending);
  return painter.finish();
}

/** Paints one below the other from the cursor's place on, scrolling where there are more than the screen has. */
function paintLines(painter: Painter, { rows, wrapped }: CapturedLines, cols: number): void {
  // Without automatic wrap a row that is wider here than in tmux is cut and cannot push the others down.
  painter.text("\x1b[?7l");
  let style = plainStyle;
  for (const [index, row] of rows.entries()) {
    const before = index === 0 ? undefined : rows[index - 1];
    if (before !== undefined) {
      if (wrapped[index - 1] === true && fills(before, row, cols)) {
        painter.text("\x1b[?7h");
        if (style.background !== "" || row.bytes[0] === 0x1b) {
          // A wrap at the bottom fills the new row with the background, too: a space brings it about without one.
          painter.text(`${restyle(plainStyle)}${row.startsWide ? "\u3000\b\b" : " \b"}`);
          style = plainStyle;
        }
        paintRow(painter, row, style);
        painter.text("\x1b[?7l");
        style = row.after;
        continue;
      }
      // A line feed at the bottom fills the new row with the background that is set.
      if (style.background !== "") {
        painter.text("\x1b[49m");
        style = { ...style, background: "" };
      }
      painter.text("\r\n");
    }
    paintRow(painter, row, style);
    if (row.bytes.length > 0) style = row.after;
  }
  if (style !== plainStyle) painter.text("\x1b[0m\x0f");
}

function paintRow(painter: Painter, row: CapturedRow, style: Style): void {
  if (row.bytes.length === 0) return;
  if (!sameStyle(style, row.before)) painter.text(restyle(row.before));
  painter.bytes(row.bytes);
}

/** True where the row leaves no room for the first character of the next: there the terminal wraps by itself. */
function fills(row: CapturedRow, next: CapturedRow, cols: number): boolean {
  if (next.textBytes === 0) return false;
  return row.width === cols || (row.width === cols - 1 && next.startsWide);
}

function sameStyle(a: Style, b: Style): boolean {
  return (
    a === b ||
    (a.attributes === b.attributes &&
      a.foreground === b.foreground &&
      a.background === b.background &&
      a.underline === b.underline &&
      a.shifted === b.shifted)
  );
}

function restyle(style: Style): string {
  const { attributes, foreground, background, underline, shifted } = style;
  return `\x1b[0m${attributes}${foreground}${background}${underline}${shifted ? "\x0e" : "\x0f"}`;
}

function goTo({ x, y }: Position): string {
  return `\x1b[${y + 1};${x + 1}H`;
}

function paintTabs(painter: Painter, { tabs, cols }: PaneCapture): void {
  if (tabs === null) return;
  const usual = Array.from({ length: Math.max(0, Math.ceil(cols / 8) - 1) }, (_, index) => (index + 1) * 8);
  if (tabs.length === usual.length && tabs.every((column, index) => column === usual[index])) return;
  painter.text("\x1b[3g");
  for (const column of tabs) painter.text(`\x1b[${column + 1}G\x1bH`);
}

/** Modes and cursor. What moves the cursor by itself (region, origin, tabs) comes before its place. */
function paintModes(painter: Painter, capture: PaneCapture, screen: CapturedLines): void {
  const { modes, cursor, rows, cols } = capture;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it is about
  const title = capture.title.replace(/[\u0000-\u001f\u007f-\u009f]/g, "");
  if (title !== "") painter.text(`\x1b]2;${title}\x1b\\`);
  if (modes.scrollTop !== 0 || modes.scrollBottom !== rows - 1) {
    painter.text(`\x1b[${modes.scrollTop + 1};${modes.scrollBottom + 1}r`);
  }
  if (modes.origin) painter.text("\x1b[?6h");
  const y = modes.origin ? cursor.y - modes.scrollTop : cursor.y;
  if (cursor.x < cols) {
    painter.text(goTo({ x: cursor.x, y }));
    if (modes.wrap) painter.text("\x1b[?7h");
  } else {
    // Only writing the row's last cell brings the cursor behind it: the row is written once more.
    painter.text(goTo({ x: 0, y }));
    const row = screen.rows[screen.rows.length - rows + cursor.y];
    if (modes.wrap) painter.text("\x1b[?7h");
    if (row !== undefined) {
      paintRow(painter, row, plainStyle);
      if (!sameStyle(row.after, plainStyle)) painter.text("\x1b[0m\x0f");
    }
  }
  if (modes.insert) painter.text("\x1b[4h");
  if (modes.applicationCursor) painter.text("\x1b[?1h");
  if (modes.applicationKeypad) painter.text("\x1b=");
  if (modes.mouse !== "none") {
    painter.text({ standard: "\x1b[?1000h", button: "\x1b[?1002h", all: "\x1b[?1003h" }[modes.mouse]);
  }
  if (modes.mouseUtf8) painter.text("\x1b[?1005h");
  if (modes.mouseSgr) painter.text("\x1b[?1006h");
  if (modes.bracketedPaste) painter.text("\x1b[?2004h");
  if (modes.cursorShape > 0) painter.text(`\x1b[${modes.cursorShape} q`);
  if (!modes.cursorVisible) painter.text("\x1b[?25l");
}
