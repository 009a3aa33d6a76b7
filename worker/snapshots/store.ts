// Owns taking in a snapshot of a home: streamed, sealed and checked on the way, visible only when all of it is there.
// Must not know HTTP, nor what is in the archive.

import { type Database, openDatabase } from "../db/database.ts";
import { makeEventId } from "../db/ids.ts";
import { insertSnapshot, type SnapshotRow, type WritingPod } from "../db/snapshots.ts";
import { LimpetError } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { sealBytes } from "../sealing/seal.ts";
import type { SealKeys } from "../sealing/seal-keys.ts";
import {
  inPieces,
  makeContentKey,
  PieceCipher,
  pieceBytes,
  StreamError,
  type StreamProblem,
  sealedLength,
} from "./pieces.ts";
import { keepNewest } from "./remove.ts";
import { contentKeySeal, objectName } from "./snapshot-object.ts";

declare global {
  /** The platform's own, which the DOM's types (a dependency brings them) hide. */
  interface Crypto {
    readonly DigestStream: typeof DigestStream;
  }
}

export interface Upload {
  readonly pod: WritingPod;
  /** The person whose shell it is. */
  readonly userId: string;
  readonly body: ReadableStream<Uint8Array>;
  /** As the pod says; checked. */
  readonly bytes: number;
  /** Lower-case hex, as the pod says; checked. */
  readonly sha256: string;
}

/** A pod that sends nothing for so long has gone. */
const stallMs = 60_000;
const insertTries = 3;

/**
 * Stores it and lets the shell's older ones go. Holds about three pieces in memory, however large it is.
 * @returns the snapshot's id
 * @throws LimpetError `BAD_REQUEST`: cut short, too long, or other bytes than the hash says; `INVALID_CAPABILITY`: the pod
 * stopped being the shell's meanwhile. Then nothing is left of it.
 */
export async function storeSnapshot(
  env: Pick<Env, "DB" | "SNAPSHOTS">,
  keys: SealKeys,
  upload: Upload,
  nowMs: number,
): Promise<string> {
  const { pod, userId, bytes, sha256 } = upload;
  const id = makeEventId(nowMs);
  const name = objectName(pod.shellId, id);
  const contentKey = makeContentKey();
  const { sealed: sealedKey, kid } = await sealBytes(keys, contentKeySeal(userId, id), contentKey);

  await writeObject(env.SNAPSHOTS, name, await PieceCipher.with(contentKey, name), upload);

  const db = openDatabase(env);
  const row = { id, shellId: pod.shellId, sealedKey, kid, bytes, sha256, createdAt: new Date(nowMs) };
  if (!(await insertRow(db, row, pod))) {
    await env.SNAPSHOTS.delete(name);
    throw new LimpetError("INVALID_CAPABILITY", "This pod is not the shell's any more: nothing was kept.");
  }
  try {
    await keepNewest(env, pod.shellId);
  } catch (error) {
    // The next one lets them go; this one is safe.
    log("warn", "snapshots-not-pruned", { shellId: pod.shellId, ...describeError(error) });
  }
  return id;
}

/**
 * An answer of D1 may be lost after the row was written, so the same row is tried again, and an object whose row is in
 * doubt is left to the reaper (remove.ts): a row without its object would be a home that is lost.
 */
async function insertRow(db: Database, row: Omit<SnapshotRow, "userId">, pod: WritingPod): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await insertSnapshot(db, row, pod, Date.now());
    } catch (error) {
      if (tries === insertTries) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250 * tries));
    }
  }
}

/** The last piece goes only when the hash is right: a wrong one leaves no object. */
async function writeObject(bucket: R2Bucket, name: string, cipher: PieceCipher, upload: Upload): Promise<void> {
  const { readable, writable } = new FixedLengthStream(sealedLength(upload.bytes));
  const writer = writable.getWriter();
  const putting = bucket.put(name, readable);
  // Without a reader the writer below would wait for ever.
  putting.catch((error: unknown) => writer.abort(error).catch(() => {}));
  try {
    await sealInto(writer, cipher, upload);
  } catch (error) {
    writer.abort(error).catch(() => {});
    await putting.then(
      () => bucket.delete(name),
      () => {},
    );
    throw error instanceof StreamError ? refusal(error.problem) : error;
  }
  await putting;
}

async function sealInto(writer: WritableStreamDefaultWriter, cipher: PieceCipher, upload: Upload): Promise<void> {
  const digest = new crypto.DigestStream("SHA-256");
  // It rejects when it is given up below, and then nobody waits for it.
  digest.digest.catch(() => {});
  const hash = digest.getWriter();
  try {
    for await (const piece of inPieces(upload.body, { total: upload.bytes, size: pieceBytes, stallMs })) {
      await hash.write(piece.bytes);
      const sealed = await cipher.seal(piece);
      if (piece.last) {
        await hash.close();
        if (hex(await digest.digest) !== upload.sha256) throw refusedHash();
      }
      await writer.write(sealed);
    }
    await writer.close();
  } catch (error) {
    hash.abort(error).catch(() => {});
    throw error;
  }
}

function hex(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function refusedHash(): LimpetError {
  return new LimpetError(
    "BAD_REQUEST",
    "The bytes are not those that x-limpet-sha256 names: nothing was kept. Send it again.",
  );
}

function refusal(problem: StreamProblem): LimpetError {
  const what = {
    short: "The snapshot ended before its content-length",
    long: "The snapshot is longer than its content-length",
    stalled: "The snapshot stopped arriving",
    broken: "The connection broke off before the snapshot's end",
  }[problem];
  return new LimpetError("BAD_REQUEST", `${what}: nothing was kept. Send it again.`);
}
