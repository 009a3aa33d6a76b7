// Owns how far bounded sweeps have got, each under its name.
// Must not know what a cursor's value means.

import { eq } from "drizzle-orm";
import type { Database } from "./database.ts";
import { cursors } from "./schema.ts";

/** Null: it begins at the beginning. */
export async function readCursor(db: Database, name: string): Promise<string | null> {
  const [row] = await db.select({ value: cursors.value }).from(cursors).where(eq(cursors.name, name)).limit(1);
  return row?.value ?? null;
}

/** Keeps the cursor; null: the sweep is at its end, and the next one begins anew. */
export async function writeCursor(db: Database, name: string, value: string | null, nowMs: number): Promise<void> {
  if (value === null) {
    await db.delete(cursors).where(eq(cursors.name, name));
    return;
  }
  const row = { value, updatedAt: new Date(nowMs) };
  await db
    .insert(cursors)
    .values({ name, ...row })
    .onConflictDoUpdate({ target: cursors.name, set: row });
}
