// Owns how a snapshot's bytes are sealed: in pieces of 1 MiB, each at its place, so that no part can be left out or moved.
// Must not know where the bytes come from or go to.

/** Plain bytes of every piece but the last, which has what is left: 1 to this many. */
export const pieceBytes = 1024 * 1024;
/** AES-GCM's tag, which is added to each piece. */
export const tagBytes = 16;
const keyBytes = 32;

/** A key of 256 random bits for one snapshot. */
export function makeContentKey(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(keyBytes));
}

/** How many bytes `bytes` plain ones are once they are sealed. */
export function sealedLength(bytes: number): number {
  return bytes + Math.ceil(bytes / pieceBytes) * tagBytes;
}

/**
 * The pieces of one snapshot, sealed and opened in order. The nonce is the piece's number and whether it is the last one
 * (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015): no two pieces of a key share one, and a piece
 * that was moved, or a stream that was cut at a piece's end, does not open.
 */
export class PieceCipher {
  readonly #key: CryptoKey;
  readonly #name: Uint8Array<ArrayBuffer>;

  private constructor(key: CryptoKey, name: string) {
    this.#key = key;
    this.#name = new TextEncoder().encode(name);
  }

  /**
   * @param contentKey of this snapshot alone
   * @param name the object's name: authenticated with each piece
   */
  static async with(contentKey: Uint8Array, name: string): Promise<PieceCipher> {
    if (contentKey.length !== keyBytes) throw new Error("a content key has 32 bytes");
    const key = new Uint8Array(contentKey);
    return new PieceCipher(await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["encrypt", "decrypt"]), name);
  }

  async seal(piece: Piece): Promise<Uint8Array> {
    return new Uint8Array(await crypto.subtle.encrypt(this.#algorithm(piece), this.#key, piece.bytes));
  }

  /** Null where it is not this snapshot's piece with this number, whole and as it was sealed. */
  async open(piece: Piece): Promise<Uint8Array | null> {
    try {
      return new Uint8Array(await crypto.subtle.decrypt(this.#algorithm(piece), this.#key, piece.bytes));
    } catch {
      return null;
    }
  }

  #algorithm({ index, last }: Piece) {
    const nonce = new Uint8Array(12);
    const view = new DataView(nonce.buffer);
    view.setUint32(7, index);
    view.setUint8(11, last ? 1 : 0);
    return { name: "AES-GCM", iv: nonce, additionalData: this.#name, tagLength: tagBytes * 8 };
  }
}

export interface Piece {
  /** Good until the next one is asked for. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** From 0. */
  readonly index: number;
  readonly last: boolean;
}

/** The stream had fewer or more bytes than were said, gave none for too long, or broke off. */
export type StreamProblem = "short" | "long" | "stalled" | "broken";

export class StreamError extends Error {
  readonly problem: StreamProblem;

  constructor(problem: StreamProblem, options?: ErrorOptions) {
    super(`the stream was ${problem}`, options);
    this.name = "StreamError";
    this.problem = problem;
  }
}

export interface Cut {
  /** Bytes of the whole stream: at least 1. */
  readonly total: number;
  /** Bytes of a piece; the last may have less. */
  readonly size: number;
  /** The longest time without a byte. */
  readonly stallMs: number;
}

/**
 * Cuts a stream into pieces; holds one piece at a time. The stream is cancelled where it is not read to its end.
 * @throws StreamError
 */
export async function* inPieces(stream: ReadableStream<Uint8Array>, cut: Cut): AsyncGenerator<Piece, void> {
  const reader = stream.getReader();
  const piece = new Uint8Array(Math.min(cut.size, cut.total));
  let [index, filled, seen] = [0, 0, 0];
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, cut.stallMs);
      if (done) break;
      seen += value.length;
      if (seen > cut.total) throw new StreamError("long");
      let at = 0;
      while (at < value.length) {
        const taken = value.subarray(at, at + piece.length - filled);
        piece.set(taken, filled);
        filled += taken.length;
        at += taken.length;
        const isLast = index * cut.size + filled === cut.total;
        if (filled < piece.length || isLast) continue;
        yield { bytes: piece, index, last: false };
        index += 1;
        filled = 0;
      }
    }
    ended = true;
    if (seen < cut.total) throw new StreamError("short");
    // Only now: what comes after the last byte would have been too much.
    yield { bytes: piece.subarray(0, filled), index, last: true };
  } finally {
    if (!ended) reader.cancel().catch(() => {});
  }
}

async function readWithin(reader: ReadableStreamDefaultReader<Uint8Array>, ms: number) {
  const stalled = Promise.withResolvers<never>();
  const timer = setTimeout(() => stalled.reject(new StreamError("stalled")), ms);
  const broken = (cause: unknown): never => {
    throw new StreamError("broken", { cause });
  };
  try {
    return await Promise.race([reader.read().catch(broken), stalled.promise]);
  } finally {
    clearTimeout(timer);
  }
}
