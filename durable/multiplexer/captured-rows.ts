// Owns the reading of captured lines: what stands in each, how wide it is, in which colours it begins and ends.
// Must not know how they were asked for or how they are painted.

import { latin1 } from "./text.ts";

/** What SGR and the shift codes have set, as the sequences that set it again after a reset; empty where default. */
export interface Style {
  readonly attributes: string;
  readonly foreground: string;
  readonly background: string;
  readonly underline: string;
  /** Line drawing by SO. */
  readonly shifted: boolean;
}

export const plainStyle: Style = { attributes: "", foreground: "", background: "", underline: "", shifted: false };

/** One line of tmux's grid: exactly one row of the screen or of the history. */
export interface CapturedRow {
  readonly bytes: Uint8Array;
  /** Bytes without escape sequences and shift codes. */
  readonly textBytes: number;
  /** Cells, by the rough table below. */
  readonly width: number;
  /** True where its first character takes two cells. */
  readonly startsWide: boolean;
  readonly before: Style;
  readonly after: Style;
}

const esc = 0x1b;

/** Reads what `capture-pane -p -e` gave: the style runs on from line to line and is plain at the first. */
export function parseRows(body: Uint8Array): CapturedRow[] {
  const rows: CapturedRow[] = [];
  let style = plainStyle;
  for (let at = 0; ; ) {
    const end = body.indexOf(0x0a, at);
    const row = parseRow(body.subarray(at, end < 0 ? body.length : end), style);
    rows.push(row);
    style = row.after;
    if (end < 0) return rows;
    at = end + 1;
  }
}

function parseRow(bytes: Uint8Array, before: Style): CapturedRow {
  let after = before;
  let textBytes = 0;
  let width = 0;
  let startsWide = false;
  for (let i = 0; i < bytes.length; ) {
    const byte = bytes[i] ?? 0;
    if (byte >= 0x20 && byte < 0x7f) {
      textBytes++;
      width++;
      i++;
    } else if (byte === esc) {
      const end = sequenceEnd(bytes, i);
      if (bytes[i + 1] === 0x5b && bytes[end - 1] === 0x6d) after = styled(after, latin1(bytes.subarray(i, end)));
      i = end;
    } else if (byte === 0x0e || byte === 0x0f) {
      after = { ...after, shifted: byte === 0x0e };
      i++;
    } else {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
      const cells = cellsOf(codePoint(bytes, i, length));
      if (width === 0 && cells === 2) startsWide = true;
      textBytes += Math.min(length, bytes.length - i);
      width += cells;
      i += length;
    }
  }
  return { bytes, textBytes, width, startsWide, before, after };
}

/** Where the escape sequence at `at` ends: a CSI at its final byte, an OSC (hyperlinks, from tmux 3.4 on) at BEL or ST. */
function sequenceEnd(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1];
  let i = at + 2;
  if (kind === 0x5b) {
    while (i < bytes.length && ((bytes[i] ?? 0) < 0x40 || (bytes[i] ?? 0) > 0x7e)) i++;
    return Math.min(i + 1, bytes.length);
  }
  if (kind === 0x5d) {
    for (; i < bytes.length; i++) {
      if (bytes[i] === 0x07) return i + 1;
      if (bytes[i] === esc && bytes[i + 1] === 0x5c) return i + 2;
    }
  }
  return Math.min(i, bytes.length);
}

/**
 * The style after one SGR sequence of tmux's `grid_string_cells_code` (grid.c): attributes, colours, each in a sequence
 * of its own; whatever begins with 0 resets everything, and what shall stay is set again behind it.
 */
function styled(style: Style, sequence: string): Style {
  const first = Number.parseInt(sequence.slice(2), 10);
  if (Number.isNaN(first) || first === 0) return { ...plainStyle, shifted: style.shifted, attributes: sequence };
  if (first === 39) return { ...style, foreground: "" };
  if (first === 49) return { ...style, background: "" };
  if (first === 59) return { ...style, underline: "" };
  if ((first >= 30 && first <= 38) || (first >= 90 && first <= 97)) return { ...style, foreground: sequence };
  if ((first >= 40 && first <= 48) || (first >= 100 && first <= 107)) return { ...style, background: sequence };
  if (first === 58) return { ...style, underline: sequence };
  return { ...style, attributes: style.attributes + sequence };
}

function codePoint(bytes: Uint8Array, at: number, length: number): number {
  const lead = bytes[at] ?? 0;
  if (length === 1) return lead;
  let code = lead & (0x7f >> length);
  for (let i = 1; i < length; i++) code = (code << 6) | ((bytes[at + i] ?? 0) & 0x3f);
  return code;
}

/**
 * How many cells a character takes, roughly: only used to tell whether a wrapped line is full. Where it errs, a line
 * that tmux wrapped is taken for two, or the other way round; nothing is lost.
 */
function cellsOf(code: number): 0 | 1 | 2 {
  if (code < 0x300) return 1;
  if (code < 0x370 || (code >= 0x20d0 && code < 0x2100) || (code >= 0xfe00 && code < 0xfe10)) return 0;
  if (code === 0x200b || code === 0x200c || code === 0x200d || (code >= 0xfe20 && code < 0xfe30)) return 0;
  if (code < 0x1100) return 1;
  const wide =
    code < 0x1160 ||
    (code >= 0x2e80 && code < 0xa4d0 && code !== 0x303f) ||
    (code >= 0xac00 && code < 0xd7a4) ||
    (code >= 0xf900 && code < 0xfb00) ||
    (code >= 0xfe30 && code < 0xfe70) ||
    (code >= 0xff00 && code < 0xff61) ||
    (code >= 0xffe0 && code < 0xffe7) ||
    (code >= 0x1f300 && code < 0x1f650) ||
    (code >= 0x1f680 && code < 0x1fb00) ||
    (code >= 0x20000 && code < 0x40000);
  return wide ? 2 : 1;
}

/**
 * Which rows run on into the next, found by laying the rows beside `capture-pane -J`, which joins those that do. Both
 * hold the same text, so a joined line is as many rows as make up its length. From the end backwards, so that rows
 * which were left out at the beginning do not matter; where the two do not fit, no row above runs on.
 */
export function findWrapped(rows: readonly CapturedRow[], joined: Uint8Array): boolean[] {
  const wrapped = rows.map(() => false);
  let row = rows.length - 1;
  for (let end = joined.length; row >= 0 && end >= 0; ) {
    const start = joined.lastIndexOf(0x0a, end - 1);
    const length = end - (end === 0 ? 0 : start + 1);
    let sum = rows[row]?.textBytes ?? 0;
    while (sum < length && row > 0) {
      row--;
      wrapped[row] = true;
      sum += rows[row]?.textBytes ?? 0;
    }
    if (sum !== length) {
      // Left out at the beginning, or not to be understood: the rows of this line stand for themselves.
      for (let i = row; i < rows.length && wrapped[i]; i++) wrapped[i] = row === 0 && sum < length;
      return wrapped;
    }
    row--;
    end = end === 0 ? -1 : start;
  }
  return wrapped;
}
