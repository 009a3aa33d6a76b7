// Owns the figures of a proof: measured times, printed as a table when its file is done.
// Must not know what they are of.

import { afterAll } from "vitest";

export interface Figures {
  /** `ms`: a length of time; a text says itself. */
  note(title: string, value: number | string): void;
}

/** @param heading of the table that is printed after the file's last test */
export function useFigures(heading: string): Figures {
  const rows: (readonly [string, string])[] = [];
  afterAll(() => {
    if (rows.length === 0) return;
    const width = Math.max(...rows.map(([title]) => title.length));
    const lines = rows.map(([title, value]) => `  ${title.padEnd(width)}  ${value}`);
    // Past vitest, which shows what tests print only where they fail.
    process.stdout.write(`\n${heading}\n${lines.join("\n")}\n`);
  });
  return {
    note: (title, value) => rows.push([title, typeof value === "number" ? `${(value / 1000).toFixed(1)} s` : value]),
  };
}
