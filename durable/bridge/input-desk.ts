// Owns the way of input from a viewer's frames to the multiplexer and of its answers back.
// Must not know output, sizes or sockets' states.

import type { Multiplexer, MultiplexerEffect } from "../multiplexer/multiplexer.ts";
import { maxUnackedInputBytes } from "../protocol/limits.ts";
import type { Paste, ViewerId } from "../protocol/messages.ts";
import { utf8Length } from "../protocol/utf8.ts";
import type { Channel } from "./channel.ts";
import { InputAcks } from "./input-acks.ts";
import type { InputLine } from "./input-line.ts";
import type { BridgeLimits } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Pane } from "./pane.ts";
import { cleanPaste } from "./paste.ts";
import type { Viewer } from "./viewer.ts";

/** Asks something of the multiplexer, where one follows; what it answers is dealt with after the present step. */
export type Ask = (call: (multiplexer: Multiplexer) => readonly MultiplexerEffect[]) => void;

/** Far above the numbers of liveness.ts. */
const firstClaim = 2 ** 40;
const tellEveryMs = 10_000;
const encoder = new TextEncoder();

export class InputDesk {
  readonly #limits: BridgeLimits;
  readonly #outbox: Outbox;
  readonly #viewers: ReadonlyMap<ViewerId, Viewer>;
  readonly #ask: Ask;
  readonly #acks: InputAcks;
  /** Claims not answered yet, by the number of the question that was asked right behind each. */
  readonly #claims = new Map<number, InputLine>();
  #nextClaim = firstClaim;

  constructor(limits: BridgeLimits, outbox: Outbox, viewers: ReadonlyMap<ViewerId, Viewer>, ask: Ask) {
    this.#limits = limits;
    this.#outbox = outbox;
    this.#viewers = viewers;
    this.#ask = ask;
    this.#acks = new InputAcks(limits, outbox, viewers);
  }

  /**
   * Begins a viewer's line for a pane that it opens. Gives `pane.input` ([P21]): what was accepted; `null` where the
   * viewer had the pane already (`listed`) and nobody knows its count any more.
   */
  open(viewer: Viewer, pane: Pane, listed: boolean): number | null {
    const known = pane.lines.get(viewer.id);
    if (known !== undefined) {
      known.pasteOrder.resumed();
      this.#claim(pane, viewer.id);
      return known.unknown ? null : known.accepted;
    }
    const line = pane.line(viewer.id, 0, false, this.#limits.linesPerPane);
    line.unknown = listed;
    this.#claim(pane, viewer.id);
    return listed ? null : 0;
  }

  /** The viewer has heard the `pane` of its channel, and with it that its count is not known, if so it was. */
  heard(viewer: Viewer, pane: Pane): void {
    const line = pane.lines.get(viewer.id);
    if (line !== undefined) line.unknown = false;
  }

  /**
   * False while tmux may not hold this viewer's count yet: what it types could not be told from nothing, should the
   * object be lost, so it is not shown the pane before ([B16]).
   */
  isCounted(viewer: Viewer, pane: Pane): boolean {
    return !viewer.drives || (pane.lines.get(viewer.id)?.confirmed ?? false);
  }

  /**
   * The viewer has heard what was accepted: now of what was taken, which it may have missed. Between the two is what
   * it keeps and does not send again.
   */
  opened(viewer: Viewer, channel: Channel, pane: Pane): void {
    const line = pane.lines.get(viewer.id);
    if (line === undefined || line.taken === 0) return;
    this.#acks.told(line);
    this.#outbox.message(viewer, { type: "ack", channel: channel.number, input: line.taken });
  }

  /** A question of ours was answered, and so was everything asked before it. */
  answered(question: number): void {
    const line = this.#claims.get(question);
    if (line !== undefined) line.confirmed = true;
    this.#claims.delete(question);
  }

  /** Nothing that was asked will be answered. */
  stop(): void {
    this.#claims.clear();
  }

  /** Gives the rule that the frame broke, or `null`. */
  keys(viewer: Viewer, channel: Channel, pane: Pane, bytes: Uint8Array, nowMs: number): string | null {
    const line = pane.line(viewer.id, 0, false, this.#limits.linesPerPane);
    if (!viewer.drives) return this.#ignore(viewer, channel, line, bytes.length, nowMs);
    if (line.pending + bytes.length > maxUnackedInputBytes) return tooMuch;
    line.acceptKeys(bytes);
    this.#give(viewer.id, pane, line);
    return null;
  }

  paste(viewer: Viewer, channel: Channel, pane: Pane, paste: Paste, nowMs: number): string | null {
    const line = pane.line(viewer.id, 0, false, this.#limits.linesPerPane);
    const length = utf8Length(paste.text);
    if (!viewer.drives) return this.#ignore(viewer, channel, line, length, nowMs);
    const broken = line.pasteOrder.next(paste);
    if (broken !== null) return `paste: seq must be ${broken}`;
    if (line.pending + length > maxUnackedInputBytes) return tooMuch;
    const { id, seq, last } = paste;
    const givenUp = line.pasteOrder.givenUp(paste);
    line.acceptPaste({ id, seq, last, givenUp, bytes: encoder.encode(cleanPaste(paste.text)) }, length);
    this.#give(viewer.id, pane, line);
    return null;
  }

  taken(pane: Pane, viewerId: ViewerId, end: number, nowMs: number): void {
    const line = pane.lines.get(viewerId);
    const before = line?.taken ?? 0;
    if (line?.take(end)) this.#acks.owe(pane, viewerId, line, line.taken - before, nowMs);
  }

  /** Tells of what was taken. `all`: also what could wait. */
  settle(nowMs: number, all: boolean): void {
    this.#acks.settle(nowMs, all);
  }

  /** When `settle` is wanted, in unix milliseconds. */
  deadline(): number | null {
    return this.#acks.deadline();
  }

  /** tmux will not take what it was given: it is dropped, the viewer is told, and what it types next is tried again. */
  refused(pane: Pane, viewerId: ViewerId, message: string): void {
    const line = pane.lines.get(viewerId);
    if (line === undefined || !line.abandonGiven()) return;
    this.#acks.tell(pane, viewerId, line);
    const viewer = this.#viewers.get(viewerId);
    if (viewer !== undefined) this.#outbox.message(viewer, { type: "notice", code: "input-refused", text: message });
  }

  /** tmux keeps no count of this viewer any more: what it types for the pane next is counted from 0 ([P21]). */
  forgotten(pane: Pane, viewerId: ViewerId): void {
    if (pane.lines.get(viewerId)?.pending === 0 && !this.#viewers.has(viewerId)) pane.lines.delete(viewerId);
  }

  /** True where `counts`, which tmux holds for this pane, lacks one that this tmux must have ([B17]). */
  misses(pane: Pane, counts: ReadonlyMap<ViewerId, number>): boolean {
    return [...pane.lines].some(
      ([viewerId, line]) => line.confirmed && !counts.has(viewerId) && (line.pending > 0 || this.#drives(viewerId)),
    );
  }

  /**
   * A new exec follows this pane. What tmux has not taken is given to it again. Gives the viewers whose count is not
   * what it can be: they must begin with a new hello.
   */
  restart(pane: Pane, counts: ReadonlyMap<ViewerId, number>, counted: boolean): readonly ViewerId[] {
    const astray: ViewerId[] = [];
    for (const [viewerId, line] of pane.lines) {
      const count = counts.get(viewerId) ?? null;
      if (!counted) {
        if (line.abandonGiven()) this.#lost(viewerId);
      } else if (line.restart(count) === "differs") {
        astray.push(viewerId);
        continue;
      }
      this.#acks.tell(pane, viewerId, line);
      this.#give(viewerId, pane, line);
    }
    // Behind what is given: a claim may cost the counts of those who neither are here nor have typed.
    for (const viewerId of [...pane.lines.keys()]) {
      if (this.#drives(viewerId)) this.#claim(pane, viewerId);
      else if (counted && !counts.has(viewerId)) this.forgotten(pane, viewerId);
    }
    for (const [viewerId, count] of counts) pane.line(viewerId, count, true, this.#limits.linesPerPane);
    return astray;
  }

  /** The pane is no more, and what was typed for it goes nowhere. */
  closed(pane: Pane): void {
    for (const [viewerId, line] of pane.lines) if (line.pending > 0) this.#lost(viewerId);
    pane.lines.clear();
  }

  #drives(viewer: ViewerId): boolean {
    return this.#viewers.get(viewer)?.drives ?? false;
  }

  /** With every exec anew, by everyone who is here and may type: the counts of others are not kept for ever. */
  #claim(pane: Pane, viewer: ViewerId): void {
    const line = pane.lines.get(viewer);
    if (line === undefined || !this.#drives(viewer)) return;
    this.#ask((multiplexer) => {
      if (!multiplexer.countsInput) {
        line.confirmed = true;
        return [];
      }
      if (line.confirmed) return multiplexer.claim(pane.id, viewer);
      const question = this.#nextClaim++;
      this.#claims.set(question, line);
      return [...multiplexer.claim(pane.id, viewer), ...multiplexer.probe(question)];
    });
  }

  #give(viewer: ViewerId, pane: Pane, line: InputLine): void {
    this.#ask((multiplexer) => {
      const effects: MultiplexerEffect[] = [];
      for (const piece of line.give()) {
        const to = { pane: pane.id, viewer };
        if (piece.kind === "paste") {
          const { kind: _, ...paste } = piece;
          effects.push(...multiplexer.paste({ ...to, ...paste }));
        } else effects.push(...multiplexer.input({ ...to, bytes: piece.bytes, end: piece.end }));
      }
      return effects;
    });
  }

  #ignore(viewer: Viewer, channel: Channel, line: InputLine, length: number, nowMs: number): null {
    line.discard(length);
    this.#outbox.message(viewer, { type: "ack", channel: channel.number, input: line.taken });
    if (nowMs - viewer.ignoredMs >= tellEveryMs) {
      viewer.ignoredMs = nowMs;
      this.#outbox.message(viewer, {
        type: "notice",
        code: "view-only",
        text: "You are looking on: what you type here goes nowhere.",
      });
    }
    return null;
  }

  #lost(viewerId: ViewerId): void {
    const viewer = this.#viewers.get(viewerId);
    if (viewer === undefined) return;
    this.#outbox.message(viewer, {
      type: "notice",
      code: "input-lost",
      text: "The last keys may not have reached the shell. Look before you type them again.",
    });
  }
}

const tooMuch = `input: unacknowledged bytes must be at most ${maxUnackedInputBytes}`;
