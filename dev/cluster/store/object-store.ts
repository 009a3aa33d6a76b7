// Owns versioned objects of one resource: their history, snapshots of the past and who wants to hear of changes.
// Must not know HTTP, processes or the disk.

import type { Revisions } from "./revisions.ts";

/** `metav1.ObjectMeta`, as far as this server writes it. Times are RFC 3339 in whole seconds. */
export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation?: number;
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly generateName?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface StoredObject {
  readonly apiVersion: "v1";
  readonly kind: string;
  readonly metadata: Metadata;
}

export interface Change<T> {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly revision: number;
  readonly object: T;
  /** The object before the change; undefined for ADDED. */
  readonly previous: T | undefined;
  readonly atMs: number;
}

/** The API server's watch cache and etcd's compaction keep about this much. */
const historyAgeMs = 5 * 60_000;
const historyLength = 2_000;

const keyOf = (namespace: string, name: string): string => `${namespace}/${name}`;

/** Objects are never changed in place: whoever holds one holds that version. */
export class ObjectStore<T extends StoredObject> {
  readonly #revisions: Revisions;
  readonly #objects = new Map<string, T>();
  readonly #listeners = new Set<(change: Change<T>) => void>();
  #history: Change<T>[] = [];
  /** Changes up to this revision are forgotten. */
  #compacted: number;

  constructor(revisions: Revisions) {
    this.#revisions = revisions;
    this.#compacted = revisions.current;
  }

  /** The newest revision of any resource. */
  get revision(): number {
    return this.#revisions.current;
  }

  get(namespace: string, name: string): T | undefined {
    return this.#objects.get(keyOf(namespace, name));
  }

  /** In the order of the API's lists: by namespace and name. */
  list(namespace: string): readonly T[] {
    return sorted([...this.#objects.values()].filter((object) => object.metadata.namespace === namespace));
  }

  all(): readonly T[] {
    return [...this.#objects.values()];
  }

  /** Adds it under a new revision, which the object that is given back carries. */
  add(object: T): T {
    return this.#record("ADDED", object, undefined);
  }

  /** Replaces the object by what `change` makes of it. Undefined where it is gone; nothing happens where nothing changes. */
  update(namespace: string, name: string, change: (current: T) => T): T | undefined {
    const current = this.get(namespace, name);
    if (current === undefined) return undefined;
    const next = change(current);
    return next === current ? current : this.#record("MODIFIED", next, current);
  }

  /** Removes it. The object that is given back carries the revision of its removal. */
  remove(namespace: string, name: string): T | undefined {
    const current = this.get(namespace, name);
    return current === undefined ? undefined : this.#record("DELETED", current, current);
  }

  /** What happened after `revision`; "expired" where that is no longer known. A revision from the future: nothing yet. */
  changesAfter(revision: number): readonly Change<T>[] | "expired" {
    this.#compact();
    if (revision < this.#compacted) return "expired";
    return this.#history.filter((change) => change.revision > revision);
  }

  /** The list as it was at `revision`: newer changes are undone one by one. */
  listAt(namespace: string, revision: number): readonly T[] | "expired" {
    const newer = this.changesAfter(revision);
    if (newer === "expired") return newer;
    const objects = new Map(this.#objects);
    for (const change of newer.toReversed()) {
      const key = keyOf(change.object.metadata.namespace, change.object.metadata.name);
      if (change.previous === undefined) objects.delete(key);
      else objects.set(key, change.previous);
    }
    return sorted([...objects.values()].filter((object) => object.metadata.namespace === namespace));
  }

  /** Calls `listener` with every change from now on, in order, within the change itself. */
  subscribe(listener: (change: Change<T>) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets all history, as a compaction does: what watches from before now gets 410. */
  forgetHistory(): void {
    this.#history = [];
    this.#compacted = this.#revisions.current;
  }

  #record(type: Change<T>["type"], object: T, previous: T | undefined): T {
    const revision = this.#revisions.next();
    const stored: T = { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
    const key = keyOf(stored.metadata.namespace, stored.metadata.name);
    if (type === "DELETED") this.#objects.delete(key);
    else this.#objects.set(key, stored);
    const change: Change<T> = { type, revision, object: stored, previous, atMs: Date.now() };
    this.#history.push(change);
    this.#compact();
    for (const listener of [...this.#listeners]) listener(change);
    return stored;
  }

  #compact(): void {
    const oldest = Date.now() - historyAgeMs;
    let drop = Math.max(0, this.#history.length - historyLength);
    while ((this.#history[drop]?.atMs ?? Number.POSITIVE_INFINITY) < oldest) drop += 1;
    if (drop === 0) return;
    this.#compacted = this.#history[drop - 1]?.revision ?? this.#compacted;
    this.#history = this.#history.slice(drop);
  }
}

function sorted<T extends StoredObject>(objects: T[]): readonly T[] {
  const key = (object: T) => keyOf(object.metadata.namespace, object.metadata.name);
  return objects.sort((left, right) => (key(left) < key(right) ? -1 : 1));
}
