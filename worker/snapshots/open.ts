// Owns giving out a snapshot's bytes: opened piece by piece, as fast as they are taken.
// Must not know who may have them.

import type { SnapshotRow } from "../db/snapshots.ts";
import { LimpetError } from "../errors.ts";
import { log } from "../log.ts";
import { openBytes } from "../sealing/seal.ts";
import type { SealKeys } from "../sealing/seal-keys.ts";
import { inPieces, type Piece, PieceCipher, pieceBytes, sealedLength, tagBytes } from "./pieces.ts";
import { contentKeySeal, objectName } from "./snapshot-object.ts";

/** The bucket gives nothing for so long. */
const stallMs = 60_000;

/**
 * The archive as it was given, `row.bytes` long. The first piece is opened before this returns; a later one that does
 * not open breaks the stream off, so its reader has too few bytes and never wrong ones.
 * @throws LimpetError `SECRET_UNREADABLE`: key or bytes are damaged or not this snapshot's; `SNAPSHOT_NOT_FOUND`
 */
export async function openSnapshot(
  env: Pick<Env, "SNAPSHOTS">,
  keys: SealKeys,
  row: SnapshotRow,
): Promise<ReadableStream<Uint8Array>> {
  const contentKey = await openBytes(keys, contentKeySeal(row.userId, row.id), row.sealedKey);
  const name = objectName(row.shellId, row.id);
  const object = await env.SNAPSHOTS.get(name);
  if (object === null) {
    log("error", "snapshot-without-object", { id: row.id, shellId: row.shellId });
    throw new LimpetError(
      "SNAPSHOT_NOT_FOUND",
      "This snapshot is not there any more. Take an older one, if there is one.",
    );
  }
  const total = sealedLength(row.bytes);
  if (object.size !== total) {
    await object.body.cancel();
    throw damaged(row.id);
  }
  const opened = open(object.body, await PieceCipher.with(contentKey, name), total, row.id);
  const first = await opened.next();
  const { readable, writable } = new FixedLengthStream(row.bytes);
  // Not awaited: the answer begins now. Whoever stops reading ends it, and the bucket's stream with it.
  send(writable.getWriter(), first, opened).catch(() => {});
  return readable;
}

async function* open(
  body: ReadableStream<Uint8Array>,
  cipher: PieceCipher,
  total: number,
  id: string,
): AsyncGenerator<Uint8Array, void> {
  for await (const piece of inPieces(body, { total, size: pieceBytes + tagBytes, stallMs })) {
    yield await openPiece(cipher, piece, id);
  }
}

async function openPiece(cipher: PieceCipher, piece: Piece, id: string): Promise<Uint8Array> {
  const opened = await cipher.open(piece);
  if (opened === null) {
    log("error", "snapshot-damaged", { id, piece: piece.index });
    throw damaged(id);
  }
  return opened;
}

async function send(
  writer: WritableStreamDefaultWriter,
  first: IteratorResult<Uint8Array, void>,
  rest: AsyncGenerator<Uint8Array, void>,
): Promise<void> {
  try {
    for (let next = first; next.done !== true; next = await rest.next()) await writer.write(next.value);
    await writer.close();
  } catch (error) {
    await Promise.allSettled([writer.abort(error), rest.return()]);
  }
}

function damaged(id: string): LimpetError {
  return new LimpetError(
    "SECRET_UNREADABLE",
    `The snapshot ${id} is damaged: its bytes are not those that were sealed. Take an older one, if there is one.`,
  );
}
