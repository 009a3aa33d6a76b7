// Owns making a stranger's text harmless to show: one line, nothing that moves a cursor or turns the writing around.
// Must not know where it is shown.

/** Controls, separators of lines, and everything of format (bidirectional marks, zero widths, tags). */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]+/gu;

/**
 * @param longest in characters as a person counts them, nearly: code points
 * @returns trimmed; what was taken out is a space; `…` ends what was cut
 */
export function plainText(text: string, longest: number): string {
  // Before the rest, so that a long text costs no more than a short one.
  const start = text.slice(0, longest * 8).toWellFormed();
  const shown = start.replace(unseen, " ").replace(/ {2,}/g, " ").trim();
  const points = Array.from(shown);
  return points.length > longest || text.length > start.length ? `${points.slice(0, longest - 1).join("")}…` : shown;
}
