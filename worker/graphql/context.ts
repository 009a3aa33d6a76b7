// Owns what a resolver may reach: this person, their records, their object; and, for administrators, everybody's shells and the doctor.
// Must not know HTTP.

import type { Database } from "../db/database.ts";
import type { KeptSecret, KeptSnapshot } from "../db/kept.ts";
import type { Session } from "../db/sessions.ts";
import type { User } from "../db/users.ts";
import type { CheckReport } from "../doctor/check.ts";
import type { ShellObject, ShellView } from "../shells/shell-object.ts";

/** What a mutation may ask of the person's Durable Object. */
export type ShellChanges = Pick<
  ShellObject,
  | "createShell"
  | "updateShell"
  | "setupShell"
  | "rebootShell"
  | "restartShell"
  | "stopShell"
  | "extendShell"
  | "deleteShell"
>;

/** A shell and whose it is. */
export interface OwnedShell extends ShellView {
  readonly owner: User;
}

export interface ApiContext {
  readonly requestId: string;
  readonly session: Session;
  readonly db: Database;
  /** Origin that people reach Limpet at. */
  readonly publicUrl: string;
  /** Locally a repository may be on this machine, and over http. */
  readonly local: boolean;
  /** False: this installation never pushes work to anybody's repository. */
  readonly maySaveUpstream: boolean;
  /** Every change goes through it. */
  readonly object: ShellChanges;
  /** The shell as recorded in D1; null where there is none. */
  readonly readShell: () => Promise<ShellView | null>;
  /** At most `limit` shells of anybody, by id, behind `after`. Whether the person may see them is the resolver's part. */
  readonly listShells: (limit: number, after: string | null) => Promise<readonly OwnedShell[]>;
  readonly listSecrets: () => Promise<readonly KeptSecret[]>;
  readonly listSnapshots: (shellId: string) => Promise<readonly KeptSnapshot[]>;
  /** A run of the doctor. Whether the person may see it is the resolver's part. */
  readonly beginDoctor: (repository: string | null) => Promise<AsyncIterableIterator<CheckReport>>;
}
