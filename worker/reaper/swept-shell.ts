// Owns what the reaper reads of a shell's record, and how it reads it: leniently, so that one bad row never stops the rest.
// Must not know what becomes of the shell.

import { and, asc, eq, gt, lte } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { shells } from "../db/schema.ts";

/** A record as the reaper looks at it. What cannot be read is null or stays as it is: such a shell is left to its object. */
export interface SweptShell {
  readonly userId: string;
  readonly podName: string;
  readonly podUid: string | null;
  readonly desired: string;
  readonly phase: string;
  /** Unix milliseconds. */
  readonly expiresAt: number | null;
  /** Unix milliseconds. */
  readonly updatedAt: number | null;
}

/** What is used of D1's own session (its type is known to Workers alone, and plain tests read this file's shapes). */
interface ReadSession {
  prepare(sql: string): {
    bind(...values: unknown[]): { all(): Promise<{ readonly results: Record<string, unknown>[] }> };
  };
}

/** Reads through one session of D1 that begins at the primary: a record that was written is seen. */
export class SweptShells {
  readonly #db: Database;
  readonly #session: ReadSession;

  /** `db` makes the queries, `session` carries them out. */
  constructor(db: Database, session: ReadSession) {
    this.#db = db;
    this.#session = session;
  }

  /** Shells that are wanted although their time was over before `beforeMs`, in the order of their people's ids. */
  listOverdue(beforeMs: number, afterUserId: string, limit: number): Promise<readonly SweptShell[]> {
    const overdue = and(
      eq(shells.desired, "present"),
      lte(shells.expiresAt, new Date(beforeMs)),
      gt(shells.userId, afterUserId),
    );
    return this.#read(this.#select().where(overdue).orderBy(asc(shells.userId)).limit(limit));
  }

  /** Records of people whose ids come after `from` and not after `to` (null: to the end), in that order. */
  listRange(from: string, to: string | null, limit: number): Promise<readonly SweptShell[]> {
    const range = to === null ? gt(shells.userId, from) : and(gt(shells.userId, from), lte(shells.userId, to));
    return this.#read(this.#select().where(range).orderBy(asc(shells.userId)).limit(limit));
  }

  /** Null where this person has no record. */
  async find(userId: string): Promise<SweptShell | null> {
    const [row] = await this.#read(this.#select().where(eq(shells.userId, userId)).limit(1));
    return row ?? null;
  }

  #select() {
    return this.#db
      .select({
        userId: shells.userId,
        podName: shells.podName,
        podUid: shells.podUid,
        desired: shells.desired,
        phase: shells.phase,
        expiresAt: shells.expiresAt,
        updatedAt: shells.updatedAt,
      })
      .from(shells)
      .$dynamic();
  }

  /** drizzle knows no sessions of D1: it writes the query, the session answers it. */
  async #read(query: { toSQL(): { sql: string; params: unknown[] } }): Promise<readonly SweptShell[]> {
    const { sql, params } = query.toSQL();
    const answer = await this.#session
      .prepare(sql)
      .bind(...params)
      .all();
    return answer.results.map(parseSwept);
  }
}

function parseSwept(row: Readonly<Record<string, unknown>>): SweptShell {
  const text = (name: string): string => String(row[name] ?? "");
  const time = (name: string): number | null => {
    const value = row[name];
    return typeof value === "number" && Number.isFinite(value) ? value : null;
  };
  return {
    userId: text("user_id"),
    podName: text("pod_name"),
    podUid: typeof row["pod_uid"] === "string" ? row["pod_uid"] : null,
    desired: text("desired"),
    phase: text("phase"),
    expiresAt: time("expires_at"),
    updatedAt: time("updated_at"),
  };
}
