// Owns the proof that a snapshot whose bytes or keys were touched in the bucket or in D1 never gives wrong bytes.
// Must not know routes beyond asking for it.

import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { describe, expect, it } from "vitest";
import { snapshots } from "../../../worker/db/schema.ts";
import { findSnapshot, type SnapshotRow } from "../../../worker/db/snapshots.ts";
import { LimpetError } from "../../../worker/errors.ts";
import { openSnapshot } from "../../../worker/snapshots/open.ts";
import { pieceBytes, tagBytes } from "../../../worker/snapshots/pieces.ts";
import { db, PodCaller, sealKeys, sha256, someBytes } from "../pod-api/pod-caller.ts";

const sealedPiece = pieceBytes + tagBytes;
const pieces = 3;
const bytes = someBytes(pieces * pieceBytes);

interface Stored {
  readonly pod: PodCaller;
  readonly name: string;
  readonly row: SnapshotRow;
  readonly sealed: Uint8Array<ArrayBuffer>;
}

async function stored(): Promise<Stored> {
  const pod = await PodCaller.runs();
  const id = await pod.saves(bytes);
  const row = await findSnapshot(db, id);
  const name = `${pod.shellId}/${id}`;
  const object = await env.SNAPSHOTS.get(name);
  if (row === null || object === null) throw new Error("it was not stored");
  return { pod, name, row, sealed: new Uint8Array(await object.arrayBuffer()) };
}

/** `whole`: all the right bytes. `refused`: an error before the answer. `broken`: fewer bytes, all of them right. */
async function outcome(row: SnapshotRow, keys = sealKeys): Promise<"whole" | "refused" | "broken" | "WRONG"> {
  let stream: ReadableStream<Uint8Array>;
  try {
    stream = await openSnapshot(env, keys, row);
  } catch (error) {
    if (!(error instanceof LimpetError)) throw error;
    expect(["SECRET_UNREADABLE", "SNAPSHOT_NOT_FOUND"]).toContain(error.code);
    return "refused";
  }
  let at = 0;
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return at === bytes.length ? "whole" : "WRONG";
      const expected = bytes.slice(at, at + value.length);
      if ((await sha256(new Uint8Array(value))) !== (await sha256(expected))) return "WRONG";
      at += value.length;
    }
  } catch {
    return "broken";
  }
}

describe("bytes that were touched in the bucket", () => {
  const at = (piece: number) => piece * sealedPiece;

  it("are whole to begin with", async () => {
    expect(await outcome((await stored()).row)).toBe("whole");
  });

  it.each<[string, "refused" | "broken", (sealed: Uint8Array<ArrayBuffer>) => Uint8Array]>([
    ["a bit in the first piece", "refused", (sealed) => flip(sealed, 100)],
    ["a bit in the second piece", "broken", (sealed) => flip(sealed, at(1) + 100)],
    ["a bit in the last tag", "broken", (sealed) => flip(sealed, sealed.length - 1)],
    ["the last byte gone", "refused", (sealed) => sealed.subarray(0, -1)],
    ["the last piece gone", "refused", (sealed) => sealed.subarray(0, at(2))],
    ["a byte too many", "refused", (sealed) => joined(sealed, new Uint8Array(1))],
    ["a piece twice", "refused", (sealed) => joined(sealed, sealed.subarray(at(2)))],
    [
      "the first two swapped",
      "refused",
      (sealed) => joined(sealed.subarray(at(1), at(2)), sealed.subarray(0, at(1)), sealed.subarray(at(2))),
    ],
    [
      "the last two swapped",
      "broken",
      (sealed) => joined(sealed.subarray(0, at(1)), sealed.subarray(at(2)), sealed.subarray(at(1), at(2))),
    ],
    [
      "the second in the last one's place",
      "broken",
      (sealed) => joined(sealed.subarray(0, at(2)), sealed.subarray(at(1), at(2))),
    ],
    ["nothing left", "refused", () => new Uint8Array(0)],
  ])("%s: %s", async (_what, expected, change) => {
    const { name, row, sealed } = await stored();
    await env.SNAPSHOTS.put(name, change(sealed));
    expect(await outcome(row)).toBe(expected);
  });

  it("that are cut at a piece's end, with a row that was made to agree, do not open as a shorter whole", async () => {
    const { name, row, sealed } = await stored();
    await env.SNAPSHOTS.put(name, sealed.subarray(0, at(2)));
    expect(await outcome({ ...row, bytes: 2 * pieceBytes })).toBe("broken");
    await env.SNAPSHOTS.put(name, sealed.subarray(0, at(1)));
    expect(await outcome({ ...row, bytes: pieceBytes })).toBe("refused");
  });

  it("that are not there are said to be gone", async () => {
    const { name, row } = await stored();
    await env.SNAPSHOTS.delete(name);
    expect(await outcome(row)).toBe("refused");
  });
});

describe("snapshots that were exchanged", () => {
  it("objects: neither opens", async () => {
    const [one, two] = [await stored(), await stored()];
    await env.SNAPSHOTS.put(one.name, two.sealed);
    await env.SNAPSHOTS.put(two.name, one.sealed);
    expect([await outcome(one.row), await outcome(two.row)]).toEqual(["refused", "refused"]);
  });

  it("objects with their keys: neither opens, for a key is sealed for one person's one snapshot", async () => {
    const [one, two] = [await stored(), await stored()];
    await env.SNAPSHOTS.put(one.name, two.sealed);
    await db.update(snapshots).set({ sealedKey: two.row.sealedKey }).where(eq(snapshots.id, one.row.id));
    const row = await findSnapshot(db, one.row.id);
    expect(row === null ? null : await outcome(row)).toBe("refused");
  });

  it("of one person: an older one put in the newer one's place does not open", async () => {
    const { pod, row, sealed } = await stored();
    const newer = await pod.saves(bytes);
    const newerRow = await findSnapshot(db, newer);
    await env.SNAPSHOTS.put(`${pod.shellId}/${newer}`, sealed);
    expect(newerRow === null ? null : await outcome({ ...newerRow, sealedKey: row.sealedKey })).toBe("refused");
  });
});

describe("a key that is missing or another one", () => {
  it("is named, and the snapshot stays as it is", async () => {
    const { row } = await stored();
    const [, old] = sealKeys;
    if (old === undefined) throw new Error("the tests' Worker has two keys");
    await expect(openSnapshot(env, [old], row)).rejects.toThrow(
      `"snapshot ${row.id}" is sealed under the key "${row.kid}"`,
    );
    const wrong = { ...old, kid: row.kid };
    await expect(openSnapshot(env, [wrong], row)).rejects.toThrow(`does not open with the key "${row.kid}"`);
    expect(await outcome(row)).toBe("whole");
  });
});

describe("a reader that stops", () => {
  it("in the middle leaves the next one unharmed", async () => {
    const { row } = await stored();
    const stream = await openSnapshot(env, sealKeys, row);
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    expect(await outcome(row)).toBe("whole");
  });
});

function flip(sealed: Uint8Array<ArrayBuffer>, at: number): Uint8Array {
  const changed = sealed.slice();
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
