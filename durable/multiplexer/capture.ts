// Owns the taking of a pane's picture: the commands that go on one line, and the reading of their answers.
// Must not know how the picture is painted or when it is taken.

import type { PaneId } from "../protocol/messages.ts";
import { type CapturedRow, findWrapped, parseRows } from "./captured-rows.ts";
import { atLeast, type TmuxVersion } from "./commands.ts";
import { decode } from "./control-reader.ts";
import { splitQuoted, titleFormat } from "./listing.ts";
import type { CapturedLines, PaneCapture } from "./snapshot.ts";
import { fromUtf8, latin1 } from "./text.ts";

/** Lines of history at most, as tmux.conf has it. */
export const maxHistoryLines = 5_000;
/** Cells of history at most: with colours a cell may take 30 bytes, and tmux writes the whole answer at once. */
const maxHistoryCells = 400_000;
/** History is asked for in pieces of about as many cells, the newest first. */
const sliceCells = 16_384;
/** The history in a picture, in bytes; the oldest lines are left out. The screen itself always is in it. */
const maxHistoryBytes = 1024 * 1024;

const formats = [
  "#{pane_width}",
  "#{pane_height}",
  "#{history_size}",
  "#{cursor_x}",
  "#{cursor_y}",
  "#{alternate_on}",
  "#{alternate_saved_x}",
  "#{alternate_saved_y}",
  "#{insert_flag}",
  "#{keypad_cursor_flag}",
  "#{keypad_flag}",
  "#{cursor_flag}",
  "#{wrap_flag}",
  "#{origin_flag}",
  "#{scroll_region_upper}",
  "#{scroll_region_lower}",
  "#{mouse_standard_flag}",
  "#{mouse_button_flag}",
  "#{mouse_all_flag}",
  "#{mouse_sgr_flag}",
  "#{mouse_utf8_flag}",
  "#{bracket_paste_flag}",
  "#{cursor_shape}",
  "#{cursor_blinking}",
  "#{pane_tabs}",
  titleFormat,
] as const;

export interface CapturePlan {
  readonly commands: readonly string[];
  /** For each command in order: true where its answer may hold anything and is closed by the nonce behind it. */
  readonly guarded: readonly boolean[];
  /** First and last line of each slice of history, counted upwards from the screen: 1 is the line above it. */
  readonly slices: readonly { readonly newest: number; readonly oldest: number }[];
}

/**
 * All commands of one picture, for one command line: tmux runs a line without reading any pane between its commands,
 * so that the answers show one moment. The first fails where the pane is gone; no later one can.
 */
export function planCapture(pane: PaneId, cols: number, version: TmuxVersion, nonce: string): CapturePlan {
  // `-N` keeps spaces at the ends of lines (they may be coloured). From 3.4 on it also fills lines up to the full width
  // unless `-T` is given, and `-J`, beside which they are laid, does not.
  const exact = atLeast(version, 3, 4) ? "-peNT" : "-peN";
  const target = `-t ${pane}`;
  const lines = Math.min(maxHistoryLines, Math.floor(maxHistoryCells / cols));
  const step = Math.max(16, Math.floor(sliceCells / cols));
  const slices: { newest: number; oldest: number }[] = [];
  for (let newest = 1; newest <= lines; newest += step) {
    slices.push({ newest, oldest: Math.min(lines, newest + step - 1) });
  }
  const open = [`display-message -p ${target} "${formats.join(" ")} "`, `capture-pane -p -P -C ${target}`];
  const captures = [
    `capture-pane ${exact} ${target}`,
    `capture-pane ${exact}aq ${target}`,
    `capture-pane -pJ ${target} -S -${lines}`,
    `capture-pane -pJaq ${target}`,
    ...slices.map(({ newest, oldest }) => `capture-pane ${exact} ${target} -S -${oldest} -E -${newest}`),
  ];
  return {
    commands: [...open, ...captures.flatMap((command) => [command, `display-message -p ${nonce}`])],
    guarded: [...open.map(() => false), ...captures.map(() => true)],
    slices,
  };
}

/** Reads the answers to a plan, one body for each of `guarded`; `null` where they are not what was asked for. */
export function readCapture(plan: CapturePlan, bodies: readonly Uint8Array[]): PaneCapture | null {
  const [formatted, pendingBody, screenBody, savedBody, joined, savedJoined, ...sliceBodies] = bodies;
  if (formatted === undefined || pendingBody === undefined || screenBody === undefined || savedBody === undefined) {
    return null;
  }
  if (joined === undefined || savedJoined === undefined || sliceBodies.length !== plan.slices.length) return null;
  const values = splitQuoted(latin1(formatted));
  if (values === null || values.length !== formats.length) return null;
  const value = (format: (typeof formats)[number]): string => values[formats.indexOf(format)] ?? "";
  const number = (format: (typeof formats)[number]): number => Number.parseInt(value(format), 10) || 0;
  const flag = (format: (typeof formats)[number]): boolean => value(format) === "1";

  const cols = number("#{pane_width}");
  const rows = number("#{pane_height}");
  if (cols < 1 || rows < 1) return null;

  const screen = parseRows(screenBody);
  if (screen.length !== rows) return null;
  const history = readHistory(plan, sliceBodies, number("#{history_size}"));
  const all = [...history, ...screen];
  const wrapped = findWrapped(all, joined);
  let main: CapturedLines = { rows: all, wrapped };
  let alternate: PaneCapture["alternate"] = null;
  if (flag("#{alternate_on}")) {
    const saved = parseRows(savedBody);
    main = {
      rows: [...history, ...saved],
      // Nothing says whether the last line of the history ran on into the screen that is not shown.
      wrapped: [
        ...wrapped.slice(0, Math.max(0, history.length - 1)),
        ...(history.length > 0 ? [false] : []),
        ...findWrapped(saved, savedJoined),
      ],
    };
    const x = number("#{alternate_saved_x}");
    const y = number("#{alternate_saved_y}");
    alternate = {
      lines: { rows: screen, wrapped: wrapped.slice(history.length) },
      // tmux gives UINT_MAX where the program switched without saving the cursor.
      saved: x <= cols && y < rows ? { x: Math.min(x, cols - 1), y } : null,
    };
  }
  return {
    cols,
    rows,
    main,
    alternate,
    cursor: { x: Math.min(number("#{cursor_x}"), cols), y: Math.min(number("#{cursor_y}"), rows - 1) },
    modes: {
      insert: flag("#{insert_flag}"),
      applicationCursor: flag("#{keypad_cursor_flag}"),
      applicationKeypad: flag("#{keypad_flag}"),
      cursorVisible: flag("#{cursor_flag}"),
      wrap: flag("#{wrap_flag}"),
      origin: flag("#{origin_flag}"),
      scrollTop: number("#{scroll_region_upper}"),
      scrollBottom: number("#{scroll_region_lower}"),
      mouse: flag("#{mouse_all_flag}")
        ? "all"
        : flag("#{mouse_button_flag}")
          ? "button"
          : flag("#{mouse_standard_flag}")
            ? "standard"
            : "none",
      mouseSgr: flag("#{mouse_sgr_flag}"),
      mouseUtf8: flag("#{mouse_utf8_flag}"),
      bracketedPaste: flag("#{bracket_paste_flag}"),
      cursorShape: cursorShape(value("#{cursor_shape}"), flag("#{cursor_blinking}")),
    },
    tabs: readTabs(value("#{pane_tabs}")),
    title: fromUtf8(Uint8Array.from(value(titleFormat), (char) => char.charCodeAt(0))).slice(0, 1024),
    pending: decode(pendingBody, 0, pendingBody.length),
  };
}

/** The slices from the oldest line on, as many of the newest lines as the budget takes. */
function readHistory(plan: CapturePlan, bodies: readonly Uint8Array[], historySize: number): CapturedRow[] {
  const newestFirst: CapturedRow[] = [];
  let bytes = 0;
  for (const [index, { newest, oldest }] of plan.slices.entries()) {
    // tmux answers a slice above the history's top with the top line: it stands in a slice below already.
    if (newest > historySize) break;
    const rows = parseRows(bodies[index] ?? new Uint8Array(0));
    if (rows.length !== Math.min(oldest, historySize) - newest + 1) break;
    for (let i = rows.length - 1; i >= 0; i--) {
      const row = rows[i];
      if (row === undefined) break;
      bytes += row.bytes.length + 2;
      if (bytes > maxHistoryBytes) return newestFirst.reverse();
      newestFirst.push(row);
    }
  }
  return newestFirst.reverse();
}

function readTabs(text: string): number[] | null {
  if (!/^\d{1,4}(,\d{1,4})*$/.test(text)) return text === "" ? [] : null;
  return text.split(",").map(Number);
}

/** The parameter of DECSCUSR; `cursor_shape` is empty before tmux 3.6. */
function cursorShape(shape: string, blinking: boolean): number {
  const steady = { block: 2, underline: 4, bar: 6 }[shape];
  return steady === undefined ? 0 : blinking ? steady - 1 : steady;
}
