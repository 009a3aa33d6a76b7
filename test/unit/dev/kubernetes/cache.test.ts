// Owns the promises of the cache of the real Kubernetes: made once, whole or not at all, and cleaned up.

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import {
  cacheFolder,
  contentKey,
  mostOfKind,
  removeUnused,
  unusedMs,
} from "../../../../dev/kubernetes/cache/cache-folder.ts";
import { madeOnce } from "../../../../dev/kubernetes/cache/made-once.ts";

let cache: string;

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "limpet-cache-"));
});

afterEach(() => rmSync(cache, { recursive: true, force: true }));

const key = (text: string) => contentKey([text]);

test("the cache is where XDG says, and a relative path there does not count", () => {
  expect(cacheFolder({ XDG_CACHE_HOME: "/var/cache/me" })).toBe("/var/cache/me/limpet/kubernetes");
  for (const wrong of ["", "cache", "./cache", undefined]) {
    expect(cacheFolder({ XDG_CACHE_HOME: wrong })).toMatch(/^\/.*\/\.cache\/limpet\/kubernetes$/);
  }
});

test("a key tells parts apart by content, order and boundaries", () => {
  const keys = [["ab", "c"], ["a", "bc"], ["c", "ab"], ["abc"], ["ab", "c", ""]].map(contentKey);
  expect(new Set(keys).size).toBe(keys.length);
  expect(contentKey(["ä"])).toBe(contentKey([Buffer.from("ä")]));
});

test("what is there is not made again; two at once make it once", async () => {
  let made = 0;
  const make = async (folder: string) => {
    made++;
    await new Promise((resolve) => setTimeout(resolve, 50));
    writeFileSync(join(folder, "file"), String(made));
  };
  const [first, second] = await Promise.all([1, 2].map(() => madeOnce("thing-", key("a"), make, cache)));
  const third = await madeOnce("thing-", key("a"), make, cache);
  expect([second, third]).toEqual([first, first]);
  expect(readFileSync(join(third, "file"), "utf8")).toBe("1");
});

test("what fails leaves nothing, and can be tried again; leftovers of one that was killed go", async () => {
  const fail = madeOnce(
    "thing-",
    key("a"),
    (folder) => {
      writeFileSync(join(folder, "half"), "");
      return Promise.reject(new Error("no space left"));
    },
    cache,
  );
  await expect(fail).rejects.toThrow("no space left");
  expect(readdirSync(cache)).toEqual([]);
  const folder = await madeOnce("thing-", key("a"), async (making) => writeFileSync(join(making, "whole"), ""), cache);
  expect(readdirSync(folder)).toEqual(["whole"]);
});

test("what nobody used for two weeks goes when something of its kind is made; nothing else does", async () => {
  const make = async () => {};
  const [old, fresh, other] = [
    await madeOnce("thing-", key("old"), make, cache),
    await madeOnce("thing-", key("fresh"), make, cache),
    await madeOnce("other-", key("old"), make, cache),
  ];
  writeFileSync(join(cache, "thing-notes"), "");
  const longAgo = (Date.now() - unusedMs - 60_000) / 1000;
  for (const path of [old, other, join(cache, "thing-notes")]) utimesSync(path, longAgo, longAgo);
  // In use again: it stays, though it is as old.
  utimesSync(fresh, longAgo, longAgo);
  await madeOnce("thing-", key("fresh"), make, cache);
  const made = await madeOnce("thing-", key("new"), make, cache);
  expect([old, fresh, other, made].map((path) => existsSync(path))).toEqual([false, true, true, true]);
  expect(existsSync(join(cache, "thing-notes"))).toBe(true);
});

test("of many of a kind those that were used last stay, and whatever was used this hour", async () => {
  const nowMs = Date.now();
  const ages = [1, 10, 100, 200, 300, 30, 40].map((minutes, index) => ({
    minutes,
    name: `thing-${key(String(index))}`,
  }));
  for (const { minutes, name } of ages) {
    const folder = await madeOnce("thing-", name.replace("thing-", ""), async () => {}, cache);
    utimesSync(folder, nowMs / 1000 - minutes * 60, nowMs / 1000 - minutes * 60);
  }
  await removeUnused(cache, "thing-", nowMs);
  const left = ages.filter(({ name }) => existsSync(join(cache, name))).map(({ minutes }) => minutes);
  expect(left.toSorted((a, b) => a - b)).toEqual([1, 10, 30, 40]);
  expect(left).toHaveLength(mostOfKind);
  for (const { name } of ages) rmSync(join(cache, name), { recursive: true, force: true });
  for (let index = 0; index < mostOfKind + 2; index++)
    await madeOnce("thing-", key(`new ${index}`), async () => {}, cache);
  expect(readdirSync(cache)).toHaveLength(mostOfKind + 2);
});
