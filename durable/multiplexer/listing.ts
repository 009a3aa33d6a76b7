// Owns what is asked of tmux about windows and panes, and the reading of the answer.
// Must not know when it is asked or what a change means.

import type { PaneId, WindowId, WindowInfo } from "../protocol/messages.ts";
import { fromUtf8, latin1 } from "./text.ts";

/** Titles, names and paths are chosen by programs: what is longer is cut. */
const maxTextLength = 1024;

/** The pane's title, nothing where it is what tmux begins with: the name of the host, which is no title of anything. */
export const titleFormat = "#{?#{==:#{pane_title},#{host}},,#{q:pane_title}}";

/**
 * Numbers first; everything that a person or a program can influence as `#{q:…}`. The answer's records end with a
 * space and a line feed: a quoted field holds neither an unescaped space nor a line that begins with `%`.
 */
const fields = [
  "#{window_id}",
  "#{window_active}",
  "#{window_bell_flag}",
  "#{window_activity_flag}",
  "#{pane_id}",
  "#{pane_active}",
  "#{pane_width}",
  "#{pane_height}",
  "#{pane_dead}",
  "#{q:window_name}",
  titleFormat,
  "#{q:pane_current_command}",
  "#{q:pane_current_path}",
] as const;

export const listingFormat = `${fields.join(" ")} `;

/** A change of it is a reason to list again; the value itself is never read. */
export const watchedFormat =
  "#{window_bell_flag}#{window_activity_flag}#{q:pane_title}#{q:pane_current_command}#{q:pane_current_path}";

export interface ListedPane {
  readonly pane: PaneId;
  readonly window: WindowId;
  readonly cols: number;
  readonly rows: number;
  readonly dead: boolean;
}

export interface Listing {
  readonly windows: readonly WindowInfo[];
  readonly panes: readonly ListedPane[];
}

/**
 * Splits what `#{q:…}` fields were joined with, each ended by an unescaped space. Bytes as UTF-16 units; backslashes
 * are taken away, line feeds stay. Gives `null` where the last field has no end.
 */
export function splitQuoted(text: string): string[] | null {
  const found: string[] = [];
  let field = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "\\") {
      field += text.slice(from, i);
      from = ++i;
    } else if (char === " ") {
      found.push(field + text.slice(from, i));
      field = "";
      from = i + 1;
    }
  }
  return from === text.length && field === "" ? found : null;
}

/** For the eye: UTF-8, no controls, not without end. */
function shown(raw: string): string {
  const text = fromUtf8(Uint8Array.from(raw, (char) => char.charCodeAt(0)));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it is about
  return text.slice(0, maxTextLength).replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

/** Reads the answer to `list-panes -s -F` with `listingFormat`; `null` where it is none. */
export function parseListing(body: Uint8Array): Listing | null {
  // Each record but the last ends with " \n": the line feed becomes the first character of the next record's window id.
  const all = splitQuoted(latin1(body));
  if (all === null || all.length % fields.length !== 0) return null;
  const panes: ListedPane[] = [];
  const windows = new Map<WindowId, { info: WindowInfo; panes: PaneId[] }>();
  for (let at = 0; at < all.length; at += fields.length) {
    const [id = "", active, bell, activity, pane = "", first, cols, rows, dead, name, title, command, path] = all.slice(
      at,
      at + fields.length,
    );
    const window = at === 0 ? id : id.replace(/^\n/, "");
    if (!/^@\d{1,9}$/.test(window) || !/^%\d{1,9}$/.test(pane)) return null;
    if (!/^\d{1,5}$/.test(cols ?? "") || !/^\d{1,5}$/.test(rows ?? "")) return null;
    panes.push({ pane, window, cols: Number(cols), rows: Number(rows), dead: dead === "1" });
    const known = windows.get(window);
    if (known !== undefined && first !== "1") {
      known.panes.push(pane);
      continue;
    }
    windows.set(window, {
      info: {
        id: window,
        name: shown(name ?? ""),
        active: active === "1",
        bell: bell === "1",
        activity: activity === "1",
        title: shown(title ?? ""),
        command: shown(command ?? ""),
        path: shown(path ?? ""),
        panes: [],
      },
      panes: [pane, ...(known?.panes ?? [])],
    });
  }
  return { windows: [...windows.values()].map(({ info, panes }) => ({ ...info, panes })), panes };
}

/** Sizes of a window's panes out of a layout string such as `b25d,80x24,0,0{40x24,0,0,1,39x24,41,0,2}`. */
export function parseLayout(layout: string): { pane: PaneId; cols: number; rows: number }[] {
  // A leaf is WxH,X,Y,ID; behind the X,Y of a row or a column stands a bracket, behind an ID never an `x`.
  const leaves = layout.matchAll(/(\d{1,5})x(\d{1,5}),\d{1,5},\d{1,5},(\d{1,9})(?![\dx])/g);
  return Array.from(leaves, ([, cols, rows, id]) => ({ pane: `%${id}`, cols: Number(cols), rows: Number(rows) }));
}

/** Reads lines of `%1 80 24`; what is none is left out. */
export function parseSizes(text: string): { pane: PaneId; cols: number; rows: number }[] {
  const lines = text.matchAll(/^(%\d{1,9}) (\d{1,5}) (\d{1,5})$/gm);
  return Array.from(lines, ([, pane = "", cols, rows]) => ({ pane, cols: Number(cols), rows: Number(rows) }));
}
