// Owns bringing the local D1 up to date, in the order and with the table of `wrangler d1 migrations apply`.
// Must not know what a migration does.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** The part of D1 that is used here. */
export interface Database {
  prepare(query: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}

interface Statement {
  bind(...values: unknown[]): Statement;
  run(): Promise<unknown>;
  raw(): Promise<unknown[]>;
}

/** drizzle-kit writes it between statements; a file without it is one statement. */
const breakpoint = "--> statement-breakpoint";

/** wrangler's own table, so that either may apply the next migration. */
const createTable = `CREATE TABLE IF NOT EXISTS d1_migrations(
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`;

/** @returns the names of what was applied now, each whole or not at all */
export async function applyMigrations(database: Database, folder: string): Promise<readonly string[]> {
  await database.prepare(createTable).run();
  const known = new Set((await database.prepare("SELECT name FROM d1_migrations").raw()).map(firstColumn));
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql") && !known.has(name)).toSorted();
  for (const name of names) {
    const text = await readFile(join(folder, name), "utf8");
    const statements = text.split(breakpoint).map((statement) => statement.trim());
    await database.batch([
      ...statements.filter((statement) => statement !== "").map((statement) => database.prepare(statement)),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name),
    ]);
  }
  return names;
}

function firstColumn(row: unknown): unknown {
  return Array.isArray(row) ? row[0] : undefined;
}
