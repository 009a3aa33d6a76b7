// Owns the tables of D1: the durable record of users, sign-in sessions, shells and events.
// Must not know who reads or writes them. Migrations are generated from this file (`npm run generate`).

import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { shellPhases } from "../../durable/protocol/messages.ts";

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
  },
  (table) => [
    index("sessions_user").on(table.userId),
    index("sessions_expires").on(table.expiresAt),
    index("sessions_revoked").on(table.revokedAt),
  ],
);

/** A person's shell: what is wanted (`desired`) and what was last seen of its pod. One a person. */
export const shells = sqliteTable(
  "shells",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    podName: text("pod_name").notNull(),
    /** The pod's uid as the cluster gave it; null until it answered. */
    podUid: text("pod_uid"),
    desired: text("desired", { enum: ["present", "absent"] }).notNull(),
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
    createdAt,
    updatedAt: integer("updated_at", { mode: "timestamp_ms" }).notNull().default(now),
  },
  (table) => [uniqueIndex("shells_user").on(table.userId), index("shells_expires").on(table.expiresAt)],
);

/** What happened to a person's shell, in plain words. Rows sort by `id` (a time-ordered random id). */
export const events = sqliteTable(
  "events",
  {
    id: text("id").primaryKey(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id, { onDelete: "cascade" }),
    shellId: text("shell_id"),
    /** `SIGNED_IN`, `SHELL_CREATED`, `SHELL_READY`, `SHELL_FAILED`, `SHELL_DELETED`, … */
    type: text("type").notNull(),
    message: text("message").notNull(),
    createdAt,
  },
  (table) => [index("events_user").on(table.userId, table.id)],
);
