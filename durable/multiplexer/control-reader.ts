// Owns the reading of tmux's control mode: bytes cut anywhere in, pane output, answers and notifications out.
// Must not know which command an answer belongs to, nor what a notification means.

import type { PaneId } from "../protocol/messages.ts";
import { latin1 } from "./text.ts";

const lf = 0x0a;
const space = 0x20;
const percent = 0x25;
const backslash = 0x5c;

/** No answer of ours comes near this; one that passes it means that its end was missed. */
const maxAnswerBytes = 64 * 1024 * 1024;
/** Longest line outside of answers and output that is kept until its end comes (a title of 1 MiB may be in one). */
const maxLineBytes = 4 * 1024 * 1024;

/** An output line's header, up to its payload, is shorter. */
const longestHeaderBytes = 256;

/** What is read, as it is read. Arrays are the receiver's to keep. */
export interface ControlSink {
  /** Bytes that a pane's program wrote, octal escapes decoded. */
  output(pane: PaneId, bytes: Uint8Array): void;
  /** One answer to a command of ours (flag 1): its lines, without the last line feed. */
  answer(ok: boolean, body: Uint8Array): void;
  /** A line that begins with `%`: its word and the rest, each byte as one UTF-16 unit. */
  notification(word: string, rest: string): void;
  /** Any other line outside of answers: what `attach` says. */
  line(text: string): void;
  /**
   * Asked at the beginning of each answer: the nonce that `display-message -p` gives right behind it, where the answer
   * may hold anything; `null` where no line of it can begin with `%`.
   */
  nonce(): Uint8Array | null;
  /** The bytes cannot be understood any more. Nothing follows. */
  broken(message: string): void;
}

interface Block {
  /** `TIME NUMBER FLAGS` as bytes; the end repeats it. */
  readonly mark: Uint8Array;
  readonly ours: boolean;
  readonly nonce: Uint8Array | null;
  readonly lines: Uint8Array[];
  bytes: number;
}

/**
 * Reads the protocol of tmux(1), "CONTROL MODE", as 3.2 to 3.7 write it:
 *
 *     %output %1 text                      bytes below 0x20 and `\` as `\ooo`, all others raw
 *     %extended-output %1 AGE … : text     the same while pause-after is set
 *     %begin TIME NUMBER FLAGS, lines, then %end or %error with the same three words
 *
 * Blocks with flag 0 answer nobody of ours and are skipped. `%pause` and `%continue` may come inside an answer. Output
 * is passed on without waiting for the end of its line, and is not copied where nothing in it is escaped.
 */
export class ControlReader {
  readonly #sink: ControlSink;
  readonly #panes = new Map<number, PaneId>();
  /** The pane whose output line is being read. */
  #streaming: PaneId | null = null;
  /** An octal escape cut by the end of a chunk: one to three bytes from its backslash on. */
  #escape: Uint8Array | null = null;
  /** The beginning of a line whose end has not come. */
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #block: Block | null = null;
  /** True while the block of a nonce is read, whose answer belongs to the one before. */
  #closing: { readonly mark: Uint8Array } | null = null;
  #broken = false;

  constructor(sink: ControlSink) {
    this.#sink = sink;
  }

  /** The chunk must not be changed afterwards: what is passed on may be a part of it. */
  receive(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length && !this.#broken) {
      const end = chunk.indexOf(lf, at);
      const stop = end < 0 ? chunk.length : end;
      if (this.#streaming !== null) {
        this.#payload(this.#streaming, chunk, at, stop, end >= 0);
        if (end >= 0) this.#streaming = null;
      } else if (this.#heldBytes === 0) {
        this.#take(chunk, at, stop, end >= 0);
      } else {
        // Joined only at its end, or while it may turn out to be output: a long line must not be copied at each chunk.
        const young = this.#heldBytes < longestHeaderBytes;
        this.#hold(chunk.subarray(at, stop));
        if (end >= 0 || young) {
          const line = this.#join();
          this.#take(line, 0, line.length, end >= 0);
        }
      }
      at = stop + 1;
    }
  }

  /** A line, or the beginning of one, from `at` to `stop`. */
  #take(bytes: Uint8Array, at: number, stop: number, whole: boolean): void {
    if (this.#block === null && this.#closing === null && bytes[at] === percent) {
      const payload = this.#outputHeader(bytes, at, stop);
      if (payload > 0 && this.#streaming !== null) {
        const pane = this.#streaming;
        if (whole) this.#streaming = null;
        this.#payload(pane, bytes, payload, stop, whole);
        return;
      }
    }
    if (whole) this.#line(bytes.subarray(at, stop));
    else this.#hold(bytes.subarray(at, stop));
  }

  #hold(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > (this.#block === null ? maxLineBytes : maxAnswerBytes)) this.#fail("a line without end");
  }

  #join(): Uint8Array {
    const [first, second] = this.#held;
    let line: Uint8Array;
    if (first !== undefined && second === undefined) line = first;
    else {
      line = new Uint8Array(this.#heldBytes);
      let at = 0;
      for (const part of this.#held) {
        line.set(part, at);
        at += part.length;
      }
    }
    this.#held = [];
    this.#heldBytes = 0;
    return line;
  }

  /**
   * Where the payload of an output line begins, with `#streaming` set; 0 where this is no such line or its header is
   * not complete.
   */
  #outputHeader(bytes: Uint8Array, at: number, stop: number): number {
    const extended = bytes[at + 1] === 0x65; // e
    const word = extended ? extendedOutput : output;
    const after = at + word.length;
    if (stop <= after) return 0;
    for (let i = 1; i < word.length; i++) if (bytes[at + i] !== word[i]) return 0;
    let pane = 0;
    let i = after;
    for (; i < stop; i++) {
      const digit = (bytes[i] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      pane = pane * 10 + digit;
    }
    if (i === after || i >= stop || bytes[i] !== space) return 0;
    i++;
    if (extended) {
      // Fields that later versions may add come before the colon; the program's bytes only behind it.
      while (i + 1 < stop && !(bytes[i] === 0x3a && bytes[i + 1] === space && bytes[i - 1] === space)) i++;
      if (i + 1 >= stop) return 0;
      i += 2;
    }
    let id = this.#panes.get(pane);
    if (id === undefined) {
      id = `%${pane}`;
      this.#panes.set(pane, id);
    }
    this.#streaming = id;
    return i;
  }

  #payload(pane: PaneId, bytes: Uint8Array, from: number, to: number, whole: boolean): void {
    let at = from;
    if (this.#escape !== null) {
      const cut = this.#escape;
      const rest = bytes.subarray(at, Math.min(to, at + 4 - cut.length));
      const joined = new Uint8Array(cut.length + rest.length);
      joined.set(cut);
      joined.set(rest, cut.length);
      this.#escape = null;
      at += rest.length;
      if (joined.length < 4 && !whole) {
        this.#escape = joined;
        return;
      }
      this.#sink.output(pane, decode(joined, 0, joined.length));
    }
    let stop = to;
    if (!whole) {
      // An escape cut by the chunk's end waits for the rest of it.
      for (let back = 1; back <= 3 && to - back >= at; back++) {
        if (bytes[to - back] === backslash) {
          stop = to - back;
          this.#escape = bytes.slice(stop, to);
          break;
        }
      }
    }
    if (stop <= at) return;
    const part = bytes.subarray(at, stop);
    this.#sink.output(pane, part.includes(backslash) ? decode(bytes, at, stop) : part);
  }

  #line(line: Uint8Array): void {
    if (this.#closing !== null) {
      if (isGuard(line, endWord, this.#closing.mark)) {
        this.#closing = null;
      } else this.#fail("a nonce's answer without end");
      return;
    }
    const block = this.#block;
    if (block !== null) {
      this.#blockLine(block, line);
      return;
    }
    if (line[0] !== percent) {
      if (line.length > 0) this.#sink.line(latin1(line));
      return;
    }
    if (startsWith(line, beginWord)) {
      const mark = line.slice(beginWord.length);
      const ours = mark[mark.length - 1] === 0x31 && mark[mark.length - 2] === space;
      this.#block = { mark, ours, nonce: ours ? this.#sink.nonce() : null, lines: [], bytes: 0 };
      return;
    }
    this.#notify(line);
  }

  #notify(line: Uint8Array): void {
    const text = latin1(line);
    const gap = text.indexOf(" ");
    if (gap < 0) this.#sink.notification(text.slice(1), "");
    else this.#sink.notification(text.slice(1, gap), text.slice(gap + 1));
  }

  #blockLine(block: Block, line: Uint8Array): void {
    if (block.nonce === null) {
      if (line[0] === percent) {
        const ok = isGuard(line, endWord, block.mark);
        if (ok || isGuard(line, errorWord, block.mark)) {
          this.#block = null;
          if (block.ours) this.#sink.answer(ok, concat(block.lines));
          return;
        }
        if (startsWith(line, pauseWord) || startsWith(line, continueWord)) {
          this.#notify(line);
          return;
        }
      }
    } else if (equal(line, block.nonce) && this.#closeByNonce(block)) return;
    block.lines.push(line);
    block.bytes += line.length + 1;
    if (block.bytes > maxAnswerBytes) this.#fail("an answer without end");
  }

  /** The nonce has come: the two lines before it must be this block's end and the beginning of the nonce's own. */
  #closeByNonce(block: Block): boolean {
    const end = block.lines.at(-2);
    const begin = block.lines.at(-1);
    if (end === undefined || begin === undefined) return false;
    if (!isGuard(end, endWord, block.mark) || !startsWith(begin, beginWord)) return false;
    block.lines.length -= 2;
    this.#block = null;
    this.#closing = { mark: begin.slice(beginWord.length) };
    this.#sink.answer(true, concat(block.lines));
    return true;
  }

  #fail(message: string): void {
    if (this.#broken) return;
    this.#broken = true;
    this.#sink.broken(message);
  }
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const output = ascii("%output %");
const extendedOutput = ascii("%extended-output %");
const beginWord = ascii("%begin ");
const endWord = ascii("%end ");
const errorWord = ascii("%error ");
const pauseWord = ascii("%pause %");
const continueWord = ascii("%continue %");

function startsWith(line: Uint8Array, word: Uint8Array): boolean {
  if (line.length < word.length) return false;
  for (let i = 0; i < word.length; i++) if (line[i] !== word[i]) return false;
  return true;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && startsWith(a, b);
}

function isGuard(line: Uint8Array, word: Uint8Array, mark: Uint8Array): boolean {
  if (line.length !== word.length + mark.length || !startsWith(line, word)) return false;
  for (let i = 0; i < mark.length; i++) if (line[word.length + i] !== mark[i]) return false;
  return true;
}

function concat(lines: readonly Uint8Array[]): Uint8Array {
  let length = Math.max(0, lines.length - 1);
  for (const line of lines) length += line.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const line of lines) {
    whole.set(line, at);
    at += line.length;
    if (at < length) whole[at++] = lf;
  }
  return whole;
}

/** The bytes from `from` to `to` with `\ooo` as the byte it stands for; what is no such escape stays as it is. */
export function decode(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const decoded = new Uint8Array(to - from);
  let length = 0;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === backslash && i + 3 < to) {
      const high = (bytes[i + 1] ?? 0) - 0x30;
      const middle = (bytes[i + 2] ?? 0) - 0x30;
      const low = (bytes[i + 3] ?? 0) - 0x30;
      // Each in 0 to 7: no bit above the lowest three is set in any of them (a negative number has them all).
      if (((high | middle | low) & ~7) === 0) {
        decoded[length++] = (high << 6) | (middle << 3) | low;
        i += 3;
        continue;
      }
    }
    decoded[length++] = byte;
  }
  return decoded.subarray(0, length);
}
