// Owns the rows of events: what happened to a person's shell, in the order in which it happened.
// Must not know how an event is shown.

import { and, desc, eq, gt, inArray, lt, lte, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { firstEventIdOf, makeEventId } from "./ids.ts";
import { events, users } from "./schema.ts";

export interface EventRow {
  readonly id: string;
  readonly shellId: string | null;
  readonly type: string;
  readonly message: string;
  readonly createdAt: Date;
}

export interface NewEvent {
  readonly userId: string;
  readonly shellId: string | null;
  /** A stable word: `SIGNED_IN`, `SHELL_CREATED`, … */
  readonly type: string;
  /** A sentence for the person; no secrets. */
  readonly message: string;
}

export async function recordEvent(db: Database, event: NewEvent, nowMs: number): Promise<void> {
  await db.insert(events).values({ id: makeEventId(nowMs), ...event, createdAt: new Date(nowMs) });
}

/** At most `limit` events of this person, newest first; `olderThan` is the id of the last one already seen. */
export async function listEvents(
  db: Database,
  query: { readonly userId: string; readonly limit: number; readonly olderThan: string | null },
): Promise<EventRow[]> {
  const ownedBy = eq(events.userId, query.userId);
  return db
    .select({
      id: events.id,
      shellId: events.shellId,
      type: events.type,
      message: events.message,
      createdAt: events.createdAt,
    })
    .from(events)
    .where(query.olderThan === null ? ownedBy : and(ownedBy, lt(events.id, query.olderThan)))
    .orderBy(desc(events.id))
    .limit(query.limit);
}

/** Deletes at most `limit` events of before `beforeMs`, the oldest first. @returns how many. */
export async function deleteOldEvents(db: Database, beforeMs: number, limit: number): Promise<number> {
  // Found by their ids, which sort by time: no index of the times is needed.
  const old = db
    .select({ id: events.id })
    .from(events)
    .where(lt(events.id, firstEventIdOf(beforeMs)))
    .orderBy(events.id)
    .limit(limit);
  const deleted = await db.delete(events).where(inArray(events.id, old)).returning({ id: events.id });
  return deleted.length;
}

/**
 * Deletes at most `limit` events that are not among the newest `keep` of their person. Of the people whose ids come after
 * `after`, up to `last`.
 * @returns how many
 */
export async function deleteEventsBeyond(
  db: Database,
  people: { readonly after: string; readonly last: string },
  keep: number,
  limit: number,
): Promise<number> {
  // Null, so that nothing is older, where the person has fewer.
  const oldestKept = sql`(select kept.id from ${events} as kept where kept.user_id = ${users.id}
    order by kept.id desc limit 1 offset ${keep - 1})`;
  const beyond = db
    .select({ id: events.id })
    .from(users)
    // SQLite leaves the order of a cross join as it is written: `oldestKept` is found once a person, not once an event.
    .crossJoin(events)
    .where(
      and(
        gt(users.id, people.after),
        lte(users.id, people.last),
        eq(events.userId, users.id),
        sql`${events.id} < ${oldestKept}`,
      ),
    )
    .limit(limit);
  const deleted = await db.delete(events).where(inArray(events.id, beyond)).returning({ id: events.id });
  return deleted.length;
}
