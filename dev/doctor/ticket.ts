// Owns the ticket that opens one run: made here, its hash written into D1 by whoever may write there.
// Must not know what it opens.

import { createHash, randomBytes } from "node:crypto";
import { globSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deployedRows } from "../rotate/deployed.ts";

/** Carries one statement out in a D1. Rejects with the database's or wrangler's own words. */
export type WriteD1 = (sql: string) => Promise<unknown>;

/** From now on, by D1's clock: wrangler takes some seconds. */
const lifeMs = 5 * 60_000;
const busyMs = 5_000;

/** @returns the ticket: 256 random bits, base64url */
export async function writeTicket(write: WriteD1): Promise<string> {
  const ticket = randomBytes(32).toString("base64url");
  const id = createHash("sha256").update(ticket).digest("hex");
  await write(
    `insert into doctor_tickets (id, expires_at) values ('${id}', cast(unixepoch('subsec') * 1000 as integer) + ${lifeMs})`,
  );
  return ticket;
}

/** The D1 of wrangler.toml, at Cloudflare. */
export function remoteD1(root: string): WriteD1 {
  return deployedRows(root, ["--remote"]);
}

/** The one D1 whose files lie somewhere below `folder`, whether something has it open or not. */
export function localD1(folder: string): WriteD1 {
  return async (sql) => {
    for (const file of globSync(join(folder, "**/*.sqlite"))) {
      const database = new DatabaseSync(file, { timeout: busyMs });
      try {
        const table = database.prepare("select 1 from sqlite_master where type = 'table' and name = 'd1_migrations'");
        if (table.get() === undefined) continue;
        database.exec(sql);
        return;
      } finally {
        database.close();
      }
    }
    throw new Error(`there is no D1 of Limpet's below ${folder}`);
  };
}
