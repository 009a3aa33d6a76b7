// Owns what a paste may contain and in what order its pieces come.
// Must not know sockets or how a piece is put into the pane.

import { maxPasteBytes } from "../protocol/limits.ts";
import { utf8Length } from "../protocol/utf8.ts";

/** C0 but tab, line feed and carriage return; DEL; C1. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what it is about
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;

/**
 * The text without controls. With every ESC and CSI gone no end of a bracketed paste can be formed, neither in this
 * piece nor over two of them, however the text was nested: a second pass finds nothing.
 */
export function cleanPaste(text: string): string {
  return text.replace(controls, "");
}

export interface PasteStep {
  readonly id: number;
  readonly seq: number;
  readonly last: boolean;
  readonly text: string;
}

/** The paste that one viewer has under way into one pane. Gives the rule that a piece broke, or `null`. */
export class PasteOrder {
  #current: { readonly id: number; next: number; bytes: number } | null = null;
  /** The newest paste, while its last piece has not come: on whatever socket, tmux has the beginning of it. */
  #unfinished: number | null = null;
  /** True until the first piece: the pieces before it may have been taken by an object that is no more. */
  #unknown = true;

  next(step: PasteStep): string | null {
    if (this.#current !== null && this.#current.id !== step.id) this.#current = null; // the rest was cancelled
    if (this.#current === null) {
      if (step.seq !== 0 && !this.#unknown) return "0 in a paste's first piece";
      this.#current = { id: step.id, next: step.seq, bytes: 0 };
    }
    this.#unknown = false;
    if (step.seq !== this.#current.next) return "the next piece's";
    this.#current.next++;
    this.#current.bytes += utf8Length(step.text);
    if (this.#current.bytes > maxPasteBytes) return `within a paste of ${maxPasteBytes} bytes`;
    if (step.last) this.#current = null;
    return null;
  }

  /** For a step that `next` let pass: the paste that ends unfinished with it, whose beginning tmux need not keep. */
  givenUp(step: PasteStep): number | null {
    const before = this.#unfinished;
    this.#unfinished = step.last ? null : step.id;
    return before === step.id ? null : before;
  }

  /** A new socket may send pieces again that came before, and go on from there. */
  resumed(): void {
    this.#current = null;
    this.#unknown = true;
  }
}
