// Owns which processes of this machine belong to a pod, and ending every one of them and no other.
// Must not know pods beyond their uid.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Carries the pod's uid into every process of a pod. */
export const podUidVariable = "LIMPET_POD_UID";

const marked = new RegExp(`\\0${podUidVariable}=([^\\0]*)`);

export interface PodProcess {
  readonly pid: number;
  /** Ticks since boot; together with the pid it names one process for good. */
  readonly startTime: string;
}

interface Entry extends PodProcess {
  readonly parent: number;
  readonly session: number;
  /** The pod's uid that its environment carries. */
  readonly mark: string | undefined;
}

/**
 * The living processes of a pod. There is no cgroup to ask on a developer's machine without root, and a daemon (a tmux
 * server, `nohup`) leaves its parent and its session; what it keeps is the environment it was started with. So: whoever
 * carries the pod's uid there, whoever descends from such a process, and whoever shares a session with one (a program
 * started by `env -i`). Only a process that cleared its environment, left its session and lost its parent is not found.
 * This server and its own ancestors are never part of it.
 */
export function findPodProcesses(uid: string, entries: readonly Entry[] = readProcesses()): readonly PodProcess[] {
  const byPid = new Map(entries.map((entry) => [entry.pid, entry]));
  const ours = ancestors(process.pid, byPid);
  const ourSession = byPid.get(process.pid)?.session;
  const found = new Map<number, Entry>();
  const sessions = new Set<number>();
  let grown = true;
  while (grown) {
    grown = false;
    for (const entry of entries) {
      if (found.has(entry.pid) || ours.has(entry.pid)) continue;
      if (entry.mark !== uid && !found.has(entry.parent) && !sessions.has(entry.session)) continue;
      found.set(entry.pid, entry);
      if (entry.session !== ourSession) sessions.add(entry.session);
      grown = true;
    }
  }
  return [...found.values()].map(({ pid, startTime }) => ({ pid, startTime }));
}

/** Sends SIGKILL to every process of the pod until none is left. Gives up after `limitMs` and says how many remain. */
export async function endPodProcesses(uid: string, limitMs = 5_000): Promise<number> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const left = findPodProcesses(uid, await nextReading());
    if (left.length === 0 || performance.now() > deadline) return left.length;
    for (const target of left) {
      if (readEntry(target.pid)?.startTime === target.startTime) signal(target.pid, "SIGKILL");
    }
  }
}

/** A reading of all processes that begins in a moment: it serves everybody who has asked by then. */
let awaited: Promise<readonly Entry[]> | undefined;

/** With a thousand pods a reading takes tens of milliseconds; their ends come in numbers too, and share it. */
function nextReading(): Promise<readonly Entry[]> {
  awaited ??= sleep(5).then(() => {
    awaited = undefined;
    return readProcesses();
  });
  return awaited;
}

/** Sends a signal; a process that is gone already is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // Ended in the meantime, or not ours to signal: findPodProcesses says whether it is still there.
  }
}

function ancestors(pid: number, byPid: ReadonlyMap<number, Entry>): ReadonlySet<number> {
  const chain = new Set<number>();
  for (let at = byPid.get(pid); at !== undefined && !chain.has(at.pid); at = byPid.get(at.parent)) chain.add(at.pid);
  return chain;
}

function readProcesses(): readonly Entry[] {
  return readdirSync("/proc").flatMap((name) => {
    const entry = /^\d+$/.test(name) ? readEntry(Number(name)) : undefined;
    return entry === undefined ? [] : [entry];
  });
}

/** Undefined for a process that ended (zombies included) in the meantime. See proc(5) for the columns. */
function readEntry(pid: number): Entry | undefined {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The second column, the command in parentheses, may itself hold spaces and parentheses.
  const columns = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [state, parent, , session] = columns;
  const startTime = columns[19];
  if (state === "Z" || state === "X" || startTime === undefined) return undefined;
  const mark = marked.exec(`\0${read(`/proc/${pid}/environ`) ?? ""}`)?.[1];
  return { pid, startTime, parent: Number(parent), session: Number(session), mark };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return undefined;
  }
}
