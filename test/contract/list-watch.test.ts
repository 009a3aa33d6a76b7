// Owns what Limpet relies on of lists and watches: selectors, pages, versions, 410, bookmarks.
// Must not know which server it is held against.

import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubernetesObject } from "./kubernetes-object.ts";
import { manifest, newName, readyPod, removeAll, removePod } from "./pods.ts";
import { openTarget, type Target } from "./target.ts";

let target: Target;
const group = newName();
const names: string[] = [];

beforeAll(async () => {
  target = await openTarget();
  const made = [0, 1, 2, 3, 4].map((index) =>
    readyPod(target, {
      name: `${group}-${index}`,
      labels: { group, parity: index % 2 === 0 ? "even" : "odd" },
      grace: 1,
    }),
  );
  names.push(...(await Promise.all(made)));
});

afterAll(async () => {
  await removeAll(target);
  await target.close();
});

const select = (selector: string) => `labelSelector=${encodeURIComponent(selector)}`;
const list = (query: string) => target.client.call("GET", target.client.pods(`?${query}`));
const namesIn = (body: KubernetesObject): string[] => body.items.map(({ metadata }) => metadata.name);

test.each([
  ["group=GROUP", [0, 1, 2, 3, 4]],
  ["group=GROUP,parity=odd", [1, 3]],
  ["group=GROUP,parity!=odd", [0, 2, 4]],
  ["group=GROUP,parity in (odd,neither)", [1, 3]],
  ["group=GROUP,parity notin (odd)", [0, 2, 4]],
  ["group=GROUP,parity", [0, 1, 2, 3, 4]],
  ["group=GROUP,!parity", []],
])("labelSelector %s", async (selector, indexes) => {
  const { code, body } = await list(select(selector.replace("GROUP", group)));
  expect(code).toBe(200);
  expect(body).toMatchObject({ kind: "PodList", apiVersion: "v1" });
  expect(namesIn(body)).toEqual(indexes.map((index) => `${group}-${index}`));
});

test("a label selector that cannot be parsed is 400; so is an unknown field", async () => {
  expect((await list(select("a=(b"))).code).toBe(400);
  expect((await list("fieldSelector=spec.colour%3Dgreen")).code).toBe(400);
});

test("fieldSelector metadata.name finds one", async () => {
  expect(namesIn((await list(`fieldSelector=metadata.name%3D${names[2]}`)).body)).toEqual([names[2]]);
});

test("pages by limit and continue show the list as it was when it began", async () => {
  const query = `${select(`group=${group}`)}&limit=2`;
  const first = (await list(query)).body;
  expect(namesIn(first)).toEqual(names.slice(0, 2));
  const late = `${group}-9`;
  await target.client.call("POST", target.client.pods(), { body: manifest(target, { name: late, labels: { group } }) });
  const second = (await list(`${query}&continue=${encodeURIComponent(first.metadata.continue)}`)).body;
  expect(namesIn(second)).toEqual(names.slice(2, 4));
  const third = (await list(`${query}&continue=${encodeURIComponent(second.metadata.continue)}`)).body;
  expect(namesIn(third)).toEqual(names.slice(4));
  expect(third.metadata.continue ?? "").toBe("");
  expect(second.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  await removePod(target, late);
});

test("a continue token from long ago is 410 Expired; a broken one is 400", async () => {
  const token = { v: "meta.k8s.io/v1", rv: 1, start: `${names[0]}\0` };
  const old = await list(`limit=1&continue=${Buffer.from(JSON.stringify(token)).toString("base64url")}`);
  expect([old.code, old.body.reason]).toEqual([410, "Expired"]);
  expect((await list("limit=1&continue=nonsense")).code).toBe(400);
});

test("a watch without a version begins with what is there", async () => {
  const watch = await target.client.watch(target.client.pods(`?watch=true&${select(`group=${group}`)}`));
  for (const name of names) await watch.until(({ type, object }) => type === "ADDED" && object.metadata.name === name);
  watch.close();
});

test("a watch from a list's version misses nothing after it, and nothing before it comes", async () => {
  const { body } = await list(select(`group=${group}`));
  const name = names[0] ?? "";
  const contentType = "application/merge-patch+json";
  const label = (value: string | null) =>
    target.client.call("PATCH", target.client.pods(`/${name}`), {
      body: { metadata: { labels: { seen: value } } },
      contentType,
    });
  await label("once");
  const { resourceVersion } = body.metadata;
  const watch = await target.client.watch(
    target.client.pods(`?watch=true&resourceVersion=${resourceVersion}&${select(`group=${group}`)}`),
  );
  await label("twice");
  await watch.until(({ object }) => object.metadata.labels["seen"] === "twice");
  expect(watch.events.map(({ type, object }) => [type, object.metadata.labels["seen"]])).toEqual([
    ["MODIFIED", "once"],
    ["MODIFIED", "twice"],
  ]);
  watch.close();
});

test("an object that leaves the selection is DELETED from it, and ADDED when it enters", async () => {
  const { body } = await list(select(`group=${group}`));
  const query = `watch=true&resourceVersion=${body.metadata.resourceVersion}&${select("mood=bright")}`;
  const watch = await target.client.watch(target.client.pods(`?${query}`));
  const contentType = "application/merge-patch+json";
  for (const mood of ["bright", null]) {
    const change = { metadata: { labels: { mood } } };
    await target.client.call("PATCH", target.client.pods(`/${names[1]}`), { body: change, contentType });
  }
  await watch.until(({ type }) => type === "DELETED");
  expect(watch.events.map(({ type }) => type)).toEqual(["ADDED", "DELETED"]);
  watch.close();
});

test("a watch from a version of long ago: HTTP 200, then an ERROR event with code 410", async () => {
  const watch = await target.client.watch(target.client.pods("?watch=true&resourceVersion=1"));
  expect(watch.code).toBe(200);
  const { object } = await watch.until(({ type }) => type === "ERROR");
  expect(object).toMatchObject({ kind: "Status", status: "Failure", reason: "Expired", code: 410 });
  await watch.ended;
});

test("a watch from the future is silent", async () => {
  const { body } = await list("limit=1");
  const future = Number(body.metadata.resourceVersion) + 1_000_000;
  const path = target.client.pods(`?watch=true&resourceVersion=${future}&timeoutSeconds=1`);
  const watch = await target.client.watch(path);
  expect(watch.code).toBe(200);
  watch.close();
  expect(watch.events).toEqual([]);
});

test("timeoutSeconds ends a watch; with bookmarks allowed, what comes beside changes is a BOOKMARK with a version", async () => {
  const path = `?watch=true&allowWatchBookmarks=true&timeoutSeconds=3&${select("group=nobody-has-this")}`;
  const watch = await target.client.watch(target.client.pods(path));
  await watch.ended;
  for (const { type, object } of watch.events) {
    expect(type).toBe("BOOKMARK");
    expect(Number(object.metadata.resourceVersion)).toBeGreaterThan(0);
  }
});

test("sendInitialEvents: what is there, then a bookmark that says that this was all", async () => {
  const query = `watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`;
  const watch = await target.client.watch(target.client.pods(`?${query}&${select(`group=${group}`)}`));
  const { object } = await watch.until(({ type }) => type === "BOOKMARK");
  expect(object.metadata.annotations).toEqual({ "k8s.io/initial-events-end": "true" });
  const before = watch.events.slice(
    0,
    watch.events.findIndex(({ type }) => type === "BOOKMARK"),
  );
  expect(before.map(({ object: pod }) => pod.metadata.name).toSorted()).toEqual(names);
  watch.close();
});
