// Owns the tables of D1: the durable record of users, sign-in sessions, shells, sealed secrets, saves and events.
// Must not know who reads or writes them. Migrations are generated from this file (`npm run generate`).

import { sql } from "drizzle-orm";
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { shellPhases } from "../../durable/protocol/messages.ts";
import { cloudProviders, gitSignIns, secretNames } from "../shells/shell-setup.ts";

/** Whole milliseconds: without the cast SQLite keeps a fraction. */
const now = sql`(cast(unixepoch('subsec') * 1000 as integer))`;

const createdAt = integer("created_at", { mode: "timestamp_ms" }).notNull().default(now);

/** A person, known by (issuer, subject). `id` is random (20 lower-case base32 digits): pods and objects are named by it. */
export const users = sqliteTable(
  "users",
  {
    id: text("id").primaryKey(),
    issuer: text("issuer").notNull(),
    subject: text("subject").notNull(),
    name: text("name"),
    email: text("email"),
    createdAt,
  },
  (table) => [uniqueIndex("users_issuer_subject").on(table.issuer, table.subject)],
);

/** A sign-in session. `id` is the SHA-256 (hex) of the cookie's value: what D1 leaks opens nothing. */
export const sessions = sqliteTable(
  "sessions",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    createdAt,
    expiresAt: integer("expires_at", { mode: "timestamp_ms" }).notNull(),
    revokedAt: integer("revoked_at", { mode: "timestamp_ms" }),
    /** An administrator at the time of this sign-in: the groups are known only then. */
    administrator: integer("administrator", { mode: "boolean" }).notNull().default(false),
  },
  (table) => [
    index("sessions_user").on(table.userId),
    index("sessions_expires").on(table.expiresAt),
    index("sessions_revoked").on(table.revokedAt),
  ],
);

/**
 * A person's shell: what is wanted (`desired`), how it is to be set up, and what was last seen of its pod. One a person.
 * Written by the person's Durable Object alone. `stopped`: no pod, but the record, the secrets and the saves stay;
 * `deleted`: all of it goes once the pod is gone.
 */
export const shells = sqliteTable(
  "shells",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    podName: text("pod_name").notNull(),
    /** The uid of its last pod as the cluster gave it; null from when a pod is asked for until the cluster answered. */
    podUid: text("pod_uid"),
    /** The uid of a pod that is to end before a new one takes its place (a restart); null: none. */
    replacing: text("replacing"),
    desired: text("desired", { enum: ["present", "stopped", "deleted"] }).notNull(),
    phase: text("phase", { enum: shellPhases }).notNull(),
    reason: text("reason"),
    detail: text("detail"),
    initialized: integer("initialized", { mode: "boolean" }).notNull().default(false),
    podScheduled: integer("pod_scheduled", { mode: "boolean" }).notNull().default(false),
    containersReady: integer("containers_ready", { mode: "boolean" }).notNull().default(false),
    ready: integer("ready", { mode: "boolean" }).notNull().default(false),
    expiresAt: integer("expires_at", { mode: "timestamp_ms" }).notNull(),
    /** When its present pod was asked for: the longest life counts from here. */
    startedAt: integer("started_at", { mode: "timestamp_ms" }).notNull(),
    /** Pods that were made anew by themselves since one was last ready for a while: bounded. */
    recreations: integer("recreations").notNull().default(0),
    provider: text("provider", { enum: cloudProviders }),
    /** https or ssh, never with a password in it. */
    gitUrl: text("git_url"),
    gitBranch: text("git_branch"),
    /** How the pod signs in to the repository; null: not at all (a public one). */
    gitSignIn: text("git_sign_in", { enum: gitSignIns }),
    /** The public half of the deploy key or of the person's key, as one line of OpenSSH's. */
    gitPublicKey: text("git_public_key"),
    /** Folder of the repository below the home; null: named as the repository is. */
    workspace: text("workspace"),
    /** Whether work in progress may be pushed to the connected repository (refs/limpet/wip/…). */
    saveUpstream: integer("save_upstream", { mode: "boolean" }).notNull().default(true),
    /** Raised with each change that `setup` must carry into the pod. */
    setupVersion: integer("setup_version").notNull().default(0),
    /** What `setup` was last carried out for: `POD_UID/RESTARTS/SETUP_VERSION`; null: for nothing. */
    setUpFor: text("set_up_for"),
    /** What `setup` said, as JSON: a list of SetupCheck. */
    setupReport: text("setup_report"),
    /** Until then its pod is taken to have a job at work in it, unless it says otherwise; null: it has none. */
    busyUntil: integer("busy_until", { mode: "timestamp_ms" }),
    /** A capability of an earlier generation opens nothing (worker/pod-api/capability.ts). */
    capabilityGeneration: integer("capability_generation").notNull().default(0),
    lastSavedAt: integer("last_saved_at", { mode: "timestamp_ms" }),
    createdAt,
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }).notNull().default(now),
  },
  (table) => [
    uniqueIndex("shells_user").on(table.userId),
    index("shells_expires").on(table.expiresAt),
    index("shells_desired").on(table.desired),
  ],
);

/** What only the pod may know, sealed (JWE, compact). It can be replaced and removed, never read back. */
export const secrets = sqliteTable(
  "secrets",
  {
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    name: text("name", { enum: secretNames }).notNull(),
    /** The JWE; its protected header names the key (`kid`). */
    sealed: text("sealed").notNull(),
    /** The same `kid` again, so that what is to be sealed anew can be found. */
    kid: text("kid").notNull(),
    createdAt,
  },
  (table) => [primaryKey({ columns: [table.userId, table.name] }), index("secrets_kid").on(table.kid)],
);

/** One snapshot of a home at the edge: its bytes lie in R2, sealed under a key of its own, which is sealed here. */
export const snapshots = sqliteTable(
  "snapshots",
  {
    /** Sorts by time; also the object's name in R2: `SHELL_ID/ID`. */
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    shellId: text("shell_id").notNull(),
    /** The content key as a JWE. */
    sealedKey: text("sealed_key").notNull(),
    kid: text("kid").notNull(),
    /** Of the compressed archive, before it was sealed. */
    bytes: integer("bytes").notNull(),
    /** Lower-case hex, of the same. */
    sha256: text("sha256").notNull(),
    createdAt,
  },
  (table) => [
    index("snapshots_shell").on(table.shellId, table.id),
    index("snapshots_kid").on(table.kid),
    index("snapshots_created").on(table.createdAt),
  ],
);

/** Who may do a thing that only one may do at a time, and until when. */
export const leases = sqliteTable("leases", {
  name: text("name").primaryKey(),
  holder: text("holder").notNull(),
  until: integer("until", { mode: "timestamp_ms" }).notNull(),
});

/** Opens one run of the doctor. `id` is the SHA-256 (hex) of the ticket: whoever may write here may look at everything. */
export const doctorTickets = sqliteTable("doctor_tickets", {
  id: text("id").primaryKey(),
  expiresAt: integer("expires_at", { mode: "timestamp_ms" }).notNull(),
});

/** How far a bounded sweep has got: the next run of the clock goes on from here. */
export const cursors = sqliteTable("cursors", {
  name: text("name").primaryKey(),
  /** What it means is the sweep's own. */
  value: text("value").notNull(),
  updatedAt: integer("updated_at", { mode: "timestamp_ms" }).notNull().default(now),
});

/** What happened to a person's shell, in plain words. Rows sort by `id` (a time-ordered random id). */
export const events = sqliteTable(
  "events",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    shellId: text("shell_id"),
    /** `SIGNED_IN`, `SHELL_CREATED`, `SHELL_READY`, `SHELL_FAILED`, `WORK_SAVED`, `SHELL_DELETED`, … */
    type: text("type").notNull(),
    message: text("message").notNull(),
    createdAt,
  },
  (table) => [index("events_user").on(table.userId, table.id)],
);
