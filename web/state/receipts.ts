// Owns what the page says of saved work: how old the save is, and what was put back after a loss.
// Must not know where it is shown.

import type { SetupCheck, Shell } from "../api/shell.ts";
import { ago, inLocalTime } from "./time-words.ts";

/** For the bar and the menu; `null`: nothing was saved yet. */
export function savedWords(lastSavedAt: number | null, nowMs: number): string | null {
  return lastSavedAt === null ? null : `Saved ${ago(lastSavedAt, nowMs)}`;
}

export interface PutBack {
  /** Later than every check that it speaks of: with it they are said once. */
  readonly at: number;
  readonly text: string;
  /** Something needs the person: a conflict, or work that could not be put back. */
  readonly warning: boolean;
}

/** What the last set-up put back, of checks later than `afterMs`; `null`: nothing. */
export function putBack({ setup }: Pick<Shell, "setup">, afterMs: number, nowMs: number): PutBack | null {
  const said = setup.filter((check) => check.at > afterMs && isOfWork(check));
  if (said.length === 0) return null;
  return {
    at: Math.max(...said.map(({ at }) => at)),
    text: inLocalTime(said.map(({ text }) => text).join(" "), nowMs),
    warning: said.some(({ state }) => state !== "DONE"),
  };
}

/** A step with nothing to put back says `skipped`. */
function isOfWork({ step, state }: SetupCheck): boolean {
  return (step === "HOME" || step === "WORK") && state !== "SKIPPED";
}

/** What a shell's gentle end saved, or could not. */
export interface EndReceipt {
  readonly saved: boolean;
  readonly text: string;
}

export interface StoppedWords {
  readonly title: string;
  readonly sentence: string;
}

/** What of a shell says why it ended. */
type Ended = Pick<Shell, "reason" | "lastSavedAt" | "expiresAt" | "extendableUntil">;

/** Of a shell without a pod: why, and what comes back. */
export function stoppedWords(shell: Ended, nowMs: number): StoppedWords {
  const { reason, lastSavedAt, expiresAt, extendableUntil } = shell;
  const timeOver = reason === "TimeOver";
  const longest = expiresAt !== null && extendableUntil !== null && expiresAt >= extendableUntil;
  const why = !timeOver ? "" : longest ? "It had reached its longest life. " : "Nobody had used it for a while. ";
  const saved =
    lastSavedAt === null
      ? "Nothing had been saved of its work; its settings are kept."
      : `Your work was saved ${ago(lastSavedAt, nowMs)}. It comes back when you start the shell; its settings are kept.`;
  return { title: timeOver ? "Your shell has ended" : "Your shell is stopped", sentence: why + saved };
}
