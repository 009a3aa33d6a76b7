// Owns what becomes of a pasted text before it goes up: line ends, forbidden controls, pieces.
// Must not know when pieces are sent, nor where the text came from.

import { maxPastePieceBytes } from "../../durable/protocol/limits.ts";
import { cutBetweenCodePoints } from "./utf8.ts";

/** The marks of bracketed paste, in both spellings of CSI. tmux puts the real ones where the program wants them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these very controls are what must not get through
const pasteMarks = /(?:\u001b\[|\u009b)20[01]~/g;
/** Every C0 and C1 control but tab and return, and DEL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const controls = /[\u0000-\u0008\u000a-\u000c\u000e-\u001f\u007f-\u009f]/g;

/** The text as a person's Enter key would have typed it: line ends are returns, nothing in it can end the paste. */
export function cleanPaste(text: string): string {
  let cleaned = text.toWellFormed().replace(/\r?\n/g, "\r");
  // Removing one mark can join the halves of another.
  for (let before = ""; before !== cleaned; ) {
    before = cleaned;
    cleaned = cleaned.replace(pasteMarks, "");
  }
  return cleaned.replace(controls, "");
}

/** Pieces of at most 8 KiB of UTF-8, cut between code points; no piece for an empty text. */
export function pastePieces(text: string): readonly Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const pieces: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = cutBetweenCodePoints(bytes, start, maxPastePieceBytes);
    pieces.push(bytes.subarray(start, end));
    start = end;
  }
  return pieces;
}
