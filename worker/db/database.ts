// Owns how D1 is opened for drizzle.
// Must not know any query.

import { type DrizzleD1Database, drizzle } from "drizzle-orm/d1";

export type Database = DrizzleD1Database;

/** Cheap: a wrapper around the binding. */
export function openDatabase(env: { readonly DB: Parameters<typeof drizzle>[0] }): Database {
  return drizzle(env.DB);
}
