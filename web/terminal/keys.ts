// Owns which key presses are the page's and not the shell's.
// Must not know what copying and pasting mean.

export type PageKey = "copy" | "paste" | "menu";

/** What it needs of a KeyboardEvent. */
export interface KeyChord {
  readonly key: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly shiftKey: boolean;
  readonly metaKey: boolean;
}

/**
 * Ctrl-Shift-C, Ctrl-Insert and Cmd-C copy; Ctrl-Shift-V, Shift-Insert and Cmd-V paste; Ctrl-Shift-Enter and
 * Cmd-Shift-Enter open the menu. Ctrl-C and Ctrl-V without Shift are the shell's.
 */
export function pageKeyOf(event: KeyChord, apple: boolean): PageKey | null {
  if (event.altKey) return null;
  const { ctrlKey, shiftKey, metaKey } = event;
  const key = event.key.toLowerCase();
  if (key === "insert" && ctrlKey && !shiftKey && !metaKey) return "copy";
  if (key === "insert" && shiftKey && !ctrlKey && !metaKey) return "paste";
  if (key === "enter" && shiftKey && (apple ? metaKey : ctrlKey)) return "menu";
  const chord = apple ? metaKey && !ctrlKey && !shiftKey : ctrlKey && shiftKey && !metaKey;
  if (!chord) return null;
  return key === "c" ? "copy" : key === "v" ? "paste" : null;
}

/** Whether this is a machine of Apple's, where Cmd is what Ctrl is elsewhere. */
export function isApple(): boolean {
  return /Mac|iPhone|iPad/.test(navigator.platform);
}
