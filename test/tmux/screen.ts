// Owns the terminal of the page without the page: xterm.js with the options that make it agree with tmux.
// Must not know tmux.

import unicode11 from "@xterm/addon-unicode11";
import headless, { type IBuffer, type Terminal } from "@xterm/headless";

/** A terminal as the page makes it. */
export function makeTerminal(cols: number, rows: number): Terminal {
  const terminal = new headless.Terminal({
    cols,
    rows,
    scrollback: 5000,
    allowProposedApi: true,
    // tmux scrolls a screen that is cleared into its history.
    scrollOnEraseInDisplay: true,
  });
  terminal.loadAddon(new unicode11.Unicode11Addon());
  terminal.unicode.activeVersion = "11";
  return terminal;
}

export async function write(terminal: Terminal, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve) => terminal.write(bytes, resolve));
}

/** All that a person can see of a terminal: both screens, scrollback, colours, cursor, and the modes that xterm.js tells. */
export function describeTerminal(terminal: Terminal): string[] {
  const { normal, active } = terminal.buffer;
  return [
    `${terminal.cols}x${terminal.rows} ${active.type} cursor ${active.cursorX},${active.cursorY}`,
    `modes ${JSON.stringify(terminal.modes)}`,
    ...describeBuffer(normal, terminal.cols),
    ...(active.type === "alternate" ? ["-- alternate", ...describeBuffer(active, terminal.cols)] : []),
  ];
}

function describeBuffer(buffer: IBuffer, cols: number): string[] {
  const lines: string[] = [];
  for (let y = 0; y < buffer.length; y++) {
    const line = buffer.getLine(y);
    let text = "";
    let blank = 0;
    let style = "";
    for (let x = 0; x < cols; x++) {
      const cell = line?.getCell(x);
      if (cell === undefined || cell.getWidth() === 0) continue;
      const chars = cell.getChars() || " ";
      const look = [
        cell.getFgColorMode(),
        cell.getFgColor(),
        cell.getBgColorMode(),
        cell.getBgColor(),
        cell.isBold(),
        cell.isItalic(),
        cell.isUnderline(),
        cell.isInverse(),
        cell.isStrikethrough(),
      ].join(".");
      // Cells at the end that show nothing may have been written with spaces or never at all.
      if (chars === " " && look === unstyled) {
        blank++;
        continue;
      }
      if (look !== style) {
        text += `${" ".repeat(blank)}<${look === unstyled ? "" : look}>`;
        style = look;
      } else text += " ".repeat(blank);
      blank = 0;
      text += chars;
    }
    lines.push(text);
  }
  return lines;
}

const unstyled = "0.-1.0.-1.0.0.0.0.0";
