// Owns watches: a stream of changes as lines of JSON.
// Must not know what the objects are.

import type { ServerResponse } from "node:http";
import type { Change, ObjectStore, StoredObject } from "../store/object-store.ts";
import type { Selector } from "./list.ts";
import { badRequest, expired, type Refusal } from "./status.ts";

export interface WatchRequest<T> {
  readonly store: ObjectStore<T & StoredObject>;
  readonly namespace: string;
  readonly kind: string;
  readonly query: URLSearchParams;
  readonly selector: Selector<T>;
}

const bookmarkEveryMs = 60_000;
/** Without a wish the API server picks 30 to 60 minutes. */
const shortestMs = 30 * 60_000;
/** A client that lets this much wait is cut off, as by the API server. */
const longestBacklogBytes = 1024 * 1024;

/** Answers 200 at once and streams until the time is over or the client goes; a Refusal comes before any byte. */
export function watchObjects<T extends StoredObject>(
  request: WatchRequest<T>,
  response: ServerResponse,
): Refusal | undefined {
  const { store, namespace, kind, query, selector } = request;
  const given = query.get("resourceVersion") ?? "";
  const since = given === "" ? 0 : Number(given);
  if (!Number.isSafeInteger(since) || since < 0) return badRequest(`invalid resource version "${given}"`);
  const seconds = Number(query.get("timeoutSeconds") ?? 0);
  const bookmarks = isTrue(query.get("allowWatchBookmarks"));
  const initial = isTrue(query.get("sendInitialEvents"));

  response.writeHead(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  response.flushHeaders();
  const send = (type: string, object: unknown) => {
    response.write(`${JSON.stringify({ type, object })}\n`);
    if (response.writableLength > longestBacklogBytes) response.destroy();
  };
  const bookmark = (annotations?: Readonly<Record<string, string>>) => {
    const metadata = {
      resourceVersion: String(store.revision),
      creationTimestamp: null,
      ...(annotations && { annotations }),
    };
    send("BOOKMARK", { kind, apiVersion: "v1", metadata });
  };

  if (since === 0 || initial) {
    for (const object of store.list(namespace).filter(selector)) send("ADDED", object);
    if (initial && bookmarks) bookmark({ "k8s.io/initial-events-end": "true" });
  } else {
    const missed = store.changesAfter(since);
    if (missed === "expired") {
      send("ERROR", expired(`too old resource version: ${since} (${store.revision})`).status);
      response.end();
      return undefined;
    }
    for (const change of missed) sendChange(change);
  }
  const unsubscribe = store.subscribe(sendChange);
  const ticker = bookmarks ? setInterval(bookmark, bookmarkEveryMs) : undefined;
  const lifeMs = seconds > 0 ? seconds * 1_000 : shortestMs * (1 + Math.random());
  const timer = setTimeout(
    () => {
      if (bookmarks) bookmark();
      response.end();
    },
    Math.min(lifeMs, 2 ** 31 - 1),
  );
  response.once("close", () => {
    unsubscribe();
    clearInterval(ticker);
    clearTimeout(timer);
  });
  return undefined;

  /** A change that takes an object into or out of the selection is an ADDED or DELETED of it. */
  function sendChange({ type, object, previous, revision }: Change<T>): void {
    if (object.metadata.namespace !== namespace || revision <= since) return;
    const was = previous !== undefined && selector(previous);
    const is = type !== "DELETED" && selector(object);
    if (is) send(was ? "MODIFIED" : "ADDED", object);
    else if (was) send("DELETED", object);
  }
}

function isTrue(value: string | null): boolean {
  return value === "true" || value === "1";
}
