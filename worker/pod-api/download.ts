// Owns the owner's way to a snapshot of their home.
// Must not know how it was made.

import type { AppContext } from "../context.ts";
import { openDatabase } from "../db/database.ts";
import { isEventId } from "../db/ids.ts";
import { findSnapshot } from "../db/snapshots.ts";
import { LimpetError } from "../errors.ts";
import { openSnapshot } from "../snapshots/open.ts";

/**
 * `GET /api/shell/snapshots/:id`, with the session's cookie: the archive as a file to be kept. Another person's is not
 * told from one that never was.
 */
export async function downloadSnapshot(c: AppContext): Promise<Response> {
  const id = c.req.param("id") ?? "";
  const row = isEventId(id) ? await findSnapshot(openDatabase(c.env), id) : null;
  if (row === null || row.userId !== c.get("session").user.id) {
    throw new LimpetError(
      "SNAPSHOT_NOT_FOUND",
      "You have no such snapshot (any more): the last three of a shell are kept.",
    );
  }
  const archive = await openSnapshot(c.env, c.get("config").sealKeys, row);
  return c.body(archive, 200, {
    "content-type": "application/gzip",
    "content-disposition": `attachment; filename="${fileName(row.createdAt)}"`,
    "cache-control": "no-store",
  });
}

/** `limpet-home-2026-11-23-1405.tar.gz`, in UTC. */
function fileName(at: Date): string {
  return `limpet-home-${at.toISOString().slice(0, 16).replace("T", "-").replace(":", "")}.tar.gz`;
}
