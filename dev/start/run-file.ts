// Owns .limpet/run.json: who runs here and where (also for tests and tools), and that only one does.
// Must not know what the parts are.

import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { isAlive, markOf, type ProcessMark, signal } from "./processes.ts";

/** What stands in the file; it is readable by its owner only. */
export interface Run extends ProcessMark {
  readonly version: 1;
  /** `null` until all is ready. */
  readonly url: string | null;
  readonly port: number | null;
  /** Each part's process (it leads a group of its own) and what it said when it was ready. */
  readonly parts: Readonly<Record<string, ProcessMark & { readonly ready: unknown }>>;
  /** Where and by which token faults can be asked of the local cluster. */
  readonly cluster: { readonly url: string; readonly faultsToken: string } | null;
}

export type Claim =
  | { readonly ok: true; readonly file: RunFile; readonly sweptLeftovers: number }
  | { readonly ok: false; readonly other: Run };

export class RunFile {
  readonly #path: string;
  #run: Run;

  constructor(path: string, run: Run) {
    this.#path = path;
    this.#run = run;
  }

  update(change: Partial<Pick<Run, "url" | "port" | "parts" | "cluster">>): void {
    this.#run = { ...this.#run, ...change };
    writeFileSync(`${this.#path}.new`, JSON.stringify(this.#run, null, 2), { mode: 0o600 });
    renameSync(`${this.#path}.new`, this.#path);
  }

  remove(): void {
    rmSync(this.#path, { force: true });
  }
}

/** @returns the folder, or one beside it where it belongs to another account: keys are nobody's but their maker's */
export function stateDirOf(wanted: string): string {
  const owner = statSync(wanted, { throwIfNoEntry: false })?.uid;
  const { uid, username } = userInfo();
  return owner === undefined || owner === uid ? wanted : `${wanted}-${username}`;
}

/**
 * Takes the state folder for this process, unless another one that still runs has it. Parts that a supervisor left
 * behind when it was killed are ended first.
 */
export function claimState(stateDir: string): Claim {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const path = join(stateDir, "run.json");
  const mark = markOf(process.pid);
  if (mark === null) throw new Error("This process cannot find itself.");
  const run: Run = { version: 1, ...mark, url: null, port: null, parts: {}, cluster: null };
  let sweptLeftovers = 0;
  for (;;) {
    try {
      writeFileSync(path, JSON.stringify(run, null, 2), { flag: "wx", mode: 0o600 });
      return { ok: true, file: new RunFile(path, run), sweptLeftovers };
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    }
    const other = readRun(path);
    if (other !== null && isAlive(other)) return { ok: false, other };
    for (const part of Object.values(other?.parts ?? {})) {
      if (isAlive(part)) sweptLeftovers += 1;
      signal(part, "SIGKILL", true);
    }
    rmSync(path, { force: true });
  }
}

/** @returns the run that is written down in this file, or `null` where there is none that can be read */
export function readRun(path: string): Run | null {
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return isRun(value) ? value : null;
  } catch {
    return null;
  }
}

function isRun(value: unknown): value is Run {
  if (!isMark(value) || !("version" in value) || value.version !== 1) return false;
  const parts: unknown = Reflect.get(value, "parts");
  return typeof parts === "object" && parts !== null && Object.values(parts).every(isMark);
}

function isMark(value: unknown): value is ProcessMark {
  if (typeof value !== "object" || value === null || !("pid" in value) || !("born" in value)) return false;
  return typeof value.pid === "number" && value.pid > 1 && typeof value.born === "string";
}
