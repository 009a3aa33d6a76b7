// Owns the writing of tmux commands so that no name, text or byte can become one.
// Must not know when a command is sent or what its answer is good for.

import type { PaneId, ViewerId, WindowId } from "../protocol/messages.ts";
import { utf8 } from "./text.ts";

/** How a byte is written inside double quotes: as a backslash and three octal digits, unless it is plainly harmless. */
const quoted: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x20
    ? String.fromCharCode(byte)
    : `\\${byte.toString(8).padStart(3, "0")}`,
);

const hex: readonly string[] = Array.from({ length: 256 }, (_, byte) => ` ${byte.toString(16).padStart(2, "0")}`);

/**
 * One argument that is these bytes. A NUL would end it: none may be in it. Letters, digits and spaces stay as they are;
 * anything else is octal, so that a line feed, a quote or a `;` is never seen by tmux's parser.
 */
export function argument(bytes: Uint8Array): string {
  let text = '"';
  for (let i = 0; i < bytes.length; i++) text += quoted[bytes[i] ?? 0];
  return `${text}"`;
}

/**
 * One argument for a command that expands formats (`rename-window`, `new-window -c`, `select-pane -T`): each `#` is
 * doubled, or `#(command)` in a name would run. Before `[` it is a style's beginning, which tmux leaves as it stands.
 */
export function expandedArgument(text: string): string {
  return argument(utf8(text.replaceAll("\0", "").replace(/#+(?![#[])/g, "$&$&")));
}

/** Whatever else comes as a viewer's id is refused before it reaches a command. */
export function isViewerId(id: string): boolean {
  return /^[0-9a-f]{32}$/.test(id);
}

/** The option of a pane that holds how much of a viewer's input it has been given. */
export function countOption(viewer: ViewerId): string {
  return `@limpet-in-${viewer}`;
}

export function setCount(pane: PaneId, viewer: ViewerId, end: number): string {
  return `set-option -p -t ${pane} ${countOption(viewer)} ${end}`;
}

export function keys(pane: PaneId, bytes: Uint8Array): string {
  let text = `send-keys -t ${pane} -H`;
  for (let i = 0; i < bytes.length; i++) text += hex[bytes[i] ?? 0];
  return text;
}

/** Makes the buffer (`append`: adds to it). tmux does nothing where `bytes` is empty. `--`: they may begin with a dash. */
export function setBuffer(name: string, bytes: Uint8Array, append: boolean): string {
  return `set-buffer ${append ? "-a " : ""}-b ${name} -- ${argument(bytes)}`;
}

/** Makes sure that there is no such buffer, in two commands: to delete one that is not there would be an error. */
export function dropBuffer(name: string): readonly string[] {
  return [setBuffer(name, Uint8Array.of(0x20), false), `delete-buffer -b ${name}`];
}

/** `bracketed`: with the marks of bracketed paste where the program asked for them. From 3.7 on `-S` keeps it exact. */
export function pasteBuffer(pane: PaneId, name: string, bracketed: boolean, version: TmuxVersion): string {
  return `paste-buffer -rd${bracketed ? "p" : ""}${atLeast(version, 3, 7) ? "S" : ""} -b ${name} -t ${pane}`;
}

/**
 * `commands` unless the pane is dead: then as many answers, the first of which is `dead`. To a dead pane `send-keys`
 * says that all is well, and `paste-buffer` ends tmux 3.3a. Must be the last on its line: what fails inside it does
 * not stop what comes after it.
 */
export function unlessDead(pane: PaneId, commands: readonly string[]): string {
  const refusal = commands.map(() => `display-message -p ${deadAnswer}`).join(" ; ");
  return `if-shell -F -t ${pane} "#{pane_dead}" '${refusal}' '${commands.join(" ; ")}'`;
}

export const deadAnswer = "dead";

/** Ends copy mode and whatever else stands before the pane: in a mode keys go to tmux, and the program gets nothing. */
export function leaveModes(pane: PaneId): string {
  return `copy-mode -q -t ${pane}`;
}

export function follow(pane: PaneId): string {
  return `refresh-client -A '${pane}:continue'`;
}

/** Never `:off`: from 3.4 on a pane that is off for all clients is not read, and its program stops. */
export function pause(pane: PaneId): string {
  return `refresh-client -A '${pane}:pause'`;
}

export function resizeWindow(window: WindowId, cols: number, rows: number): string {
  return `resize-window -t ${window} -x ${cols} -y ${rows}`;
}

export interface TmuxVersion {
  readonly major: number;
  readonly minor: number;
}

/** `3.3a`, `next-3.6`, `openbsd-7.8`, `master`; what has no number is taken for the newest. */
export function parseVersion(text: string): TmuxVersion {
  const match = /^(?:next-)?(\d{1,3})\.(\d{1,3})/.exec(text);
  return match === null ? { major: 99, minor: 0 } : { major: Number(match[1]), minor: Number(match[2]) };
}

export function atLeast(version: TmuxVersion, major: number, minor: number): boolean {
  return version.major > major || (version.major === major && version.minor >= minor);
}
