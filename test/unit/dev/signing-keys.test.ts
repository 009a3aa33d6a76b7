// Owns the proof that signing keys are changed in steps that can fail anywhere: what signs was published before, and what is
// written to the file is what the Worker has or gets next.
// Must not know wrangler: the Worker is a list of what was put.

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { changeKeys, type KeyChange } from "../../../dev/signing-keys/change-keys.ts";
import { parseSigningKeys } from "../../../worker/signing-keys.ts";

let folder: string;
let path: string;
let nowMs: number;
let failPuts: number;
let puts: string[];
/** What is wrong with what the edge publishes; null: it publishes what it was told. */
let unpublished: string | null;
let awaited: (readonly string[])[];
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "limpet-signing-"));
  path = join(folder, "keys.json");
  nowMs = Date.parse("2026-11-23T12:00:00Z");
  failPuts = 0;
  puts = [];
  unpublished = null;
  awaited = [];
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function run(wish: KeyChange["wish"] = "next"): Promise<number> {
  return changeKeys({
    path,
    wish,
    publicUrl: "https://limpet.example.com",
    put: async (value) => {
      if (failPuts > 0) {
        failPuts -= 1;
        return false;
      }
      puts.push(value);
      return true;
    },
    published: async (names) => {
      awaited.push(names);
      return unpublished;
    },
    now: () => new Date(nowMs),
    tell: (line) => said.push(line),
    complain: (line) => said.push(`! ${line}`),
  });
}

const minutes = (count: number): void => {
  nowMs += count * 60_000;
};
/** The names of the keys that the Worker has; what it does not take for keys is no key. */
const kids = (): string[] => (parseSigningKeys(puts.at(-1) ?? "") ?? []).map(({ kid }) => kid);

describe("npm run signing-keys", () => {
  it("makes the first key, which the Worker takes, in a file that nobody else can read", async () => {
    expect(await run()).toBe(0);
    expect(kids()).toHaveLength(1);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(said.join("\n")).toContain("npm run -s ingress-keys -- https://limpet.example.com | kubectl apply -f -");
    expect(said.join("\n")).not.toContain(JSON.parse(readFileSync(path, "utf8")).keys[0].d);
  });

  it("changes it in three steps: no token is signed with a key that was not published, none is refused meanwhile", async () => {
    await run();
    const [first = ""] = kids();
    expect(await run()).toBe(0);
    const [signs, added = ""] = kids();
    expect([signs, added === first]).toEqual([first, false]);
    minutes(1);
    expect(await run()).toBe(75);
    expect(said.at(-1)).toContain("Too early: in 1 min.");
    expect(puts).toHaveLength(2);
    minutes(1);
    expect(await run()).toBe(0);
    expect(kids()).toEqual([added, first]);
    minutes(9);
    expect(await run()).toBe(75);
    minutes(1);
    expect(await run()).toBe(0);
    expect(kids()).toEqual([added]);
    // And from there once more.
    await run();
    expect(kids()).toHaveLength(2);
  });

  it("puts again what the Worker did not get, and takes no further step before that", async () => {
    await run();
    failPuts = 1;
    expect(await run()).toBe(1);
    expect(said.at(-1)).toMatch(/^! The Worker did not get its keys/);
    expect(kids()).toHaveLength(1);
    minutes(60);
    expect(await run()).toBe(0);
    expect(kids()).toHaveLength(2);
    // The wait counts from when the Worker had them.
    expect(await run()).toBe(75);
  });

  it("a stolen key goes at once, at any step", async () => {
    await run();
    await run();
    const before = kids();
    expect(await run("stolen")).toBe(0);
    expect(kids()).toHaveLength(1);
    expect(before).not.toContain(kids()[0]);
    expect(said.at(-1)).toContain("At once");
    expect(await run()).toBe(0);
    expect(kids()).toHaveLength(2);
  });

  it("says nothing of the cluster before the new key is what the edge publishes, and goes on from there", async () => {
    await run();
    expect(awaited).toEqual([]);
    unpublished = "https://limpet.example.com publishes old.";
    said = [];
    expect(await run("stolen")).toBe(1);
    const stolen = kids();
    expect(said.join("\n")).toContain("! The Worker got its keys, and does not publish them. https://limpet");
    expect(said.join("\n")).not.toContain("kubectl");
    unpublished = null;
    expect(await run()).toBe(0);
    expect(kids()).toEqual(stolen);
    expect(awaited).toEqual([stolen, stolen]);
    expect(said.at(-1)).toMatch(/^At once.*kubectl apply/);
  });

  it("says where it stands and changes nothing", async () => {
    expect(await run("status")).toBe(0);
    await run();
    await run();
    const file = readFileSync(path, "utf8");
    said = [];
    expect(await run("status")).toBe(0);
    expect(said).toEqual([
      expect.stringMatching(/: signs$/),
      expect.stringMatching(/: is published, and signs next$/),
      expect.stringMatching(/^Next: npm run -s ingress-keys/),
    ]);
    expect(readFileSync(path, "utf8")).toBe(file);
    expect(puts).toHaveLength(2);
  });

  it.each(["{}", '{"keys":[]}', "no JSON", '{"keys":[{"kty":"EC"}]}'])(
    "refuses a file that has no keys: %s",
    async (text) => {
      writeFileSync(path, text);
      await expect(run()).rejects.toThrow(/put it right first/);
      expect(puts).toEqual([]);
    },
  );
});
