// Owns the rows of the doctor's tickets: whoever may write D1 writes one, and it opens one run.
// Must not know what a run is. A ticket is named here by the hash of its secret.

import { and, eq, gt, lte, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { doctorTickets } from "./schema.ts";

/** D1's own clock, which whoever wrote the ticket went by as well. */
const clock = sql<Date>`(cast(unixepoch('subsec') * 1000 as integer))`;

/** True where it was there and good; then it is no more. What is over goes on the way. */
export async function takeDoctorTicket(db: Database, id: string): Promise<boolean> {
  const [, taken] = await db.batch([
    db.delete(doctorTickets).where(lte(doctorTickets.expiresAt, clock)),
    db
      .delete(doctorTickets)
      .where(and(eq(doctorTickets.id, id), gt(doctorTickets.expiresAt, clock)))
      .returning({ id: doctorTickets.id }),
  ]);
  return taken.length > 0;
}
