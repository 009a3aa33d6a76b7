// Owns the rows of snapshots: which homes lie at the edge, and under which sealed keys.
// Must not know the objects that hold their bytes.

import { and, desc, eq, gt, gte, inArray, isNull, lt, ne, not, notInArray, or, sql } from "drizzle-orm";
import { podGoneReason } from "../shells/shell-record.ts";
import type { Database } from "./database.ts";
import { firstEventIdOf } from "./ids.ts";
import { events, shells, snapshots } from "./schema.ts";

export interface SnapshotRow {
  /** Sorts by time. */
  readonly id: string;
  readonly userId: string;
  readonly shellId: string;
  readonly sealedKey: string;
  readonly kid: string;
  /** Of the compressed archive, before it was sealed. */
  readonly bytes: number;
  /** Lower-case hex, of the same. */
  readonly sha256: string;
  readonly createdAt: Date;
}

/** Which pod of a shell may write: what a capability says of it. */
export interface WritingPod {
  readonly shellId: string;
  readonly podUid: string;
  readonly generation: number;
}

/** After a pod was found to be gone, what it sent before may still arrive for so long. */
const lastWordsMs = 5 * 60_000;

/**
 * The condition under which a pod is the shell's own and may report. When it was found to be gone is what the event says:
 * the record is written later too, by what this very pod reports.
 */
function isPodOf(pod: WritingPod, nowMs: number) {
  const runs = and(
    ne(shells.phase, "absent"),
    or(ne(shells.phase, "failed"), isNull(shells.reason), ne(shells.reason, podGoneReason)),
  );
  const endedOf = and(
    eq(events.userId, shells.userId),
    eq(events.shellId, shells.id),
    gte(events.id, firstEventIdOf(nowMs - lastWordsMs)),
    inArray(events.type, ["SHELL_STOPPED", "SHELL_FAILED"]),
  );
  return and(
    or(runs, sql`exists (select 1 from ${events} where ${endedOf})`),
    eq(shells.id, pod.shellId),
    eq(shells.podUid, pod.podUid),
    eq(shells.capabilityGeneration, pod.generation),
    ne(shells.desired, "deleted"),
  );
}

/** Whose shell it is, where the pod is that shell's own at this moment; null otherwise. */
export async function findOwner(db: Database, pod: WritingPod, nowMs: number): Promise<string | null> {
  const [row] = await db.select({ userId: shells.userId }).from(shells).where(isPodOf(pod, nowMs)).limit(1);
  return row?.userId ?? null;
}

/**
 * Writes the row if at this moment the pod still is the shell's. Again is no harm.
 * @returns false where it is not: nothing was written
 */
export async function insertSnapshot(
  db: Database,
  row: Omit<SnapshotRow, "userId">,
  pod: WritingPod,
  nowMs: number,
): Promise<boolean> {
  const source = db
    .select({
      id: sql<string>`${row.id}`.as("id"),
      userId: shells.userId,
      shellId: shells.id,
      sealedKey: sql<string>`${row.sealedKey}`.as("sealed_key"),
      kid: sql<string>`${row.kid}`.as("kid"),
      bytes: sql<number>`${row.bytes}`.as("bytes"),
      sha256: sql<string>`${row.sha256}`.as("sha256"),
      createdAt: sql<Date>`${row.createdAt.getTime()}`.as("created_at"),
    })
    .from(shells)
    .where(isPodOf(pod, nowMs));
  const written = await db.insert(snapshots).select(source).onConflictDoNothing().returning({ id: snapshots.id });
  return written.length > 0 || (await findSnapshot(db, row.id)) !== null;
}

export async function findSnapshot(db: Database, id: string): Promise<SnapshotRow | null> {
  const [row] = await db.select().from(snapshots).where(eq(snapshots.id, id)).limit(1);
  return row ?? null;
}

/** Null: there is none. */
export async function newestSnapshot(db: Database, shellId: string): Promise<SnapshotRow | null> {
  const [row] = await db
    .select()
    .from(snapshots)
    .where(eq(snapshots.shellId, shellId))
    .orderBy(desc(snapshots.id))
    .limit(1);
  return row ?? null;
}

/**
 * What a pod of this shell gets back: the newest one of before it was asked for. Those after are its own; where its home
 * was not put back at once, they are of a home that lacks it. Null: there is none at all.
 * @param startedAtMs when the pod was asked for (unix milliseconds)
 */
export async function snapshotToRestore(
  db: Database,
  shellId: string,
  startedAtMs: number,
): Promise<SnapshotRow | null> {
  const [row] = await db
    .select()
    .from(snapshots)
    .where(eq(snapshots.shellId, shellId))
    .orderBy(desc(lt(snapshots.createdAt, new Date(startedAtMs))), desc(snapshots.id))
    .limit(1);
  return row ?? null;
}

/**
 * Those of this shell beyond the newest `keep`, but for the newest one that was made before its present pod was asked for.
 * At most 90: a query of D1 has 100 parameters.
 */
export async function listOlderSnapshots(db: Database, shellId: string, keep: number): Promise<readonly string[]> {
  const ofShell = eq(snapshots.shellId, shellId);
  const newest = db.select({ id: snapshots.id }).from(snapshots).where(ofShell).orderBy(desc(snapshots.id)).limit(keep);
  const beforeThisPod = db
    .select({ id: snapshots.id })
    .from(snapshots)
    .innerJoin(shells, eq(shells.id, snapshots.shellId))
    .where(and(ofShell, lt(snapshots.createdAt, shells.startedAt)))
    .orderBy(desc(snapshots.id))
    .limit(1);
  const rows = await db
    .select({ id: snapshots.id })
    .from(snapshots)
    .where(and(ofShell, notInArray(snapshots.id, newest), notInArray(snapshots.id, beforeThisPod)))
    .orderBy(desc(snapshots.id))
    .limit(maxIds);
  return rows.map(({ id }) => id);
}

/**
 * At most `limit` (90) snapshots of before `beforeMs`. The newest one of a shell stays as long as the shell was to live
 * on after that moment: a home that does not change is not saved again, and is still the person's.
 */
export function listExpiredSnapshots(
  db: Database,
  beforeMs: number,
  limit: number,
): Promise<readonly { readonly id: string; readonly shellId: string }[]> {
  const newest = sql`(select max(other.id) from ${snapshots} as other where other.shell_id = ${snapshots.shellId})`;
  const inUse = sql`exists (select 1 from ${shells} where ${shells.id} = ${snapshots.shellId} and ${gte(shells.expiresAt, new Date(beforeMs))})`;
  return db
    .select({ id: snapshots.id, shellId: snapshots.shellId })
    .from(snapshots)
    .where(and(lt(snapshots.createdAt, new Date(beforeMs)), or(not(inUse), sql`${snapshots.id} <> ${newest}`)))
    .orderBy(snapshots.createdAt)
    .limit(Math.min(limit, maxIds));
}

/** Those of these snapshots (at most 90) that have a row and a shell. */
export async function listOwnedSnapshots(db: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .select({ id: snapshots.id })
    .from(snapshots)
    .innerJoin(shells, eq(shells.id, snapshots.shellId))
    .where(inArray(snapshots.id, [...ids]));
  return new Set(rows.map(({ id }) => id));
}

/** At most 90 at a time; those that are gone already are no harm. */
export async function deleteSnapshots(db: Database, ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await db.delete(snapshots).where(inArray(snapshots.id, [...ids]));
}

/** A statement: all rows of this shell go. */
export function deleteSnapshotsOf(db: Database, shellId: string) {
  return db.delete(snapshots).where(eq(snapshots.shellId, shellId));
}

/** At most `limit` rows whose content keys are sealed under another key than this one, in the order of their ids, after this one. */
export function listSnapshotsNotUnder(
  db: Database,
  kid: string,
  after: string,
  limit: number,
): Promise<readonly SnapshotRow[]> {
  return db
    .select()
    .from(snapshots)
    .where(and(ne(snapshots.kid, kid), gt(snapshots.id, after)))
    .orderBy(snapshots.id)
    .limit(limit);
}

/** @returns false where the row is gone, or was sealed anew by somebody else meanwhile */
export async function replaceSealedKey(
  db: Database,
  before: SnapshotRow,
  after: { readonly sealed: string; readonly kid: string },
): Promise<boolean> {
  const changed = await db
    .update(snapshots)
    .set({ sealedKey: after.sealed, kid: after.kid })
    .where(and(eq(snapshots.id, before.id), eq(snapshots.sealedKey, before.sealedKey)))
    .returning({ id: snapshots.id });
  return changed.length > 0;
}

/** Most ids in one statement. */
export const maxIds = 90;
