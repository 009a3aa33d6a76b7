// Owns sealing anew what lies under an older key, a bounded batch at a time.
// Must not know when it is called. A row is written only where it still is what was read, so it can be cut off anywhere.

import { configOf } from "../config.ts";
import { readCursor, writeCursor } from "../db/cursors.ts";
import { type Database, openDatabase } from "../db/database.ts";
import { listSecretsNotUnder, replaceSealed } from "../db/secrets.ts";
import { listSnapshotsNotUnder, replaceSealedKey } from "../db/snapshots.ts";
import { LimpetError } from "../errors.ts";
import { contentKeySeal } from "../snapshots/snapshot-object.ts";
import { resealBytes, type Seal, type Sealed } from "./seal.ts";
import type { SealKeys } from "./seal-keys.ts";

export interface Resealed {
  /** Rows that are under the first key now and were not before. */
  readonly resealed: number;
  /** Rows that could not be opened, each once, as `SECRET_UNREADABLE` says it. They stay as they are. */
  readonly unreadable: readonly string[];
  /** False: there is more to do at once. */
  readonly done: boolean;
}

interface Row {
  /** Where it stands in the order of all rows. */
  readonly place: string;
  readonly seal: Seal;
  readonly sealed: string;
  readonly write: (sealed: Sealed) => Promise<boolean>;
}

/** How far the present round has got: `secret USER NAME` or `snapshot ID`. */
const cursorName = "reseal";

/**
 * Seals at most `limit` secrets and content keys of snapshots anew under the first key of SEAL_KEYS. Rows that do not open
 * (their key is missing or wrong, or they are damaged) are told of and passed over; a next round comes to them again.
 */
export async function resealBatch(env: Env, limit: number): Promise<Resealed> {
  const { sealKeys } = configOf(env);
  const db = openDatabase(env);
  const after = await readCursor(db, cursorName);
  const rows = await listRows(db, sealKeys, after ?? "", limit);
  const unreadable: string[] = [];
  let resealed = 0;
  for (const { seal, sealed, write } of rows) {
    try {
      if (await write(await resealBytes(sealKeys, seal, sealed))) resealed += 1;
    } catch (error) {
      if (!(error instanceof LimpetError)) throw error;
      unreadable.push(error.message);
    }
  }
  const last = rows.length === limit ? (rows.at(-1)?.place ?? null) : null;
  if (last !== after) await writeCursor(db, cursorName, last, Date.now());
  return { resealed, unreadable, done: last === null };
}

async function listRows(db: Database, keys: SealKeys, after: string, limit: number): Promise<readonly Row[]> {
  const { kid } = keys[0];
  const [table, first = "", second = ""] = after.split(" ");
  const secrets =
    table === "snapshot" ? [] : await listSecretsNotUnder(db, kid, { userId: first, name: second }, limit);
  const rows: Row[] = secrets.map((row) => ({
    place: `secret ${row.userId} ${row.name}`,
    seal: { owner: row.userId, name: row.name },
    sealed: row.sealed,
    write: (sealed) => replaceSealed(db, row, sealed),
  }));
  if (rows.length === limit) return rows;
  const snapshots = await listSnapshotsNotUnder(db, kid, table === "snapshot" ? first : "", limit - rows.length);
  for (const row of snapshots) {
    rows.push({
      place: `snapshot ${row.id}`,
      seal: contentKeySeal(row.userId, row.id),
      sealed: row.sealedKey,
      write: (sealed) => replaceSealedKey(db, row, sealed),
    });
  }
  return rows;
}
