// Owns what a person may read of what is kept for them: which secrets there are and since when, which snapshots.
// Must not know what is in them.

import { and, asc, desc, eq, ne } from "drizzle-orm";
import type { SecretName } from "../shells/shell-setup.ts";
import type { Database } from "./database.ts";
import { secrets, snapshots } from "./schema.ts";

/** That a secret is kept. The key of a shell's own MACs is nobody's to give, and is not told. */
export interface KeptSecret {
  readonly kind: Exclude<SecretName, "save-key">;
  readonly setAt: Date;
}

export interface KeptSnapshot {
  readonly id: string;
  /** Of the compressed archive. */
  readonly bytes: number;
  readonly createdAt: Date;
}

/** More than are ever kept of one shell. */
const mostSnapshots = 20;

/** By name. */
export async function listKeptSecrets(db: Database, userId: string): Promise<readonly KeptSecret[]> {
  const rows = await db
    .select({ name: secrets.name, createdAt: secrets.createdAt })
    .from(secrets)
    .where(and(eq(secrets.userId, userId), ne(secrets.name, "save-key")))
    .orderBy(asc(secrets.name));
  return rows.flatMap(({ name, createdAt }) => (name === "save-key" ? [] : [{ kind: name, setAt: createdAt }]));
}

/** Of this shell and this person, newest first. */
export function listKeptSnapshots(db: Database, userId: string, shellId: string): Promise<readonly KeptSnapshot[]> {
  return db
    .select({ id: snapshots.id, bytes: snapshots.bytes, createdAt: snapshots.createdAt })
    .from(snapshots)
    .where(and(eq(snapshots.shellId, shellId), eq(snapshots.userId, userId)))
    .orderBy(desc(snapshots.id))
    .limit(mostSnapshots);
}
