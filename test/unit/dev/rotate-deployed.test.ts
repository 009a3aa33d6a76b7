// Owns the proof that a change of key at Cloudflare can fail at every step, and that the file, the Worker and the rows fit
// together after each. Cloudflare is a database here and a secret that is put; wrangler itself is not asked.
// Must not know the local environment.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Deployed } from "../../../dev/rotate/deployed.ts";
import { makeSealKey, readKeyFile, writeKeyFile } from "../../../dev/rotate/key-file.ts";
import { type DeployedRotation, rotateDeployed } from "../../../dev/rotate/rotate-deployed.ts";
import { resealBytes, sealText } from "../../../worker/sealing/seal.ts";
import { parseSealKeys, type SealKey } from "../../../worker/sealing/seal-keys.ts";

const root = resolve(import.meta.dirname, "../../..");
vi.setConfig({ testTimeout: 30_000 });

/** A Worker with D1, a secret and a clock: each minute it seals one row anew under the first key it has. */
class Cloudflare implements Deployed {
  readonly database = new DatabaseSync(":memory:");
  /** `SEAL_KEYS`, every value that was put, the newest last. */
  readonly puts: string[] = [];
  /** The next so many puts fail. */
  failPuts = 0;
  #nowMs = Date.parse("2026-11-23T12:00:00Z");

  constructor(migrated = true) {
    if (!migrated) return;
    const migrations = readdirSync(join(root, "migrations")).filter((name) => name.endsWith(".sql"));
    for (const name of migrations.toSorted()) {
      this.database.exec(readFileSync(join(root, "migrations", name), "utf8"));
    }
    this.database.exec("insert into users (id, issuer, subject) values ('ada', 'i', 'ada')");
  }

  readonly query = async (sql: string): Promise<readonly unknown[]> => this.database.prepare(sql).all();

  async putSealKeys(value: string): Promise<boolean> {
    if (this.failPuts > 0) {
      this.failPuts -= 1;
      return false;
    }
    this.puts.push(value);
    return true;
  }

  async pause(ms: number): Promise<void> {
    const minutes = Math.floor((this.#nowMs + ms) / 60_000) - Math.floor(this.#nowMs / 60_000);
    this.#nowMs += ms;
    for (let minute = 0; minute < minutes; minute += 1) await this.#strike();
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  kids(): unknown[] {
    return this.database
      .prepare("select kid from secrets order by name")
      .all()
      .map((row) => row["kid"]);
  }

  async seal(key: SealKey, ...names: readonly ("aws" | "google" | "azure")[]): Promise<void> {
    for (const name of names) {
      const { sealed, kid } = await sealText([key], { owner: "ada", name }, "secret");
      this.database
        .prepare("insert into secrets (user_id, name, sealed, kid) values ('ada', ?, ?, ?)")
        .run(name, sealed, kid);
    }
  }

  async #strike(): Promise<void> {
    const keys = parseSealKeys(this.puts.at(-1) ?? "");
    if (keys === null) return;
    const row = this.database.prepare("select name, sealed from secrets where kid <> ? limit 1").get(keys[0].kid);
    if (row === undefined) return;
    const [name, before] = [String(row["name"]), String(row["sealed"])];
    const { sealed, kid } = await resealBytes(keys, { owner: "ada", name }, before);
    this.database
      .prepare("update secrets set sealed = ?, kid = ? where name = ? and sealed = ?")
      .run(sealed, kid, name, before);
  }
}

let folder = "";
let path = "";
let said: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "limpet-keys-"));
  path = join(folder, "seal-keys.json");
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(deployed: Cloudflare, change: Partial<DeployedRotation> = {}): Promise<number> {
  const say = (line: string): void => {
    said.push(line);
  };
  return rotateDeployed({
    deployed,
    path,
    wish: "rotate",
    dryRun: false,
    now: false,
    tell: say,
    complain: say,
    ...change,
  });
}

const kidsOf = (json: string | undefined) => parseSealKeys(json ?? "")?.map(({ kid }) => kid);

describe("the first key", () => {
  it.each([true, false])(
    "is made, kept for its owner's eyes, and given to the Worker (migrations applied: %s)",
    async (migrated) => {
      const cloudflare = new Cloudflare(migrated);
      expect(await run(cloudflare)).toBe(0);
      const [key] = await readKeyFile(path);
      expect(kidsOf(cloudflare.puts.at(-1))).toEqual([key?.kid]);
      expect(statSync(path).mode & 0o077).toBe(0);
    },
  );

  it("is not made where something is sealed already: the file is elsewhere", async () => {
    const cloudflare = new Cloudflare();
    const lost = makeSealKey(cloudflare.now());
    await cloudflare.seal(lost, "aws");
    expect(await run(cloudflare)).toBe(1);
    expect(said.join()).toContain(`SECRET_UNREADABLE: 1 rows are sealed under the key "${lost.kid}"`);
    expect([cloudflare.puts, readdirSync(folder)]).toEqual([[], []]);
  });
});

describe("a new key", () => {
  async function inUse(): Promise<{ readonly cloudflare: Cloudflare; readonly old: SealKey }> {
    const cloudflare = new Cloudflare();
    const old = makeSealKey(cloudflare.now());
    await writeKeyFile(path, [old]);
    await cloudflare.putSealKeys(JSON.stringify({ keys: [old] }));
    await cloudflare.seal(old, "aws", "google", "azure");
    return { cloudflare, old };
  }

  it("opens everywhere before it seals anywhere, and is waited for to the last row", async () => {
    const { cloudflare, old } = await inUse();
    expect(await run(cloudflare)).toBe(0);
    const [fresh] = await readKeyFile(path);
    expect(fresh?.kid).not.toBe(old.kid);
    expect(cloudflare.puts.map(kidsOf)).toEqual([[old.kid], [old.kid, fresh?.kid], [fresh?.kid, old.kid]]);
    expect(new Set(cloudflare.kids())).toEqual(new Set([fresh?.kid]));
    expect(said.at(-1)).toContain("Done");
  });

  it.each([1, 2])("that does not reach the Worker at put %i is the one that the next run goes on with", async (put) => {
    const { cloudflare, old } = await inUse();
    const putSealKeys = cloudflare.putSealKeys.bind(cloudflare);
    let puts = 0;
    cloudflare.putSealKeys = async (value) => {
      puts += 1;
      return puts === put ? false : putSealKeys(value);
    };
    expect(await run(cloudflare)).toBe(1);
    expect(said.join()).toContain("run the same again");
    const between = (await readKeyFile(path)).map(({ kid }) => kid);
    expect(await run(cloudflare)).toBe(0);
    const after = await readKeyFile(path);
    expect(after.map(({ kid }) => kid).toSorted()).toEqual(between.toSorted());
    expect(after).toHaveLength(2);
    expect(after[1]).toEqual(old);
    expect(new Set(cloudflare.kids())).toEqual(new Set([after[0]?.kid]));
  });

  it("that was left while rows waited is not followed by a third", async () => {
    const { cloudflare } = await inUse();
    const pause = cloudflare.pause.bind(cloudflare);
    let pauses = 0;
    cloudflare.pause = async (ms) => {
      pauses += 1;
      if (pauses === 3) throw new Error("Ctrl-C");
      return pause(ms);
    };
    await expect(run(cloudflare)).rejects.toThrow("Ctrl-C");
    const between = await readKeyFile(path);
    expect(await run(cloudflare)).toBe(0);
    expect(await readKeyFile(path)).toEqual(between);
    expect(new Set(cloudflare.kids())).toEqual(new Set([between[0]?.kid]));
  });

  it.each<[string, (old: SealKey) => SealKey]>([
    ["is missing", () => makeSealKey(new Date())],
    ["is another one of its name", (old) => ({ ...old, k: makeSealKey(new Date()).k })],
  ])("is not made where the file's key %s: it is named, and nothing is changed", async (_what, change) => {
    const { cloudflare, old } = await inUse();
    await writeKeyFile(path, [change(old)]);
    const before = [readFileSync(path, "utf8"), cloudflare.puts.length];
    expect(await run(cloudflare)).toBe(1);
    expect(said.join("\n")).toContain("SECRET_UNREADABLE");
    expect(said.join("\n")).toContain(`the key "${old.kid}"`);
    expect(said.at(-1)).toBe("Nothing was changed.");
    expect([readFileSync(path, "utf8"), cloudflare.puts.length]).toEqual(before);
  });

  it("is only told of with --dry-run and --status", async () => {
    const { cloudflare, old } = await inUse();
    const before = [readFileSync(path, "utf8"), cloudflare.puts.length];
    expect(await run(cloudflare, { dryRun: true })).toBe(0);
    expect(await run(cloudflare, { wish: "status" })).toBe(0);
    expect(said.join("\n")).toContain(`${old.kid}: seals and opens, 3 rows`);
    expect([readFileSync(path, "utf8"), cloudflare.puts.length]).toEqual(before);
  });
});

describe("an old key", () => {
  it("goes when nothing is sealed under it and no pod can show what it made, not before", async () => {
    const cloudflare = new Cloudflare();
    const old = makeSealKey(cloudflare.now());
    await writeKeyFile(path, [old]);
    await cloudflare.seal(old, "aws", "google");
    expect(await run(cloudflare, { wish: "retire" })).toBe(0);
    expect(await readKeyFile(path)).toEqual([old]);
    expect(await run(cloudflare)).toBe(0);
    expect(await run(cloudflare, { wish: "retire" })).toBe(1);
    expect(said.at(-1)).toContain("could save nothing more");
    expect(await readKeyFile(path)).toHaveLength(2);
    await cloudflare.pause(9 * 86_400_000);
    cloudflare.failPuts = 1;
    expect(await run(cloudflare, { wish: "retire" })).toBe(1);
    expect(await readKeyFile(path)).toHaveLength(2);
    expect(await run(cloudflare, { wish: "retire" })).toBe(0);
    const [fresh, ...others] = await readKeyFile(path);
    expect([fresh?.kid === old.kid, others, kidsOf(cloudflare.puts.at(-1))]).toEqual([false, [], [fresh?.kid]]);
  });

  it("goes at once with --now", async () => {
    const cloudflare = new Cloudflare();
    await run(cloudflare);
    await run(cloudflare);
    expect(await readKeyFile(path)).toHaveLength(2);
    expect(await run(cloudflare, { wish: "retire", now: true })).toBe(0);
    expect(await readKeyFile(path)).toHaveLength(1);
  });
});
