// Owns the proof of what is left when D1 or the bucket fail in the middle of an upload.
// Must not know routes. The bindings are the real ones, with a failure put between.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { writeCursor } from "../../../worker/db/cursors.ts";
import { findSnapshot, newestSnapshot } from "../../../worker/db/snapshots.ts";
import { openSnapshot } from "../../../worker/snapshots/open.ts";
import { pieceBytes } from "../../../worker/snapshots/pieces.ts";
import { expireSnapshots } from "../../../worker/snapshots/remove.ts";
import { storeSnapshot, type Upload } from "../../../worker/snapshots/store.ts";
import { db, PodCaller, sealKeys, sha256, someBytes } from "../pod-api/pod-caller.ts";

const bytes = someBytes(2 * pieceBytes + 9);

/** Stands before `target`: what `change` gives for a member's name is used in its place. */
function changed<T extends object>(target: T, change: (name: string | symbol) => unknown): T {
  return new Proxy(target, {
    get(_, name) {
      const instead = change(name);
      if (instead !== undefined) return instead;
      const member: unknown = Reflect.get(target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** D1 that loses the first `times` answers to inserts of snapshots; `carriedOut`: after it did what was asked. */
function losingD1(times: number, carriedOut: boolean): D1Database {
  let left = times;
  const lossy = (statement: D1PreparedStatement): D1PreparedStatement =>
    changed(statement, (name) => {
      if (name === "bind") return (...values: unknown[]) => lossy(statement.bind(...values));
      if (name !== "raw" && name !== "all" && name !== "run") return undefined;
      return async () => {
        if (left === 0) return statement[name]();
        left -= 1;
        if (carriedOut) await statement[name]();
        throw new Error("D1_ERROR: the answer was lost");
      };
    });
  return changed(env.DB, (name) =>
    name === "prepare"
      ? (query: string) => {
          const statement = env.DB.prepare(query);
          return query.startsWith('insert into "snapshots"') ? lossy(statement) : statement;
        }
      : undefined,
  );
}

async function uploadOf(pod: PodCaller): Promise<Upload> {
  const { userId, shellId, podUid } = pod;
  const body = new Blob([bytes]).stream();
  return { pod: { shellId, podUid, generation: 2 }, userId, body, bytes: bytes.length, sha256: await sha256(bytes) };
}

describe("D1 that does not answer", () => {
  it.each([
    ["and did nothing", false],
    ["but had written the row", true],
  ])("once, %s: the snapshot is there once, whole", async (_what, carriedOut) => {
    const pod = await PodCaller.runs();
    const storage = { DB: losingD1(1, carriedOut), SNAPSHOTS: env.SNAPSHOTS };
    const id = await storeSnapshot(storage, sealKeys, await uploadOf(pod), Date.now());
    expect(await pod.objects()).toEqual([id]);
    const row = await findSnapshot(db, id);
    if (row === null) throw new Error("there is no row");
    const back = await new Response(await openSnapshot(env, sealKeys, row)).arrayBuffer();
    expect(await sha256(new Uint8Array(back))).toBe(await sha256(bytes));
  });

  it("again and again, though it wrote the row: a row never stands without its object", async () => {
    const pod = await PodCaller.runs();
    const storage = { DB: losingD1(9, true), SNAPSHOTS: env.SNAPSHOTS };
    await expect(storeSnapshot(storage, sealKeys, await uploadOf(pod), Date.now())).rejects.toThrow();
    const row = await newestSnapshot(db, pod.shellId);
    expect(await pod.objects()).toEqual([row?.id]);
  });

  it("again and again: no row, and the object goes after an hour", async () => {
    const pod = await PodCaller.runs();
    const storage = { DB: losingD1(9, false), SNAPSHOTS: env.SNAPSHOTS };
    await expect(storeSnapshot(storage, sealKeys, await uploadOf(pod), Date.now())).rejects.toThrow();
    expect(await newestSnapshot(db, pod.shellId)).toBeNull();
    expect(await pod.objects()).toHaveLength(1);
    await writeCursor(db, "snapshot-objects", null, Date.now());
    for (let round = 0; round < 20; round += 1) await expireSnapshots(env, Date.now() + 7_200_000, 90);
    expect(await pod.objects()).toEqual([]);
  });
});

describe("a snapshot of 20 MiB", () => {
  const size = 20 * pieceBytes;
  let chunks = 0;

  /** Time enough for whoever gives to run ahead. */
  async function pauseSometimes(): Promise<void> {
    chunks += 1;
    if (chunks % 64 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  it("goes in as fast as the bucket takes it, four pieces ahead at most", async () => {
    const pod = await PodCaller.runs();
    let [given, taken, ahead] = [0, 0, 0];
    const body = new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const chunk = new Uint8Array(64 * 1024);
          given += chunk.length;
          controller.enqueue(chunk);
          if (given === size) controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const put = async (_name: string, stream: ReadableStream<Uint8Array>): Promise<null> => {
      for await (const chunk of stream) {
        taken += chunk.length;
        ahead = Math.max(ahead, given - taken);
        await pauseSometimes();
      }
      return null;
    };
    const SNAPSHOTS = changed(env.SNAPSHOTS, (name) => (name === "put" ? put : undefined));
    const sums = { bytes: size, sha256: await sha256(new Uint8Array(size)) };
    await storeSnapshot({ DB: env.DB, SNAPSHOTS }, sealKeys, { ...(await uploadOf(pod)), ...sums, body }, Date.now());
    expect(taken).toBe(size + 20 * 16);
    expect(ahead).toBeLessThanOrEqual(4 * pieceBytes);
  });

  it("goes out as fast as its reader takes it, four pieces ahead at most", async () => {
    const pod = await PodCaller.runs();
    const id = await pod.saves(new Uint8Array(size));
    const row = await findSnapshot(db, id);
    if (row === null) throw new Error("there is no row");
    let given = 0;
    const get = async (name: string) => {
      const object = await env.SNAPSHOTS.get(name);
      if (object === null) return null;
      const counting = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          given += chunk.length;
          controller.enqueue(chunk);
        },
      });
      return { size: object.size, body: object.body.pipeThrough(counting) };
    };
    const SNAPSHOTS = changed(env.SNAPSHOTS, (name) => (name === "get" ? get : undefined));
    let [taken, ahead] = [0, 0];
    for await (const chunk of await openSnapshot({ SNAPSHOTS }, sealKeys, row)) {
      taken += chunk.length;
      ahead = Math.max(ahead, given - taken);
      await pauseSometimes();
    }
    expect(taken).toBe(size);
    expect(ahead).toBeLessThanOrEqual(4 * pieceBytes);
  });
});

describe("a bucket that fails", () => {
  it.each([
    ["at once", 0],
    ["in the middle", pieceBytes + 5],
  ])("%s: the error comes back, nobody waits for ever, nothing is kept", async (_what, readBytes) => {
    const pod = await PodCaller.runs();
    const put = async (_name: string, stream: ReadableStream<Uint8Array>): Promise<never> => {
      const reader = stream.getReader();
      for (let read = 0; read < readBytes; ) read += (await reader.read()).value?.length ?? 0;
      throw new Error("put: We encountered an internal error. Please try again. (10001)");
    };
    const SNAPSHOTS = changed(env.SNAPSHOTS, (name) => (name === "put" ? put : undefined));
    const storing = storeSnapshot({ DB: env.DB, SNAPSHOTS }, sealKeys, await uploadOf(pod), Date.now());
    await expect(storing).rejects.toThrow();
    expect(await pod.objects()).toEqual([]);
    expect(await newestSnapshot(db, pod.shellId)).toBeNull();
  });

  it("to let older ones go does not lose the new one; the next upload lets them go", async () => {
    const pod = await PodCaller.runs();
    const kept: string[] = [];
    for (let at = 0; at < 3; at += 1) kept.push(await pod.saves(someBytes(10, at)));
    const refuse = async () => {
      throw new Error("delete: We encountered an internal error. Please try again. (10001)");
    };
    const SNAPSHOTS = changed(env.SNAPSHOTS, (name) => (name === "delete" ? refuse : undefined));
    const id = await storeSnapshot({ DB: env.DB, SNAPSHOTS }, sealKeys, await uploadOf(pod), Date.now());
    expect(await pod.objects()).toEqual([...kept, id]);
    const next = await pod.saves(someBytes(10));
    expect(await pod.objects()).toEqual([...kept.slice(2), id, next]);
  });
});
