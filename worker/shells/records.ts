// Owns the rows of shells: reading, writing and dropping the one record that a person's shell has.
// Must not know why a record changes.

import { and, count, eq, isNotNull, isNull, ne, or } from "drizzle-orm";
import { type ShellPhase, shellPhases } from "../../durable/protocol/messages.ts";
import type { Database } from "../db/database.ts";
import { makeEventId } from "../db/ids.ts";
import { events, shells } from "../db/schema.ts";
import { putSecret, removeSecret, removeSecrets, type SecretRow } from "../db/secrets.ts";
import { deleteSnapshotsOf } from "../db/snapshots.ts";
import { podGoneReason, type ShellRecord } from "./shell-record.ts";
import { parseSetupCheck, type SecretName, type SetupCheck } from "./shell-setup.ts";

/** Null where the person has no shell. */
export async function findShell(db: Database, userId: string): Promise<ShellRecord | null> {
  const [row] = await db.select().from(shells).where(eq(shells.userId, userId)).limit(1);
  return row === undefined ? null : parseShell(row);
}

/** A line for the person's list of events. */
export interface ShellEventRow {
  readonly shellId: string;
  readonly type: string;
  readonly message: string;
}

export interface SecretChange {
  readonly put: readonly SecretRow[];
  readonly remove: readonly SecretName[];
}

/** What goes into D1 at once, or not at all. */
export interface ShellWrite {
  readonly userId: string;
  /** Written over whatever this person had; null: that is dropped. */
  readonly record: ShellRecord | null;
  readonly events: readonly ShellEventRow[];
  readonly secrets: SecretChange;
  /** The id of a shell that is no more: all secrets of before and its snapshots' rows go. */
  readonly forgotten: string | null;
}

export async function writeShell(db: Database, write: ShellWrite, nowMs: number): Promise<void> {
  const { userId, record, secrets, forgotten } = write;
  const createdAt = new Date(nowMs);
  const gone = forgotten === null ? [] : [removeSecrets(db, userId), deleteSnapshotsOf(db, forgotten)];
  const removed = secrets.remove.map((name) => removeSecret(db, userId, name));
  const given = secrets.put.map((row) => putSecret(db, row, nowMs));
  const lines = write.events.map(({ shellId, type, message }) =>
    db.insert(events).values({ shellId, type, message, id: makeEventId(nowMs), userId, createdAt }),
  );
  const row = record === null ? dropRow(db, userId) : saveRow(db, record, createdAt);
  await db.batch([row, ...gone, ...removed, ...given, ...lines]);
}

/**
 * How many shells of other people are to run, without those that failed and have no pod: they take a place when they are
 * begun again. Two that begin in the same instant may both find the last place free.
 */
export async function countRunning(db: Database, userId: string): Promise<number> {
  const runs = or(
    ne(shells.phase, "failed"),
    and(isNotNull(shells.podUid), or(isNull(shells.reason), ne(shells.reason, podGoneReason))),
  );
  const others = and(eq(shells.desired, "present"), runs, ne(shells.userId, userId));
  const [row] = await db.select({ running: count() }).from(shells).where(others);
  return row?.running ?? 0;
}

function dropRow(db: Database, userId: string) {
  return db.delete(shells).where(eq(shells.userId, userId));
}

function saveRow(db: Database, record: ShellRecord, updatedAt: Date) {
  const { conditions, setup, expiresAt, startedAt, createdAt, lastSavedAt, busyUntil, ...rest } = record;
  const row = {
    ...rest,
    ...conditions,
    setupReport: JSON.stringify(setup),
    busyUntil: busyUntil === null ? null : new Date(busyUntil),
    lastSavedAt: lastSavedAt === null ? null : new Date(lastSavedAt),
    expiresAt: new Date(expiresAt),
    startedAt: new Date(startedAt),
    createdAt: new Date(createdAt),
    updatedAt,
  };
  return db.insert(shells).values(row).onConflictDoUpdate({ target: shells.userId, set: row });
}

/** @throws Error where the row holds a word that this version does not know: a broken invariant. */
export function parseShell(row: typeof shells.$inferSelect): ShellRecord {
  if (!isPhase(row.phase)) throw new Error(`shell ${row.id}: unknown phase in its record`);
  if (row.desired !== "present" && row.desired !== "stopped" && row.desired !== "deleted")
    throw new Error(`shell ${row.id}: unknown wish in its record`);
  return {
    id: row.id,
    userId: row.userId,
    podName: row.podName,
    podUid: row.podUid,
    replacing: row.replacing,
    desired: row.desired,
    phase: row.phase,
    reason: row.reason,
    detail: row.detail,
    conditions: {
      initialized: row.initialized,
      podScheduled: row.podScheduled,
      containersReady: row.containersReady,
      ready: row.ready,
    },
    expiresAt: row.expiresAt.getTime(),
    startedAt: row.startedAt.getTime(),
    recreations: row.recreations,
    provider: row.provider,
    gitUrl: row.gitUrl,
    gitBranch: row.gitBranch,
    gitSignIn: row.gitSignIn,
    gitPublicKey: row.gitPublicKey,
    workspace: row.workspace,
    saveUpstream: row.saveUpstream,
    setupVersion: row.setupVersion,
    setUpFor: row.setUpFor,
    setup: parseSetupReport(row.setupReport),
    busyUntil: row.busyUntil?.getTime() ?? null,
    capabilityGeneration: row.capabilityGeneration,
    lastSavedAt: row.lastSavedAt?.getTime() ?? null,
    createdAt: row.createdAt.getTime(),
  };
}

/** @throws Error where it is not what this version writes: a broken invariant. */
function parseSetupReport(text: string | null): readonly SetupCheck[] {
  if (text === null) return [];
  const value: unknown = JSON.parse(text);
  const checks = Array.isArray(value) ? value.map(parseSetupCheck) : [null];
  if (!checks.every((check) => check !== null))
    throw new Error("a shell's record holds a report of set-up that is none");
  return checks;
}

function isPhase(word: string): word is ShellPhase {
  return shellPhases.some((phase) => phase === word);
}
