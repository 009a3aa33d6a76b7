// Owns the proof of `npm run doctor` as a person types it: on a Limpet that runs here, with something wrong, and without one.
// Must not know the checks but for a few names.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, globSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localD1, writeTicket } from "../../dev/doctor/ticket.ts";
import { deployedRows } from "../../dev/rotate/deployed.ts";
import { ClusterFaults } from "../browser/harness/cluster-faults.ts";
import { until } from "../browser/harness/until.ts";
import { LocalLimpet } from "./harness/local-limpet.ts";
import { Visitor } from "./harness/visitor.ts";

const root = resolve(import.meta.dirname, "../..");

interface Ended {
  readonly code: unknown;
  readonly said: string;
}

function begin(stateDir: string, args: readonly string[]): { readonly pid: number; readonly ended: Promise<Ended> } {
  const env = { ...process.env, LIMPET_STATE: stateDir };
  const child = spawn("node", ["dev/doctor/main.ts", ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"], env });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const ended = once(child, "close").then(([code]: unknown[]) => ({ code, said }));
  return { pid: child.pid ?? 0, ended };
}

/** The state of each check by its id, as `--json` gives them. */
function statesIn(said: string): Readonly<Record<string, string>> {
  const value: { readonly checks: readonly { readonly id: string; readonly state: string }[] } = JSON.parse(said);
  return Object.fromEntries(value.checks.map(({ id, state }) => [id, state]));
}

/** Whether a run is under way at the edge. */
function isUnderWay(stateDir: string): boolean {
  const [file] = globSync(join(stateDir, "edge/d1/**/*.sqlite")).filter((name) => !name.endsWith("metadata.sqlite"));
  if (file === undefined) throw new Error("there is no D1");
  const database = new DatabaseSync(file, { readOnly: true });
  const held = database.prepare("select 1 from leases where name = 'doctor'").get() !== undefined;
  database.close();
  return held;
}

describe("npm run doctor", () => {
  /** The pods of this cluster, each a folder: nobody has a shell here. */
  const probes = () => globSync(join(limpet.stateDir, "cluster/pods/*"));
  let limpet: LocalLimpet;
  let faults: ClusterFaults;

  beforeAll(async () => {
    limpet = await LocalLimpet.create({ LIMPET_VARS_ADMIN_EMAILS: "root@localhost" });
    await limpet.begin();
    faults = new ClusterFaults(join(limpet.stateDir, "run.json"));
  });
  afterAll(() => limpet.dispose());

  test("tells of each link in a line, and ends with 0 where all of them hold", async () => {
    const { code, said } = await begin(limpet.stateDir, []).ended;
    expect([code, said]).toEqual([
      0,
      expect.stringMatching(/^\d\d are right, (1 wants a look, )?2 were not looked at\.$/m),
    ]);
    const lines = said.trim().split("\n");
    expect(lines[0]).toBe(`The doctor looks at ${limpet.url} …`);
    expect(lines.filter((line) => /^✓ /.test(line)).length).toBeGreaterThan(25);
    expect(said).toContain(`✓ Pod to edge        The pod reaches Limpet at http://127.0.0.1:${limpet.port}.`);
    // Nobody's terminal is there to be drawn on.
    expect(said.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });

  test("says what is wrong and what to do, and ends with 1", async () => {
    await faults.add({ type: "no-wall", wall: "pod-security" });
    await faults.add({ type: "no-wall", wall: "policy" });
    await faults.add({ type: "crash-loop" });
    const [shown, json] = [await begin(limpet.stateDir, []).ended, await begin(limpet.stateDir, ["--json"]).ended];
    await faults.clear();
    expect([shown.code, json.code]).toEqual([1, 1]);
    expect(shown.said).toMatch(/^✗ Pod Security {7}A PRIVILEGED POD WOULD BE ACCEPTED.*\n {21}→ Apply cluster\/base/m);
    expect(shown.said).toMatch(/^– Set-up {13}Not looked at: it needs “Start”/m);
    expect(statesIn(json.said)).toMatchObject({
      "pod-security": "failed",
      policy: "failed",
      start: "failed",
      ending: "ok",
    });
  });

  test("of an address and a D1 that are named", async () => {
    const args = [limpet.url, "--local-d1", limpet.stateDir, "--json", "--repository", "http://127.0.0.1:1/a.git"];
    const { code, said } = await begin("/nonexistent", args).ended;
    expect([code, statesIn(said)]).toEqual([1, expect.objectContaining({ git: "failed", "pod-to-edge": "ok" })]);
  });

  test("given up, it takes its pod with it", async () => {
    await faults.add({ type: "slow-start", delayMs: 60_000 });
    const run = begin(limpet.stateDir, []);
    const look = () => isUnderWay(limpet.stateDir);
    await until("the run to be under way", look, (held) => held);
    // Until it has a pod that it waits for.
    await until("the probe pod", probes, (names) => names.length > 0);
    process.kill(run.pid, "SIGINT");
    expect((await run.ended).code).toBe(1);
    await until("the run to end at the edge as well", look, (held) => !held, { withinMs: 30_000 });
    expect(probes()).toEqual([]);
    await faults.clear();
  });

  test("an administrator's page that is closed ends the run too", async () => {
    await faults.add({ type: "slow-start", delayMs: 60_000 });
    const person = new Visitor(limpet.url);
    await person.signIn("root");
    const gone = new AbortController();
    const headers = { "content-type": "application/json", accept: "text/event-stream", origin: limpet.url };
    const body = JSON.stringify({ query: "subscription { doctor { id } }" });
    const answer = await person.fetch("/graphql", { method: "POST", headers, body, signal: gone.signal });
    expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
    await until("the probe pod", probes, (names) => names.length > 0);
    gone.abort();
    await until(
      "the run to end",
      () => isUnderWay(limpet.stateDir),
      (held) => !held,
      { withinMs: 30_000 },
    );
    expect(probes()).toEqual([]);
    await faults.clear();
  });

  test("of a Limpet that does not run, or of another D1, it says so", async () => {
    const folder = mkdtempSync(join(tmpdir(), "limpet-doctor-"));
    try {
      const none = await begin(folder, []).ended;
      expect(none).toEqual({ code: 1, said: expect.stringContaining("Limpet does not run here: npm start first") });
      const empty = await begin(folder, [limpet.url, "--local-d1", folder]).ended;
      expect([empty.code, empty.said]).toEqual([1, expect.stringMatching(/^✗ Ticket .*no D1 of Limpet's below/m)]);
      cpSync(join(limpet.stateDir, "edge/d1"), join(folder, "d1"), { recursive: true });
      const other = await begin(folder, [limpet.url, "--local-d1", folder]).ended;
      expect([other.code, other.said]).toEqual([1, expect.stringMatching(/^✗ Edge .*does not know the ticket/m)]);
      await localD1(folder)("drop table doctor_tickets");
      const older = await begin(folder, [limpet.url, "--local-d1", folder]).ended;
      expect([older.code, older.said]).toEqual([
        1,
        expect.stringMatching(/^✗ Ticket .*migrations were not all applied/m),
      ]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("writes its ticket through wrangler as it would at Cloudflare", async () => {
    const folder = mkdtempSync(join(tmpdir(), "limpet-wrangler-"));
    try {
      cpSync(join(limpet.stateDir, "edge/d1"), join(folder, "v3/d1"), { recursive: true });
      const wrangler = deployedRows(root, ["--local", "--persist-to", folder]);
      const ticket = await writeTicket(wrangler);
      expect(ticket).toMatch(/^[\w-]{43}$/);
      const rows = await wrangler(
        "select id, expires_at - cast(unixepoch('subsec') * 1000 as integer) as life from doctor_tickets",
      );
      const [row]: unknown[] = [...rows];
      expect(row).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(JSON.stringify(rows)).not.toContain(ticket);
      expect(Number(Reflect.get(Object(row), "life"))).toBeGreaterThan(200_000);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
