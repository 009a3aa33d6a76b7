// Owns the one note of the reaper's last run: when it was, and at what it failed.
// Must not know what a run does.

import { readCursor, writeCursor } from "../db/cursors.ts";
import type { Database } from "../db/database.ts";
import { integerAt, isObject, parseJson } from "../kubernetes/json.ts";

export interface LastRun {
  /** Unix milliseconds of its end. */
  readonly atMs: number;
  /** The kinds of the steps that failed. */
  readonly failed: readonly string[];
}

const cursorName = "reaper-last-run";

export async function noteReaperRun(db: Database, run: LastRun): Promise<void> {
  await writeCursor(db, cursorName, JSON.stringify(run), run.atMs);
}

/** Null where none came to its end yet. */
export async function lastReaperRun(db: Database): Promise<LastRun | null> {
  const value = parseJson((await readCursor(db, cursorName)) ?? "");
  const atMs = isObject(value) ? integerAt(value, "atMs") : null;
  if (!isObject(value) || atMs === null) return null;
  const { failed } = value;
  return { atMs, failed: Array.isArray(failed) ? failed.filter((kind) => typeof kind === "string") : [] };
}
