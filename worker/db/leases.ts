// Owns leases: a thing that only one may do at a time is done by whoever has its row, until a time.
// Must not know what is done under a lease.

import { and, eq, gt, lte, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { leases } from "./schema.ts";

/** D1's own clock, in unix milliseconds: one for all holders, however their own clocks differ. */
const clock = sql<Date>`(cast(unixepoch('subsec') * 1000 as integer))`;

function after(lifeMs: number) {
  return sql<Date>`${clock} + ${lifeMs}`;
}

/** Takes the lease where nobody has it, or where its time is over. @returns whether `holder` has it now. */
export async function takeLease(db: Database, name: string, holder: string, lifeMs: number): Promise<boolean> {
  const taken = await db
    .insert(leases)
    .values({ name, holder, until: after(lifeMs) })
    .onConflictDoUpdate({
      target: leases.name,
      set: { holder: sql`excluded.holder`, until: sql`excluded.until` },
      setWhere: lte(leases.until, clock),
    })
    .returning({ holder: leases.holder });
  return taken.some((row) => row.holder === holder);
}

/** Keeps the lease for `lifeMs` from now. @returns false where it ran out or another has it: what it was for must stop. */
export async function renewLease(db: Database, name: string, holder: string, lifeMs: number): Promise<boolean> {
  const renewed = await db
    .update(leases)
    .set({ until: after(lifeMs) })
    .where(and(eq(leases.name, name), eq(leases.holder, holder), gt(leases.until, clock)))
    .returning({ holder: leases.holder });
  return renewed.length > 0;
}

/** Gives it back; nothing where another has it. */
export async function releaseLease(db: Database, name: string, holder: string): Promise<void> {
  await db.delete(leases).where(and(eq(leases.name, name), eq(leases.holder, holder)));
}
