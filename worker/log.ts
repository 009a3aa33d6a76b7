// Owns the shape of a log line: one JSON object, so that the platform's log can be searched by field.
// Must not know where lines go. No line holds a cookie, token, code, secret or terminal byte: fields are named one by one.

import { DrizzleQueryError } from "drizzle-orm/errors";

export type LogFields = Readonly<Record<string, string | number | boolean | null>>;

export function log(level: "info" | "warn" | "error", event: string, fields: LogFields = {}): void {
  console[level](JSON.stringify({ level, event, ...fields }));
}

/**
 * What is safe to say of an unexpected error: its class, message and place, never its cause, which may quote a peer.
 * drizzle writes a query's parameters into its message; of those the query and the database's own words are left.
 */
export function describeError(error: unknown): LogFields {
  if (!(error instanceof Error)) return { error: "a value that is no Error was thrown" };
  // The lines before the first place repeat the message.
  const stack = /^ {4}at .*/ms.exec(error.stack ?? "")?.[0] ?? null;
  if (error instanceof DrizzleQueryError) {
    return { error: `${error.name}: ${error.cause?.message ?? "no cause"}`, query: error.query, stack };
  }
  return { error: `${error.name}: ${error.message}`, stack };
}
