// Owns what a resolver may reach: this person, their records, their object. Nothing of another person's.
// Must not know HTTP.

import type { Database } from "../db/database.ts";
import type { Session } from "../db/sessions.ts";
import type { ShellObject, ShellView } from "../shells/shell-object.ts";

export interface ApiContext {
  readonly requestId: string;
  readonly session: Session;
  readonly db: Database;
  /** The person's Durable Object: every change goes through it. */
  readonly object: Pick<ShellObject, "createShell" | "rebootShell" | "deleteShell">;
  /** The shell as recorded in D1; `null` where there is none. */
  readonly readShell: () => Promise<ShellView | null>;
}
