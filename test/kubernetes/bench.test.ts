// Owns the proof that the benchmark on a real Kubernetes gives every row that it promises, in one short round.
// Must not know what is fast enough: a machine that others share says nothing of that.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeEach, expect, test } from "vitest";
import { field, listOf } from "./harness/json.ts";
import { needsOwnKubernetes, openOwnKubernetes } from "./harness/kubernetes.ts";

const root = resolve(import.meta.dirname, "../..");
const roundMs = 300_000;

const [direct, bare, limpet] = [
  "direct exec, attached tmux",
  "direct exec, bare shell",
  "Limpet: edge, ingress, API server, pod",
];
const wanted = [
  ...["echo p50", "echo p95", "echo p99"].flatMap((what) => [
    `${what}, ${direct}, ms`,
    `${what}, ${limpet}, ms`,
    `${what}, Limpet / direct, ×`,
  ]),
  ...[bare, direct, limpet].map((way) => `printed until its end is seen, ${way}, MB/s`),
  ...["created", "scheduled", "sandbox", "started", "ready", "set up", "prompt"].map((part) => `click to, ${part}, ms`),
];

beforeEach(needsOwnKubernetes);

test("one round has every figure", { timeout: roundMs + 30_000 }, async () => {
  const own = await openOwnKubernetes();
  const folder = await mkdtemp(join(tmpdir(), "limpet-figures-"));
  const json = join(folder, "figures.json");
  const args = ["bench/main.ts", "--kubernetes", "--rounds", "1", "--megabytes", "2", "--json", json];
  const env = { ...process.env, LIMPET_KUBERNETES: own?.path };
  try {
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env, timeout: roundMs });
    // Past vitest, which shows what tests print only where they fail.
    process.stdout.write(`\nOne round of the benchmark on a real Kubernetes\n${stdout}`);
    const rows = listOf(JSON.parse(await readFile(json, "utf8")), "rows");
    expect(rows.map((row) => `${field(row, "what")}, ${field(row, "way")}, ${field(row, "unit")}`)).toEqual(wanted);
    // JSON has no number that is not finite: NaN and Infinity arrive as null.
    expect(rows.filter((row) => !(Number(field(row, "value")) > 0))).toEqual([]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
