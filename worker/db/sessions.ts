// Owns the rows of sign-in sessions.
// Must not know cookies: a session is named here by the hash of its secret.

import { and, desc, eq, gt, inArray, isNull, lte, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { sessions, users } from "./schema.ts";
import type { User } from "./users.ts";

/** A session that is good now. */
export interface Session {
  /** SHA-256 of the cookie's value, lower-case hex. */
  readonly id: string;
  readonly expiresAt: Date;
  /** As it was decided at this sign-in. */
  readonly administrator: boolean;
  readonly user: User;
}

export async function insertSession(
  db: Database,
  row: { readonly id: string; readonly userId: string; readonly expiresAt: Date; readonly administrator?: boolean },
): Promise<void> {
  await db.insert(sessions).values(row);
}

/** The session, unless it is unknown, revoked or over. */
export async function findSession(db: Database, id: string, nowMs: number): Promise<Session | null> {
  const [row] = await db
    .select({
      id: sessions.id,
      expiresAt: sessions.expiresAt,
      administrator: sessions.administrator,
      user: { id: users.id, name: users.name, email: users.email },
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, id), isNull(sessions.revokedAt), gt(sessions.expiresAt, new Date(nowMs))))
    .limit(1);
  return row ?? null;
}

/** Those of these sessions that are good now. At most 99 at a time: a query of D1 has 100 parameters. */
export async function listGoodSessions(db: Database, ids: readonly string[], nowMs: number): Promise<Set<string>> {
  const rows = await db
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(inArray(sessions.id, ids), isNull(sessions.revokedAt), gt(sessions.expiresAt, new Date(nowMs))));
  return new Set(rows.map(({ id }) => id));
}

/** Revokes it; again is no harm, and keeps the first moment. @returns whose it is, or `null` where there is none. */
export async function revokeSession(db: Database, id: string, nowMs: number): Promise<string | null> {
  const [row] = await db
    .update(sessions)
    .set({ revokedAt: sql`coalesce(${sessions.revokedAt}, ${nowMs})` })
    .where(eq(sessions.id, id))
    .returning({ userId: sessions.userId });
  return row?.userId ?? null;
}

/** Sessions that were revoked after `afterMs`, the newest first, and whose they were. */
export function listRevokedSessions(
  db: Database,
  afterMs: number,
  limit: number,
): Promise<readonly { readonly id: string; readonly userId: string }[]> {
  return db
    .select({ id: sessions.id, userId: sessions.userId })
    .from(sessions)
    .where(gt(sessions.revokedAt, new Date(afterMs)))
    .orderBy(desc(sessions.revokedAt))
    .limit(limit);
}

/** Deletes at most `limit` sessions that ended before `beforeMs`. @returns how many. */
export async function deleteEndedSessions(db: Database, beforeMs: number, limit: number): Promise<number> {
  const ended = db
    .select({ id: sessions.id })
    .from(sessions)
    .where(lte(sessions.expiresAt, new Date(beforeMs)))
    .limit(limit);
  const deleted = await db.delete(sessions).where(inArray(sessions.id, ended)).returning({ id: sessions.id });
  return deleted.length;
}
