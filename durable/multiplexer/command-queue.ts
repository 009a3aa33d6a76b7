// Owns the matching of command lines with their answers.
// Must not know what a line does.

import { utf8 } from "./text.ts";

/** What came of one command line. */
export type Outcome<Tag> =
  | { readonly tag: Tag; readonly ok: true; readonly bodies: readonly Uint8Array[] }
  /** The first of its commands that failed said this; those behind it were not run and those before it were. */
  | { readonly tag: Tag; readonly ok: false; readonly message: Uint8Array };

interface Line<Tag> {
  readonly tag: Tag;
  /** One for each answer that comes when all goes well: true where it is closed by the nonce. */
  readonly guarded: readonly boolean[];
  readonly nonce: Uint8Array | null;
  readonly bodies: Uint8Array[];
}

/**
 * Command lines under way, in order. tmux answers each command of a line in turn; after one that fails the rest of its
 * line has no answer, and a line that cannot be parsed is answered once, by an error.
 */
export class CommandQueue<Tag> {
  readonly #lines: Line<Tag>[] = [];
  /** Lines are taken from here on; the array is cut now and then, so that taking is cheap. */
  #head = 0;
  #unsent = "";

  get inFlight(): number {
    return this.#lines.length - this.#head;
  }

  /** A line whose answers hold no line that begins with `%` but their own end. */
  send(commands: string, answers: number, tag: Tag): void {
    this.#push(commands, { tag, guarded: new Array<boolean>(answers).fill(false), nonce: null, bodies: [] });
  }

  /** A line some of whose answers may hold anything: each of those is followed by `display-message -p NONCE`. */
  sendGuarded(commands: string, guarded: readonly boolean[], nonce: string, tag: Tag): void {
    this.#push(commands, { tag, guarded, nonce: utf8(nonce), bodies: [] });
  }

  #push(commands: string, line: Line<Tag>): void {
    // An empty line would detach the client; a line feed would be two lines.
    if (commands === "" || commands.includes("\n")) throw new Error("not one command line");
    this.#unsent += `${commands}\n`;
    this.#lines.push(line);
  }

  /** What has to go to tmux's stdin; `null`: nothing. */
  takeUnsent(): Uint8Array | null {
    if (this.#unsent === "") return null;
    const bytes = utf8(this.#unsent);
    this.#unsent = "";
    return bytes;
  }

  /** For ControlSink.nonce. */
  nonce(): Uint8Array | null {
    const line = this.#lines[this.#head];
    return line?.guarded[line.bodies.length] === true ? line.nonce : null;
  }

  /** For ControlSink.answer: the outcome of the line that this answer completes; `"early"`: nobody asked. */
  answer(ok: boolean, body: Uint8Array): Outcome<Tag> | "early" | null {
    const line = this.#lines[this.#head];
    if (line === undefined) return "early";
    if (!ok) {
      this.#shift();
      return { tag: line.tag, ok: false, message: body };
    }
    line.bodies.push(body);
    if (line.bodies.length < line.guarded.length) return null;
    this.#shift();
    return { tag: line.tag, ok: true, bodies: line.bodies };
  }

  #shift(): void {
    this.#head++;
    if (this.#head > 64 && this.#head * 2 > this.#lines.length) {
      this.#lines.splice(0, this.#head);
      this.#head = 0;
    }
  }
}
