// Owns looking at this machine's processes in /proc: who is alive, whose child, and who leads a pid namespace.
// Must not know what they are for.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export function isAlive(pid: number): boolean {
  const state = statOf(pid)?.state;
  return state !== undefined && state !== "Z";
}

/** Living children. */
export function childrenOf(parent: number): readonly number[] {
  return allPids().filter((pid) => {
    const stat = statOf(pid);
    return stat?.parent === parent && stat.state !== "Z";
  });
}

/**
 * @param pidNamespace as `readlink /proc/self/ns/pid` says it inside: "pid:[4026532443]"
 * @returns the number of its first process as it is seen from here
 */
export function leaderOf(pidNamespace: string): number | null {
  return allPids().find((pid) => namespaceOf(pid) === pidNamespace && innermostNumber(pid) === 1) ?? null;
}

/** All that are in a pid namespace, those in namespaces inside it not among them. */
export function membersOf(pidNamespace: string): readonly number[] {
  return allPids().filter((pid) => namespaceOf(pid) === pidNamespace);
}

function allPids(): readonly number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}

function namespaceOf(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}

function innermostNumber(pid: number): number | null {
  const found = /^NSpid:.*?(\d+)$/m.exec(readOrEmpty(`/proc/${pid}/status`));
  return found === null ? null : Number(found[1]);
}

/** proc(5): the name in brackets may hold anything, the state and the parent come after its last bracket. */
function statOf(pid: number): { state: string; parent: number } | null {
  const stat = readOrEmpty(`/proc/${pid}/stat`);
  const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return state === undefined || parent === undefined ? null : { state, parent: Number(parent) };
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
