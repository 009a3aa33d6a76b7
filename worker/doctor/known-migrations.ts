// Owns which migrations this Worker was built with.
// Must not know what they do, nor any D1.

import journal from "../../migrations/meta/_journal.json" with { type: "json" };

/** Names as `wrangler d1 migrations apply` writes them down, oldest first. */
export const knownMigrations: readonly string[] = journal.entries.map(({ tag }) => `${tag}.sql`);
