// Owns the rows of events: what happened to a person's shell, in the order in which it happened.
// Must not know how an event is shown.

import { and, desc, eq, lt } from "drizzle-orm";
import type { Database } from "./database.ts";
import { makeEventId } from "./ids.ts";
import { events } from "./schema.ts";

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
