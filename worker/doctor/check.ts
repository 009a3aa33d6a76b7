// Owns what one check of the doctor is and what came of it.
// Must not know any check.

/**
 * - `ok`: as it should be.
 * - `warning`: it works, or may; somebody should look.
 * - `failed`: it is wrong; `todo` says what to do.
 * - `skipped`: not looked at, since something that it needs is wrong, or nothing was asked.
 */
export type FindingState = "ok" | "warning" | "failed" | "skipped";

export interface Finding {
  readonly state: FindingState;
  /** What is right or wrong, one line. Never holds a secret. */
  readonly text: string;
  /** What to do, one line; null where there is nothing. */
  readonly todo: string | null;
}

/** A check as it is told: when it begins and every few seconds while it lasts (`running`), and when it is over. */
export interface CheckReport {
  readonly id: string;
  readonly title: string;
  readonly state: FindingState | "running";
  readonly text: string;
  readonly todo: string | null;
  /** How long it took, or takes so far, in milliseconds. */
  readonly ms: number;
}

export function ok(text: string): Finding {
  return { state: "ok", text, todo: null };
}

export function warning(text: string, todo: string | null): Finding {
  return { state: "warning", text, todo };
}

export function failed(text: string, todo: string): Finding {
  return { state: "failed", text, todo };
}

export function skipped(text: string): Finding {
  return { state: "skipped", text, todo: null };
}

/** Longest text of another's that is quoted, in UTF-16 units. */
const maxQuoteLength = 400;

/** What another said, as one line that ends as a sentence does not: whoever quotes it puts it in brackets. */
export function quote(text: string): string {
  const line = text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is taken out
    .replace(/[\u0000-\u001f\u007f]+/g, " ")
    .trim();
  return line.length > maxQuoteLength ? `${line.slice(0, maxQuoteLength - 1)}…` : line;
}
