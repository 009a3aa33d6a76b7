// Owns the proof that `npm run rotate` changes the key of a Limpet that runs: all of it is sealed anew, and people go on.
// Must not know how anything is sealed.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deployedRows } from "../../dev/rotate/deployed.ts";
import { openLocalRows } from "../../dev/rotate/local.ts";
import { countRows, findUnreadable } from "../../dev/rotate/sealed-rows.ts";
import { loadKeys } from "../../dev/start/keys.ts";
import { parseSealKeys, type SealKeys } from "../../worker/sealing/seal-keys.ts";
import { until } from "../browser/harness/until.ts";
import { LocalLimpet } from "./harness/local-limpet.ts";
import { Visitor } from "./harness/visitor.ts";

const root = resolve(import.meta.dirname, "../..");

async function keysOf(stateDir: string): Promise<SealKeys> {
  const keys = parseSealKeys(JSON.stringify((await loadKeys(stateDir)).seal));
  if (keys === null) throw new Error("there are no keys");
  return keys;
}

/** `npm run rotate` as a person types it. */
async function rotate(stateDir: string): Promise<{ readonly code: unknown; readonly said: string }> {
  const env = { ...process.env, LIMPET_STATE: stateDir };
  const child = spawn("node", ["dev/run.mjs", "rotate"], { cwd: root, stdio: ["ignore", "pipe", "pipe"], env });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
  }
  const [code]: unknown[] = await once(child, "close");
  return { code, said };
}

describe("a change of the key while Limpet runs", () => {
  let limpet: LocalLimpet;

  beforeAll(async () => {
    limpet = await LocalLimpet.create();
    await limpet.begin();
  });
  afterAll(() => limpet.dispose());

  test("reaches everything that is sealed; the shell and its person go on; the old key opens nothing more", async () => {
    const person = new Visitor(limpet.url);
    await person.signIn("ada");
    await person.ask("mutation { createShell { id } }", "createShell");
    const aws = `{ accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "${"x".repeat(40)}" }`;
    await person.ask(`mutation { setupShell(input: { aws: ${aws} }) { id } }`, "setupShell");
    const phase = () => person.ask("{ shell { phase } }", "shell");
    const ready = (seen: unknown) => JSON.stringify(seen).includes("READY");
    await until("the shell to be ready", phase, ready, { withinMs: 60_000, everyMs: 300 });

    const before = await keysOf(limpet.stateDir);
    const { code, said } = await rotate(limpet.stateDir);
    expect([code, said]).toEqual([0, expect.stringContaining("Done: everything is sealed under the new key.")]);
    const after = await keysOf(limpet.stateDir);
    expect(after.slice(1)).toEqual(before);

    const rows = await openLocalRows(limpet.stateDir);
    if (rows === null) throw new Error("there is no database");
    const counts = await countRows(rows.query);
    expect([...counts.keys()]).toEqual([after[0].kid]);
    expect(counts.get(after[0].kid)).toBeGreaterThanOrEqual(2);
    expect(await findUnreadable(rows.query, [after[0]], 10)).toEqual([]);
    expect(await findUnreadable(rows.query, before, 1)).toEqual([expect.stringContaining("SECRET_UNREADABLE")]);
    rows.close();

    // The same pod, asked through an edge that has the new key first.
    expect(ready(await phase())).toBe(true);
    await person.ask("mutation { setupShell(input: { aws: null }) { id } }", "setupShell");
  });

  test("is seen through wrangler as it would be at Cloudflare", async () => {
    const folder = mkdtempSync(join(tmpdir(), "limpet-wrangler-"));
    try {
      cpSync(join(limpet.stateDir, "edge/d1"), join(folder, "v3/d1"), { recursive: true });
      const query = deployedRows(root, ["--local", "--persist-to", folder]);
      const keys = await keysOf(limpet.stateDir);
      expect([...(await countRows(query)).keys()]).toEqual([keys[0].kid]);
      expect(await findUnreadable(query, keys, 10)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
