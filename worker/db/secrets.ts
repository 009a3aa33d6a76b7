// Owns the rows of sealed secrets. What changes them are statements, so that a batch can carry them with a shell's record.
// Must not know how they are sealed.

import { and, eq, ne, sql } from "drizzle-orm";
import type { SecretName } from "../shells/shell-setup.ts";
import type { Database } from "./database.ts";
import { secrets } from "./schema.ts";

/** A secret as it is kept. */
export interface SecretRow {
  readonly userId: string;
  readonly name: SecretName;
  readonly sealed: string;
  readonly kid: string;
}

/** A statement: takes the place of what this person had under this name. */
export function putSecret(db: Database, row: SecretRow, nowMs: number) {
  const { sealed, kid } = row;
  const createdAt = new Date(nowMs);
  return db
    .insert(secrets)
    .values({ ...row, createdAt })
    .onConflictDoUpdate({ target: [secrets.userId, secrets.name], set: { sealed, kid, createdAt } });
}

/** A statement: the row goes; where there is none, nothing happens. */
export function removeSecret(db: Database, userId: string, name: SecretName) {
  return db.delete(secrets).where(and(eq(secrets.userId, userId), eq(secrets.name, name)));
}

/** A statement: all of this person's go. */
export function removeSecrets(db: Database, userId: string) {
  return db.delete(secrets).where(eq(secrets.userId, userId));
}

/** Which secrets this person has given, without what is in them. */
export async function listSecretNames(db: Database, userId: string): Promise<ReadonlySet<SecretName>> {
  const rows = await db.select({ name: secrets.name }).from(secrets).where(eq(secrets.userId, userId));
  return new Set(rows.map(({ name }) => name));
}

/** One row a name at most. */
export function readSecrets(db: Database, userId: string): Promise<readonly SecretRow[]> {
  return db.select(columns).from(secrets).where(eq(secrets.userId, userId));
}

/** At most `limit` rows that are sealed under another key than this one, in the order of (userId, name), after this one. */
export function listSecretsNotUnder(
  db: Database,
  kid: string,
  after: { readonly userId: string; readonly name: string },
  limit: number,
): Promise<readonly SecretRow[]> {
  const later = sql`(${secrets.userId}, ${secrets.name}) > (${after.userId}, ${after.name})`;
  return db
    .select(columns)
    .from(secrets)
    .where(and(ne(secrets.kid, kid), later))
    .orderBy(secrets.userId, secrets.name)
    .limit(limit);
}

const columns = { userId: secrets.userId, name: secrets.name, sealed: secrets.sealed, kid: secrets.kid };

/** @returns false where the row is not what it was when it was read: somebody gave a new secret meanwhile */
export async function replaceSealed(
  db: Database,
  before: SecretRow,
  after: Pick<SecretRow, "sealed" | "kid">,
): Promise<boolean> {
  const changed = await db
    .update(secrets)
    .set({ sealed: after.sealed, kid: after.kid })
    .where(and(eq(secrets.userId, before.userId), eq(secrets.name, before.name), eq(secrets.sealed, before.sealed)))
    .returning({ name: secrets.name });
  return changed.length > 0;
}
