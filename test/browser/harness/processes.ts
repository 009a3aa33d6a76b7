// Owns looking at this machine's processes: who descends from whom, what they are called, what is in their environment.
// Must not know which of them belong to what.

import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** The first 15 bytes of the program's name. */
  readonly name: string;
}

/** Every process that lives; zombies are not among them. See proc(5) for the columns of `stat`. */
export function listProcesses(): readonly Process[] {
  return readdirSync("/proc").flatMap((entry) => {
    const stat = /^\d+$/.test(entry) ? readOrNothing(`/proc/${entry}/stat`) : "";
    const nameEnd = stat.lastIndexOf(")");
    const [state, parent] = stat.slice(nameEnd + 2).split(" ");
    if (state === undefined || parent === undefined || state === "Z" || state === "X") return [];
    return [{ pid: Number(entry), parent: Number(parent), name: stat.slice(stat.indexOf("(") + 1, nameEnd) }];
  });
}

/** `pid` itself is not among them. */
export function descendants(pid: number): readonly Process[] {
  const all = listProcesses();
  const found = all.filter(({ parent }) => parent === pid);
  for (let index = 0; index < found.length; index++) {
    const at = found[index];
    found.push(...all.filter(({ parent }) => parent === at?.pid));
  }
  return found;
}

export function isAlive(pid: number): boolean {
  return listProcesses().some((process) => process.pid === pid);
}

/** Empty where the process ended or is another account's. */
export function environmentOf(pid: number): ReadonlyMap<string, string> {
  const entries = readOrNothing(`/proc/${pid}/environ`).split("\0");
  return new Map(
    entries
      .filter((entry) => entry.includes("="))
      .map((entry) => {
        const at = entry.indexOf("=");
        return [entry.slice(0, at), entry.slice(at + 1)];
      }),
  );
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
