// Owns that the connected repository is saved upstream before all else, and that what cannot go there goes with the home.
// Must not know what a repository's save holds.

import { renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fileIn, Home, namesIn } from "./home.ts";
import { PodEdge } from "./pod-edge.ts";

let edge: PodEdge;
let home: Home;
let url: string;

/** A shell whose connected repository was cloned to ~/work, with something in it to save. */
beforeEach(async () => {
  edge = await PodEdge.start();
  home = new Home(edge);
  url = join(home.root, "upstream.git");
  home.repository("seed", { ".gitignore": "*.tfstate\n", "main.tf": "terraform {}\n" });
  home.sh(`git clone -q --bare seed '${url}' && rm -rf seed && git clone -q '${url}' work`);
  home.write("work/new.tf", "new\n");
  home.write("work/prod.tfstate", "state");
  connect(true);
});
afterEach(async () => {
  home.close();
  await edge.close();
});

const connect = (saveUpstream: boolean): void =>
  home.configure(edge, { git: { url, workspace: "work", saveUpstream } });
const wip = (): string => home.sh(`git -C '${url}' for-each-ref --format='%(refname)' refs/limpet`);
const bundled = (): readonly string[] =>
  namesIn(edge.newest)
    .filter((name) => name.endsWith(".path"))
    .map((name) => fileIn(edge.newest, name).toString());

test("upstream first, then the home, and a receipt of each", async () => {
  const { code, words, last } = await home.save();
  expect(code).toBe(0);
  expect(words.map(({ type, kind, name }) => [type, kind, name])).toEqual([
    ["part", "upstream", "work"],
    ["part", "edge", ""],
    ["receipt", undefined, undefined],
  ]);
  expect(last).toMatchObject({ upstream: { state: "saved" }, edge: { state: "saved" } });
  expect(edge.receipts.map(({ kind, state }) => [kind, state])).toEqual([
    ["upstream", "saved"],
    ["edge", "saved"],
  ]);
  expect(wip()).toMatch(/^refs\/limpet\/wip\/s0123456789\/[0-9a-f]{16}\n$/);
  expect(bundled()).toEqual([]);
  expect(namesIn(edge.newest)).toContain("home/work/prod.tfstate");

  const uploads = edge.snapshots.size;
  const again = await home.save();
  expect(again.last).toMatchObject({ upstream: { state: "unchanged" }, edge: { state: "unchanged" } });
  expect(edge.snapshots.size).toBe(uploads);
  // Said once more that all is saved, then not each time.
  const told = edge.receipts.length;
  await home.save();
  expect(edge.receipts).toHaveLength(told);
  expect((await home.save("--last")).code).toBe(0);
  expect(edge.receipts).toHaveLength(told + 2);
});

test("where the host cannot be reached the work goes with the home, until it can", async () => {
  renameSync(url, `${url}.away`);
  const { code, last } = await home.save();
  expect(code).toBe(1);
  expect(last).toMatchObject({ upstream: { state: "failed" }, edge: { state: "saved" } });
  expect(bundled()).toEqual(["work"]);
  renameSync(`${url}.away`, url);
  expect((await home.save()).last).toMatchObject({ upstream: { state: "saved" }, edge: { state: "saved" } });
  expect(bundled()).toEqual([]);
  // The bundle that was taken away is made anew.
  renameSync(url, `${url}.away`);
  home.write("work/newer.tf", "newer\n");
  await home.save();
  expect(bundled()).toEqual(["work"]);
});

test("where saving upstream is off nothing is pushed, and the work is in the snapshot", async () => {
  connect(false);
  const { last } = await home.save();
  expect(last).toMatchObject({ upstream: null, edge: { state: "saved" } });
  expect(wip()).toBe("");
  expect(bundled()).toEqual(["work"]);
});

test("another clone of the connected repository, and any other repository, goes with the home", async () => {
  home.sh(`git clone -q '${url}' again`);
  home.write("again/mine.tf", "mine\n");
  home.repository("lab");
  await home.save();
  expect(bundled().toSorted()).toEqual(["again", "lab"]);
});

test("an edge that is down does not keep the work from going upstream", async () => {
  connect(true);
  home.configure(edge, { edgeUrl: "http://127.0.0.1:1", git: { url, workspace: "work", saveUpstream: true } });
  const { code, last } = await home.save("--budget", "16");
  expect(code).toBe(1);
  expect(last).toMatchObject({ upstream: { state: "saved" }, edge: { state: "failed" } });
  expect(wip()).toContain("refs/limpet/wip/");
});
