// Owns the local cluster's history: versions, changes since, lists of the past, forgetting.
// Must not know pods.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ObjectStore, type StoredObject } from "../../../dev/cluster/store/object-store.ts";
import { Revisions } from "../../../dev/cluster/store/revisions.ts";

interface Thing extends StoredObject {
  readonly value: number;
}

let directory: string;
let store: ObjectStore<Thing>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "limpet-store-"));
  store = new ObjectStore(new Revisions(join(directory, "revision")));
});

afterEach(() => {
  vi.useRealTimers();
  rmSync(directory, { recursive: true });
});

const thing = (name: string, value = 0, namespace = "a"): Thing => ({
  apiVersion: "v1",
  kind: "Thing",
  metadata: { name, namespace, uid: name, resourceVersion: "", creationTimestamp: "" },
  value,
});
const set = (value: number) => (current: Thing) => ({ ...current, value });
const shown = (things: readonly Thing[] | "expired") =>
  things === "expired" ? things : things.map(({ metadata, value }) => `${metadata.name}=${value}`);

test("every change has a higher version, and an object that nobody changed keeps its own", () => {
  const one = store.add(thing("one"));
  const changed = store.update("a", "one", set(1));
  expect(Number(changed?.metadata.resourceVersion)).toBe(Number(one.metadata.resourceVersion) + 1);
  expect(store.update("a", "one", (current) => current)).toBe(changed);
  expect(store.update("a", "none", set(1))).toBeUndefined();
  expect(store.remove("a", "none")).toBeUndefined();
  const removed = store.remove("a", "one");
  expect(Number(removed?.metadata.resourceVersion)).toBe(store.revision);
  expect(one.value).toBe(0);
});

test("the list of any version is what it was then", () => {
  const versions: [number, string[]][] = [];
  const note = () =>
    versions.push([store.revision, store.list("a").map(({ metadata, value }) => `${metadata.name}=${value}`)]);
  note();
  store.add(thing("b", 1));
  note();
  store.add(thing("a", 1));
  note();
  store.add(thing("c", 1, "elsewhere"));
  store.update("a", "b", set(2));
  note();
  store.remove("a", "b");
  note();
  store.add(thing("b", 3));
  note();
  for (const [version, list] of versions) expect(shown(store.listAt("a", version))).toEqual(list);
});

test("changes since a version are all of them, in order; from the future there are none", () => {
  store.add(thing("a"));
  const { revision } = store;
  store.update("a", "a", set(1));
  store.remove("a", "a");
  const changes = store.changesAfter(revision);
  expect(changes !== "expired" && changes.map(({ type }) => type)).toEqual(["MODIFIED", "DELETED"]);
  expect(store.changesAfter(revision + 1_000)).toEqual([]);
});

test("what is older than the history is expired: by number, by age, by wish", () => {
  vi.useFakeTimers({ now: 0 });
  const start = store.revision;
  store.add(thing("a"));
  expect(store.changesAfter(start)).toHaveLength(1);
  vi.setSystemTime(5 * 60_000 + 1);
  expect(store.changesAfter(start)).toBe("expired");
  expect(store.changesAfter(store.revision)).toEqual([]);

  const { revision } = store;
  for (let value = 1; value <= 2_001; value += 1) store.update("a", "a", set(value));
  expect(store.changesAfter(revision)).toBe("expired");
  expect(store.changesAfter(revision + 1)).toHaveLength(2_000);
  store.forgetHistory();
  expect(store.listAt("a", store.revision - 1)).toBe("expired");
});

test("versions go on after a restart, and none is given out twice", () => {
  store.add(thing("a"));
  const file = join(directory, "revision");
  const next = new Revisions(file);
  expect(next.current).toBeGreaterThanOrEqual(store.revision);
  const first = next.next();
  expect(first).toBeGreaterThan(store.revision);
  expect(new Revisions(file).current).toBeGreaterThanOrEqual(first);
});
