// Owns how a process is known again later: its id may by then be another's.
// Must not know what the processes are.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process as it can be written down: id, and a word that no later process with this id has. */
export interface ProcessMark {
  readonly pid: number;
  readonly born: string;
}

/** @returns the mark, or `null` where there is no such process */
export function markOf(pid: number): ProcessMark | null {
  const born = process.platform === "linux" ? bornOnLinux(pid) : bornByPs(pid);
  return born === null ? null : { pid, born };
}

export function isAlive(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.born === mark.born;
}

/** Sends a signal to the process, or to its whole group where it leads one; nothing happens where it is gone. */
export function signal(mark: ProcessMark, name: NodeJS.Signals, group: boolean): void {
  if (!isAlive(mark)) return;
  try {
    process.kill(group ? -mark.pid : mark.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}

/** From proc(5): field 22 is the start time in clock ticks since boot; boot_id tells one boot from another. */
function bornOnLinux(pid: number): string | null {
  const fields = statFields(pid);
  // A zombie has ended; only its parent has not looked yet.
  if (fields === null || fields[0] === "Z") return null;
  return `${bootId()}:${fields[19] ?? ""}`;
}

/** The fields of /proc/PID/stat from the third (state) on; the second is a name that may hold anything. */
function statFields(pid: number): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

function bornByPs(pid: number): string | null {
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || null;
  } catch {
    return null;
  }
}
