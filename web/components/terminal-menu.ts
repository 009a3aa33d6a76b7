// Owns what can be done from the menus of the terminal.
// Must not know how a menu looks.

import type { OpenTerminal } from "../state/terminal.ts";
import { readClipboard } from "../terminal/clipboard.ts";
import { isApple } from "../terminal/keys.ts";
import type { MenuItem } from "./menu.tsx";

export interface TerminalCommands {
  /** Moves the shell's end away; `null`: it cannot be moved. */
  readonly keepGoing: (() => void) | null;
  openSettings(): void;
  openActivity(): void;
  /** The administrators' page; `null`: it is none of theirs. */
  readonly openDoctor: (() => void) | null;
  ask(what: "restart" | "stop" | "delete"): void;
  signOut(): void;
  /** Tells why something did not work. */
  say(text: string): void;
}

const apple = isApple();
const copyKeys = apple ? "⌘C" : "Ctrl Shift C";
/** The way out of the terminal for whoever has only keys: Tab is the shell's. */
export const menuKeys = apple ? "⌘⇧↩" : "Ctrl Shift Enter";
const pasteKeys = apple ? "⌘V" : "Ctrl Shift V";

export function terminalMenu(
  terminal: OpenTerminal | null,
  commands: TerminalCommands,
  kind: "main" | "context",
): readonly (readonly MenuItem[])[] {
  const view = terminal?.view;
  const idle = terminal === null || !terminal.shown();
  const edit: readonly MenuItem[] = [
    { label: "Copy", keys: copyKeys, disabled: view?.hasSelection !== true, run: () => view?.copy() },
    { label: "Paste", keys: pasteKeys, disabled: idle, run: () => void pasteFromMenu(terminal, commands) },
    { label: "Select all", disabled: idle, run: () => view?.selectAll() },
  ];
  if (kind === "context") return [edit];
  const { openDoctor } = commands;
  return [
    edit,
    [
      {
        label: "Fit to this window",
        disabled: terminal?.foreignSize() === null || idle,
        run: () => terminal?.fitToMe(),
      },
    ],
    [
      { label: "Settings", run: commands.openSettings },
      { label: "Activity", run: commands.openActivity },
      ...(openDoctor === null ? [] : [{ label: "Doctor", run: openDoctor }]),
    ],
    [
      { label: "Keep going", disabled: commands.keepGoing === null, run: () => commands.keepGoing?.() },
      { label: "Restart…", run: () => commands.ask("restart") },
      { label: "Stop…", run: () => commands.ask("stop") },
      { label: "Delete shell…", danger: true, run: () => commands.ask("delete") },
    ],
    [{ label: "Sign out", run: commands.signOut }],
  ];
}

async function pasteFromMenu(terminal: OpenTerminal | null, commands: TerminalCommands): Promise<void> {
  const text = await readClipboard();
  if (text === null) commands.say(`The browser did not give the clipboard. Press ${pasteKeys} instead.`);
  else terminal?.pasteText(text);
  terminal?.view.focus();
}
