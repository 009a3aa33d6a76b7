// Owns names and contents of files that have broken scripts before, picked by a seeded generator.
// Must not know git.

import type { Random } from "../../unit/bridge/world/random.ts";

const parts = [
  "a",
  "b",
  "main.tf",
  "values.yaml",
  "with space",
  "new\nline",
  "ünïcödé-日本",
  "-dash",
  "--force",
  "back\\slash",
  'quo"te',
  "sin'gle",
  "tab\there",
  "*glob?[x]",
  "$(touch pwned)",
  "`touch pwned`",
  ".hidden",
  ":(top)colon",
  "#hash",
  "trailing ",
  " leading",
  "~tilde",
  "!bang",
  "a\u0001b",
  "%s%n",
  "M 0644 name",
  "\r",
] as const;

const folders = ["", "", "", "dir/", "deep/er/", "with space/", "new\nline/", "-dash/", "ünï/", "modules/"] as const;

export function pickName(random: Random): string {
  return `${random.pick(folders)}${random.pick(parts)}${random.chance(0.3) ? random.below(20) : ""}`;
}

export function pickContent(random: Random): Uint8Array {
  const lines = Array.from(
    { length: random.below(12) },
    () => `line ${random.below(1_000)} of ${random.hex().slice(0, 8)}`,
  );
  switch (random.below(7)) {
    case 0:
      return new Uint8Array();
    case 1:
      return Uint8Array.from({ length: random.below(3_000) }, () => random.below(256));
    case 2:
      return Buffer.from(lines.map((line) => `${line}\r\n`).join(""));
    case 3:
      return Buffer.from(lines.map((line, at) => `${line}${at % 2 === 0 ? "\r\n" : "\n"}`).join(""));
    case 4:
      return Buffer.from(`$Id$\n${lines.join("\n")}`);
    default:
      return Buffer.from(`${lines.join("\n")}\n`);
  }
}
