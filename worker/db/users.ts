// Owns the rows of people.
// Must not know how a person proved who they are, nor whether they may come in.

import { gt } from "drizzle-orm";
import type { Database } from "./database.ts";
import { makeUserId } from "./ids.ts";
import { users } from "./schema.ts";

export interface User {
  readonly id: string;
  readonly name: string | null;
  readonly email: string | null;
}

/** Who the issuer says a person is. */
export interface Person {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string | null;
  readonly email: string | null;
}

/** Finds the user of (issuer, subject) or makes one; name and address become the newest known. One statement. */
export async function upsertUser(db: Database, person: Person): Promise<User> {
  const [row] = await db
    .insert(users)
    .values({ id: makeUserId(), ...person })
    .onConflictDoUpdate({
      target: [users.issuer, users.subject],
      set: { name: person.name, email: person.email },
    })
    .returning({ id: users.id, name: users.name, email: users.email });
  if (row === undefined) throw new Error("an upsert of a user returned no row");
  return row;
}

/** At most `limit` people's ids, in their order, after this one. */
export async function listUserIds(db: Database, after: string, limit: number): Promise<readonly string[]> {
  const rows = await db.select({ id: users.id }).from(users).where(gt(users.id, after)).orderBy(users.id).limit(limit);
  return rows.map(({ id }) => id);
}
