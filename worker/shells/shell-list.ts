// Owns the list of everybody's shells, as an administrator reads it, page by page.
// Must not know who may read it.

import { asc, eq, gt } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { shells, users } from "../db/schema.ts";
import type { User } from "../db/users.ts";
import { parseShell } from "./records.ts";
import type { ShellRecord } from "./shell-record.ts";

export interface ListedShell {
  readonly record: ShellRecord;
  readonly owner: User;
}

/** At most `limit` shells in the order of their ids, behind `after` (null: from the first). */
export async function listShells(db: Database, limit: number, after: string | null): Promise<readonly ListedShell[]> {
  const rows = await db
    .select({ shell: shells, owner: { id: users.id, name: users.name, email: users.email } })
    .from(shells)
    .innerJoin(users, eq(users.id, shells.userId))
    .where(after === null ? undefined : gt(shells.id, after))
    .orderBy(asc(shells.id))
    .limit(limit);
  return rows.map(({ shell, owner }) => ({ record: parseShell(shell), owner }));
}
