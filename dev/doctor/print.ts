// Owns how checks look in a terminal: one line each, what to do under it, a sum at the end.
// Must not know any check.

import type { CheckReport } from "../../worker/doctor/check.ts";

const marks = { ok: "✓", warning: "!", failed: "✗", skipped: "–" } as const;
const titleWidth = 18;

/** The lines of a check that is over. */
export function linesOf({ title, state, text, todo }: CheckReport): readonly string[] {
  if (state === "running") return [];
  const first = `${marks[state]} ${title.padEnd(titleWidth)} ${text}`;
  return todo === null ? [first] : [first, `${" ".repeat(titleWidth + 3)}→ ${todo}`];
}

/** `12 are right, 1 is wrong, 3 were not looked at.` */
export function sumOf(checks: readonly CheckReport[]): string {
  const count = (state: CheckReport["state"]): number => checks.filter((check) => check.state === state).length;
  const parts: readonly (readonly [number, string, string])[] = [
    [count("ok"), "is right", "are right"],
    [count("warning"), "wants a look", "want a look"],
    [count("failed"), "is wrong", "are wrong"],
    [count("skipped"), "was not looked at", "were not looked at"],
  ];
  const said = parts.flatMap(([number, one, many]) => (number === 0 ? [] : [`${number} ${number === 1 ? one : many}`]));
  return `${said.join(", ")}.`;
}

function secondsOf({ ms }: CheckReport): string {
  return ms < 2_000 ? "" : `${Math.round(ms / 1_000)} s`;
}

/** A terminal shows what is being looked at; a file or a pipe gets whole lines only. */
export class Printer {
  readonly #out: NodeJS.WriteStream;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  show(check: CheckReport): void {
    if (check.state === "running") {
      if (this.#out.isTTY) this.#out.write(`\r\u001b[K… ${check.title} ${secondsOf(check)}`);
      return;
    }
    if (this.#out.isTTY) this.#out.write("\r\u001b[K");
    for (const line of linesOf(check)) this.#out.write(`${line}\n`);
  }

  say(line: string): void {
    this.#out.write(`${this.#out.isTTY ? "\r\u001b[K" : ""}${line}\n`);
  }
}
