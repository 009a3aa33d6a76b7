// Owns what the page asks of the past: events, and the saved homes that can be downloaded.
// Must not know screens.

import { EventsDocument, SavesDocument } from "./generated.ts";
import { askGraphql, isFields } from "./graphql.ts";
import type { ApiResult } from "./result.ts";
import { listOf, textOrNull, timeOrNull } from "./shell.ts";

export interface ShellEvent {
  readonly id: string;
  /** `SHELL_READY`, `WORK_SAVED`, … */
  readonly type: string;
  readonly message: string;
  /** Unix milliseconds. */
  readonly at: number;
}

export interface EventPage {
  readonly events: readonly ShellEvent[];
  /** Asks for the older ones; `null`: there are none. */
  readonly next: string | null;
}

export interface Snapshot {
  readonly id: string;
  readonly bytes: number;
  /** Unix milliseconds. */
  readonly at: number;
  readonly url: string;
}

/** How many events are shown at a time. */
const pageLength = 30;

/** Newest first; `after`: `next` of the page before. */
export function askEvents(after: string | null): Promise<ApiResult<EventPage>> {
  return askGraphql(EventsDocument, { first: pageLength, after }, (data) => {
    const page = isFields(data) ? data["events"] : null;
    const info = isFields(page) ? page["pageInfo"] : null;
    if (!isFields(page) || !isFields(info)) return null;
    const events = listOf(page["edges"], ({ node }) => (isFields(node) ? parseEvent(node) : null));
    return { events, next: info["hasNextPage"] === true ? textOrNull(info["endCursor"]) : null };
  });
}

/** Newest first. */
export function askSnapshots(): Promise<ApiResult<readonly Snapshot[]>> {
  return askGraphql(SavesDocument, {}, (data) => {
    const shell = isFields(data) ? data["shell"] : null;
    if (!isFields(shell)) return [];
    return listOf(shell["snapshots"], ({ id, bytes, createdAt, downloadUrl: url }) => {
      const at = timeOrNull(createdAt);
      if (typeof id !== "string" || typeof bytes !== "number" || typeof url !== "string" || at === null) return null;
      return { id, bytes, at, url };
    });
  });
}

function parseEvent({ id, type, message, createdAt }: Readonly<Record<string, unknown>>): ShellEvent | null {
  const at = timeOrNull(createdAt);
  if (typeof id !== "string" || typeof type !== "string" || typeof message !== "string" || at === null) return null;
  return { id, type, message, at };
}
