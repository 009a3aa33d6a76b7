// Owns letting snapshots go: beyond the newest three, after their time, with their shell, and objects that nobody knows.
// Must not know when this is called. An object always goes before its row: what is cut off in between is done again.

import { configOf } from "../config.ts";
import { readCursor, writeCursor } from "../db/cursors.ts";
import { type Database, openDatabase } from "../db/database.ts";
import {
  deleteSnapshots,
  deleteSnapshotsOf,
  listExpiredSnapshots,
  listOlderSnapshots,
  listOwnedSnapshots,
  maxIds,
} from "../db/snapshots.ts";
import { objectName, parseObjectName, shellPrefix } from "./snapshot-object.ts";

type Storage = Pick<Env, "DB" | "SNAPSHOTS">;

/** Most snapshots of one shell. */
const keptOfShell = 3;
/** An object without a row may be an upload that is just ending; no upload takes so long. */
const orphanAgeMs = 3_600_000;

/** The name of the last object that was looked at. */
const cursorName = "snapshot-objects";

/**
 * Lets all but the newest three of this shell go. The newest one of before its present pod stays beside them until its own
 * time is over: where that pod did not get its home back, what it saves must not push the whole one out.
 */
export async function keepNewest(env: Storage, shellId: string): Promise<void> {
  const db = openDatabase(env);
  const older = await listOlderSnapshots(db, shellId, keptOfShell);
  await remove(
    env,
    db,
    older.map((id) => ({ id, shellId })),
  );
}

/**
 * All of a deleted shell's, rows and objects, those of uploads that failed too. Again is no harm. Where the record still
 * is there it must say `deleted` before, so that no pod adds one meanwhile.
 */
export async function removeSnapshotsOf(env: Storage, shellId: string): Promise<void> {
  // What was deleted is not listed again, so each round asks for the first page.
  for (;;) {
    const { objects, truncated } = await env.SNAPSHOTS.list({ prefix: shellPrefix(shellId) });
    if (objects.length > 0) await env.SNAPSHOTS.delete(objects.map(({ key }) => key));
    if (!truncated) break;
  }
  await deleteSnapshotsOf(openDatabase(env), shellId);
}

export interface Expired {
  /** Snapshots whose time was over. */
  readonly expired: number;
  /** Objects that no snapshot of a living shell has. */
  readonly orphans: number;
  /** False: there may be more to do at once. */
  readonly done: boolean;
}

/**
 * One bounded round for the clock: lets at most `limit` (90) snapshots go that were made more than SAVE_KEEP_DAYS ago, and looks
 * at the next `limit` objects of the bucket for ones that belong to nobody and are older than an hour. Goes on where the
 * last round stopped.
 */
export async function expireSnapshots(env: Env, nowMs: number, limit: number): Promise<Expired> {
  const { keepMs } = configOf(env).save;
  const db = openDatabase(env);
  const bounded = Math.min(limit, maxIds);
  const expired = await listExpiredSnapshots(db, nowMs - keepMs, bounded);
  await remove(env, db, expired);
  const orphans = await removeOrphans(env, db, nowMs, bounded);
  return { expired: expired.length, orphans, done: expired.length < bounded };
}

async function removeOrphans(env: Storage, db: Database, nowMs: number, limit: number): Promise<number> {
  const after = await readCursor(db, cursorName);
  const page = await env.SNAPSHOTS.list({ limit, ...(after === null ? {} : { startAfter: after }) });
  const old = page.objects.filter(({ uploaded }) => uploaded.getTime() < nowMs - orphanAgeMs);
  // What has no name of ours is not ours: somebody gave the bucket a second use.
  const ours = old.flatMap(({ key }) => parseObjectName(key) ?? []);
  const owned = await listOwnedSnapshots(
    db,
    ours.map(({ id }) => id),
  );
  const orphans = ours.filter(({ id }) => !owned.has(id));
  await remove(env, db, orphans);
  const last = page.objects.at(-1)?.key;
  const next = page.truncated && last !== undefined ? last : null;
  if (next !== after) await writeCursor(db, cursorName, next, nowMs);
  return orphans.length;
}

async function remove(
  env: Storage,
  db: Database,
  which: readonly { readonly id: string; readonly shellId: string }[],
): Promise<void> {
  if (which.length === 0) return;
  await env.SNAPSHOTS.delete(which.map(({ id, shellId }) => objectName(shellId, id)));
  await deleteSnapshots(
    db,
    which.map(({ id }) => id),
  );
}
