// Owns the answer to "is this installation fit to serve?".
// Must not know the cluster: a cluster that is down does not make the edge unhealthy.

import { sql } from "drizzle-orm";
import type { AppContext } from "./context.ts";
import { openDatabase } from "./db/database.ts";
import { sessions } from "./db/schema.ts";
import { LimpetError } from "./errors.ts";
import { describeError, log } from "./log.ts";

/** `GET /healthz`: 200 when the configuration is right (checked before) and D1 answers with our tables. */
export async function checkHealth(c: AppContext): Promise<Response> {
  try {
    await openDatabase(c.env).select({ one: sql`1` }).from(sessions).limit(1);
  } catch (error) {
    log("error", "database-unfit", { requestId: c.get("requestId"), ...describeError(error) });
    throw new LimpetError("MISCONFIGURED", "D1 does not answer with Limpet's tables: apply the migrations.");
  }
  return c.json({ status: "ok" });
}
