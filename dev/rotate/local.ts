// Owns a change of the key in the local environment: keys.json, and the D1 that its edge keeps in files.
// Must not know what a rotation's steps mean.

import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isAlive } from "../start/processes.ts";
import { readRun } from "../start/run-file.ts";
import { hasTables, type Query } from "./sealed-rows.ts";

/**
 * Reads the edge's D1 beside it, whether it runs or not.
 * @returns null where there is none yet: nothing is sealed
 */
export async function openLocalRows(stateDir: string): Promise<{ readonly query: Query; close(): void } | null> {
  for (const file of globSync(join(stateDir, "edge/d1/**/*.sqlite"))) {
    const database = new DatabaseSync(file, { readOnly: true });
    const query: Query = async (sql) => database.prepare(sql).all();
    if (await hasTables(query)) return { query, close: () => database.close() };
    database.close();
  }
  return null;
}

/** Whether `npm start` runs on this state now. */
export function isRunning(stateDir: string): boolean {
  const run = readRun(join(stateDir, "run.json"));
  return run !== null && isAlive(run);
}
