// Owns when a page counts down to its shell's end, and what it says then.
// Must not know clocks, sockets or how it looks.

import type { Expiry } from "../../durable/protocol/messages.ts";

export interface ShellEnd {
  /** Unix milliseconds by the page's own clock. */
  readonly atMs: number;
  /** How far it can be moved away at most, by the same clock. */
  readonly untilMs: number;
}

/** The object's times by the page's clock: a page whose clock is wrong counts down right. `null`: no end is set. */
export function endOf({ at, until, now }: Omit<Expiry, "type">, receivedMs: number): ShellEnd | null {
  if (at === null) return null;
  const ahead = receivedMs - now;
  return { atMs: at + ahead, untilMs: (until ?? at) + ahead };
}

export interface Countdown {
  readonly leftMs: number;
  /** False: this is the end of the longest life; no button helps. */
  readonly extendable: boolean;
  /** `4:05`, from an hour on `1:04:05`. */
  readonly clock: string;
}

/** An end is not worth moving by less. */
const worthMovingMs = 60_000;

/** `null` while it does not matter: the end is further away than `warnMs`, or there is none. */
export function countdownOf(end: ShellEnd | null, warnMs: number, nowMs: number): Countdown | null {
  if (end === null) return null;
  const leftMs = Math.max(0, end.atMs - nowMs);
  if (leftMs > warnMs) return null;
  // Where all of the time there is is short, so is what a button can add.
  const worthMs = Math.min(worthMovingMs, warnMs / 10);
  return { leftMs, extendable: end.untilMs - end.atMs >= worthMs, clock: clockOf(leftMs) };
}

/** When `countdownOf` says something else than at `nowMs`; `null`: not by time alone. */
export function nextCountMs(end: ShellEnd | null, warnMs: number, nowMs: number): number | null {
  if (end === null) return null;
  const leftMs = end.atMs - nowMs;
  if (leftMs > warnMs) return end.atMs - warnMs;
  if (leftMs <= 0) return null;
  // A second is shown until it is over.
  return end.atMs - (Math.ceil(leftMs / 1000) - 1) * 1000;
}

function clockOf(leftMs: number): string {
  const seconds = Math.ceil(leftMs / 1000);
  const two = (count: number): string => String(count).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

const spokenMinutes = [1, 2, 5, 10, 15, 30, 60];

/** What is read aloud: when it appears and at a few times after, not each second. */
export function spokenCountdown({ leftMs, extendable }: Countdown): string {
  const minutes = spokenMinutes.find((most) => leftMs <= most * 60_000);
  const left = minutes === undefined ? "soon" : `in less than ${minutes} minute${minutes === 1 ? "" : "s"}`;
  return `This shell ends ${left}. ${extendable ? "You can keep it going." : lastStretch}`;
}

export const lastStretch = "Its longest life is over then, so it cannot be kept. Your work is saved first.";
