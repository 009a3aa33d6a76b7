// Owns a change of the key in the local environment: keys.json, and the D1 that its edge keeps in files.
// Must not know what a rotation's steps mean.

import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { isAlive } from "../start/processes.ts";
import { readRun } from "../start/run-file.ts";
import type { Query } from "./sealed-rows.ts";

/**
 * Reads the edge's D1 beside it, whether it runs or not.
 * @returns null where there is none yet: nothing is sealed
 */
export function openLocalRows(stateDir: string): { readonly query: Query; close(): void } | null {
  for (const file of globSync(join(stateDir, "edge/d1/**/*.sqlite"))) {
    const database = new DatabaseSync(file, { readOnly: true });
    if (hasSecrets(database)) {
      return { query: async (sql) => database.prepare(sql).all(), close: () => database.close() };
    }
    database.close();
  }
  return null;
}

/** Whether `npm start` runs on this state now. */
export function isRunning(stateDir: string): boolean {
  const run = readRun(join(stateDir, "run.json"));
  return run !== null && isAlive(run);
}

function hasSecrets(database: DatabaseSync): boolean {
  const names =
    "select count(*) as tables from sqlite_master where type = 'table' and name in ('secrets', 'snapshots')";
  return database.prepare(names).get()?.["tables"] === 2;
}
