// Owns the proof of the reaper at size: a thousand shells, pods that nobody has, others' pods, a cluster that fails.
// Must not know how the reaper works.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Pod } from "../../worker/kubernetes/pod.ts";
import { type Kind, type Population, populate, type Resident } from "./population.ts";
import { type Figures, reap } from "./reap.ts";
import { comeBack, settle, type WholeShell, workToTheEnd } from "./whole.ts";
import { until, World } from "./world.ts";

const wholeShells = 10;
const counts = {
  over: 440,
  "over-by-record": 50,
  living: 450,
  "over-by-label": 50,
  lost: 10,
  stopped: 10,
  finished: 10,
};
const total = { ...counts, orphans: 50, foreign: 20 };
/** On two idle cores it is two minutes; others may be at work beside it. */
const setUpMs = 600_000;
const percent = 5;
const seed = 20_261_123;

let world: World;
let whole: readonly WholeShell[];
let population: Population;
let figures: Figures;
let left: ReadonlyMap<string, Pod>;
let rows: ReadonlyMap<string, { readonly desired: string; readonly phase: string; readonly expiresAt: number }>;

beforeAll(async () => {
  world = await World.start();
  whole = await settle(world, wholeShells);
  population = await populate(world, total);
  const running = total.over + total["over-by-record"] + total.living + total["over-by-label"] + total.orphans;
  await until("all pods run", 60_000, async () => {
    const pods = await world.listPods();
    return pods.filter(({ phase }) => phase === "Running").length >= running;
  });
  await workToTheEnd(world, whole);
  figures = await reap(world, population, percent, seed);
  left = new Map((await world.listPods()).map((pod) => [pod.uid, pod]));
  rows = await readRows();
  report();
}, setUpMs);

afterAll(() => world?.close(), 240_000);

/** To stdout itself: what a test that passed says to the console is not shown. */
function report(): void {
  const over = whole.length + total.over + total["over-by-record"];
  const reaped = over + total.orphans;
  const { shellsMs, orphansMs, ticks, failedTicks, calls, struck } = figures;
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
  process.stdout.write(
    `reaped ${over} shells in ${seconds(shellsMs)} (${(shellsMs / over).toFixed(0)} ms each) and ${total.orphans} orphans in ` +
      `${seconds(orphansMs)}, of ${whole.length + population.shells.length + total.orphans}; ${ticks} ticks (${failedTicks} failed), ` +
      `${calls} calls to the cluster (${(calls / reaped).toFixed(1)} each, ${struck} struck)\n`,
  );
}

async function readRows() {
  const found = await world.edge.read("select user_id, desired, phase, expires_at from shells");
  return new Map(
    found.map(([userId, desired, phase, expiresAt]) => [
      String(userId),
      { desired: String(desired), phase: String(phase), expiresAt: Number(expiresAt) },
    ]),
  );
}

function of(...wanted: readonly Kind[]): readonly Resident[] {
  return population.shells.filter(({ kind }) => wanted.includes(kind));
}

test("the cluster did fail", () => {
  expect(figures.struck).toBeGreaterThan((figures.calls * percent) / 200);
});

test("none left over: shells whose time was over, and pods that nobody has", () => {
  const over = of("over", "over-by-record");
  expect(over.filter(({ uid }) => uid !== null && left.has(uid))).toEqual([]);
  expect(over.filter(({ userId }) => rows.get(userId)?.desired !== "stopped")).toEqual([]);
  expect(over.filter(({ userId }) => rows.get(userId)?.phase !== "absent")).toEqual([]);
  for (const { userId } of whole) expect(rows.get(userId)).toMatchObject({ desired: "stopped", phase: "absent" });
  expect(population.orphans.filter(({ uid }) => left.has(uid))).toEqual([]);
  expect(of("finished").filter(({ uid }) => uid !== null && left.has(uid))).toEqual([]);
});

test("none early: the same pods, the same records", () => {
  const living = of("living", "over-by-label");
  expect(living.filter(({ uid }) => uid === null || left.get(uid)?.deleting !== false)).toEqual([]);
  for (const { userId, expiresAt } of living) {
    expect(rows.get(userId), userId).toEqual({ desired: "present", phase: "ready", expiresAt });
  }
});

test("no foreign pod touched", () => {
  expect(population.foreign).toHaveLength(total.foreign);
  expect(population.foreign.filter(({ uid }) => left.get(uid)?.deleting !== false)).toEqual([]);
});

test("records without pods have learnt it, stopped ones stay", () => {
  expect(of("lost").map(({ userId }) => rows.get(userId)?.phase)).toEqual(of("lost").map(() => "failed"));
  for (const { userId, expiresAt } of of("stopped")) {
    expect(rows.get(userId)).toEqual({ desired: "stopped", phase: "absent", expiresAt });
  }
});

test("no work lost: whoever went had the time to save", () => {
  const went = [
    ...of("over", "over-by-record").map(({ podName }) => podName),
    ...population.orphans.map(({ name }) => name),
  ];
  const lost = went.filter((name) => !isSaved(name));
  expect(lost).toEqual([]);
});

test("no work lost: what was done in a whole shell is there when it is started again", async () => {
  expect(await comeBack(world, whole)).toEqual([]);
}, 180_000);

function isSaved(name: string): boolean {
  const file = join(world.savedDir, name);
  return existsSync(file) && readFileSync(file, "utf8") === `work of ${name}\n`;
}
