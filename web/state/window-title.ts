// Owns what the page calls what runs in the shell.
// Must not know where that is shown.

import type { WindowInfo } from "../../durable/protocol/messages.ts";

/** Not worth naming: where one of these runs nothing else does. */
const shells: ReadonlySet<string> = new Set(["sh", "bash", "zsh", "fish", "dash", "ash", "ksh"]);

/** The active window's own title, which programs set, and what runs in it; "" where neither says anything. */
export function titleOf(windows: readonly WindowInfo[]): string | null {
  const active = windows.find((window) => window.active) ?? windows[0];
  if (active === undefined) return null;
  const { title } = active;
  const command = shells.has(active.command) ? "" : active.command;
  if (title === "" || command === "") return title || command;
  return title.includes(command) ? title : `${command} · ${title}`;
}
