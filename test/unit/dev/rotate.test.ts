// Owns the proof that a change of the key that seals secrets can be cut off at any step, and starts only when all of it opens.
// Must not know Cloudflare: what needs an account is not proved here.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseAnswer } from "../../../dev/rotate/deployed.ts";
import { daysOld, makeSealKey, parseKeptKeys, readKeyFile, writeKeyFile } from "../../../dev/rotate/key-file.ts";
import {
  asSecret,
  type KeptKey,
  planRotation,
  type RowsByKey,
  withAdded,
  withoutUnused,
  withPromoted,
} from "../../../dev/rotate/plan.ts";
import { rotateLocal } from "../../../dev/rotate/rotate-local.ts";
import { loadKeys } from "../../../dev/start/keys.ts";
import { openBytes, sealText } from "../../../worker/sealing/seal.ts";
import { parseSealKeys, type SealKey, type SealKeys } from "../../../worker/sealing/seal-keys.ts";

const root = resolve(import.meta.dirname, "../../..");
const day = new Date("2026-11-23T12:00:00Z");
const [a, b, c] = [makeSealKey(day), makeSealKey(day), makeSealKey(day)];

// Real databases with the real migrations, which on a busy machine take a while.
vi.setConfig({ testTimeout: 30_000 });

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "limpet-rotate-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("what is done next", () => {
  const rows = (entries: Readonly<Record<string, number>>): RowsByKey => new Map(Object.entries(entries));
  const next = (key: SealKey): KeptKey => ({ ...key, next: true });

  it.each<[string, readonly KeptKey[], RowsByKey, ReturnType<typeof planRotation>]>([
    ["nothing yet", [], rows({}), { do: "make-first" }],
    ["the key file is lost", [], rows({ [a.kid]: 5 }), { do: "refuse", missing: [a.kid] }],
    ["a key is missing", [b], rows({ [a.kid]: 5, [b.kid]: 1 }), { do: "refuse", missing: [a.kid] }],
    [
      "a key is missing in the middle of a change",
      [b, next(c)],
      rows({ [a.kid]: 5 }),
      { do: "refuse", missing: [a.kid] },
    ],
    ["all under the first", [a], rows({ [a.kid]: 5 }), { do: "add" }],
    ["nothing sealed", [a], rows({}), { do: "add" }],
    ["an older key that nothing is under", [b, a], rows({ [b.kid]: 5 }), { do: "add" }],
    ["cut off before the new key was first", [a, next(b)], rows({ [a.kid]: 5 }), { do: "promote", kid: b.kid }],
    ["cut off before the rows were through", [b, a], rows({ [a.kid]: 3, [b.kid]: 2 }), { do: "await", left: 3 }],
  ])("%s", (_what, keys, counts, step) => {
    expect(planRotation(keys, counts)).toEqual(step);
  });

  it("the whole way: no key is ever gone, and none seals before it opens everywhere", () => {
    const added = withAdded([a], b);
    expect(parseSealKeys(asSecret(added))).toEqual([a, b]);
    const promoted = withPromoted(added, b.kid);
    expect(promoted).toEqual([b, a]);
    expect(asSecret(promoted)).not.toContain("next");
    expect(withoutUnused([b, a], rows({ [a.kid]: 1 }))).toEqual([b, a]);
    expect(withoutUnused([b, a], rows({ [b.kid]: 9 }))).toEqual([b]);
    expect(withoutUnused([b, a, next(c)], rows({}))).toEqual([b, next(c)]);
  });
});

describe("the key file", () => {
  it("is read as it was written, by its owner alone", async () => {
    const path = join(folder, "keys.json");
    expect(await readKeyFile(path)).toEqual([]);
    const keys = withAdded([a], b);
    await writeKeyFile(path, keys);
    expect(await readKeyFile(path)).toEqual(keys);
    expect(readdirSync(folder)).toEqual(["keys.json"]);
  });

  it.each(["", "[]", "{}", '{"keys":[]}', '{"keys":[{"kty":"oct","kid":"x","k":"short"}]}'])("is not %j", (text) => {
    expect(() => parseKeptKeys(text, "FILE")).toThrow("FILE is no JWK Set");
  });

  it("tells a key's age by its name", () => {
    expect(daysOld(a, day)).toBe(0);
    expect(daysOld(a, new Date("2026-12-03T00:00:00Z"))).toBe(10);
    expect(daysOld({ ...a, kid: "0123456789abcdef" }, day)).toBeNull();
  });
});

describe("wrangler's answer", () => {
  it("is read between whatever else it says", () => {
    const json = JSON.stringify([{ results: [{ kid: "x", rows: 2 }], success: true }], null, 2);
    expect(parseAnswer(`▲ [WARNING] something\n\n${json}\nmore\n`)).toEqual([{ kid: "x", rows: 2 }]);
    expect(parseAnswer(JSON.stringify([{ results: [], success: true }]))).toEqual([]);
  });

  it.each(["", "You are not logged in.", "[]", '[{"success":false}]'])("is none where it is %j", (said) => {
    expect(() => parseAnswer(said)).toThrow("did not answer as expected");
  });
});

/** The edge's D1 as it lies in a state folder, with the real migrations. */
function makeDatabase(): DatabaseSync {
  const place = join(folder, "edge/d1/miniflare-D1DatabaseObject");
  mkdirSync(place, { recursive: true });
  new DatabaseSync(join(place, "metadata.sqlite")).close();
  const database = new DatabaseSync(join(place, "0123abcd.sqlite"));
  const migrations = readdirSync(join(root, "migrations")).filter((name) => name.endsWith(".sql"));
  for (const name of migrations.toSorted()) database.exec(readFileSync(join(root, "migrations", name), "utf8"));
  database.exec("insert into users (id, issuer, subject) values ('ada', 'i', 'ada')");
  return database;
}

async function putSecret(database: DatabaseSync, keys: SealKeys, name: "aws" | "git-key"): Promise<void> {
  const { sealed, kid } = await sealText(keys, { owner: "ada", name }, "secret");
  database.prepare("insert into secrets (user_id, name, sealed, kid) values ('ada', ?, ?, ?)").run(name, sealed, kid);
}

async function localKeys(): Promise<SealKeys> {
  const keys = parseSealKeys(JSON.stringify((await loadKeys(folder)).seal));
  if (keys === null) throw new Error("there are no keys");
  return keys;
}

describe("a local environment that does not run", () => {
  async function rotate(): Promise<{ readonly code: number; readonly said: string }> {
    const said: string[] = [];
    const error = console.error;
    console.error = (line: unknown) => said.push(String(line));
    try {
      const code = await rotateLocal(root, { LIMPET_STATE: folder }, (line) => said.push(line));
      return { code, said: said.join("\n") };
    } finally {
      console.error = error;
    }
  }

  it("that never ran has nothing to change", async () => {
    expect(await rotate()).toMatchObject({ code: 0, said: expect.stringContaining("Nothing was sealed") });
    expect(readdirSync(folder)).toEqual([]);
  });

  it("gets a new first key; the old one stays, and what it sealed is left to the Worker", async () => {
    const [old] = await localKeys();
    const database = makeDatabase();
    await putSecret(database, [old], "aws");
    const { code, said } = await rotate();
    expect([code, said]).toEqual([
      0,
      expect.stringMatching(/seals 1 rows anew in the first minutes after its next start/),
    ]);
    const keys = await localKeys();
    expect(keys).toHaveLength(2);
    expect(keys[0].kid).not.toBe(old.kid);
    expect(keys[1]).toEqual(old);
    const row = database.prepare("select sealed, kid from secrets").get();
    expect(row?.["kid"]).toBe(old.kid);
    await openBytes(keys, { owner: "ada", name: "aws" }, String(row?.["sealed"]));
    database.close();
  });

  it("begun again before the rows are through makes no third key", async () => {
    const [old] = await localKeys();
    const database = makeDatabase();
    await putSecret(database, [old], "aws");
    await rotate();
    const before = readFileSync(join(folder, "keys.json"), "utf8");
    const { code, said } = await rotate();
    expect([code, said]).toEqual([0, expect.stringContaining("1 rows wait")]);
    expect(readFileSync(join(folder, "keys.json"), "utf8")).toBe(before);
    database.close();
  });

  it.each<[string, (old: SealKey) => SealKey, RegExp]>([
    [
      "missing",
      () => c,
      /SECRET_UNREADABLE: The secret "aws" is sealed under the key ".*", which SEAL_KEYS does not have/,
    ],
    [
      "another one of its name",
      (old) => ({ ...old, k: c.k }),
      /SECRET_UNREADABLE: The secret "aws" does not open with the key/,
    ],
  ])("whose key is %s is told which, and nothing is changed", async (_what, change, message) => {
    const [old] = await localKeys();
    const database = makeDatabase();
    await putSecret(database, [change(old)], "aws");
    const before = readFileSync(join(folder, "keys.json"), "utf8");
    const { code, said } = await rotate();
    expect([code, said]).toEqual([1, expect.stringMatching(message)]);
    expect(said).toContain("Nothing was changed");
    expect(readFileSync(join(folder, "keys.json"), "utf8")).toBe(before);
    database.close();
  });

  it("whose keys are damaged is not given others", async () => {
    await localKeys();
    const path = join(folder, "keys.json");
    const damaged = readFileSync(path, "utf8").replace(/"k": "[^"]{43}"/, '"k": "short"');
    writeFileSync(path, damaged);
    await expect(rotateLocal(root, { LIMPET_STATE: folder }, () => {})).rejects.toThrow("no JWK Set");
    expect(readFileSync(path, "utf8")).toBe(damaged);
  });
});
