// Owns what the simulated programs write: a byte that depends on its position alone, and pictures that say where they are.

/** Printable, and different enough that a byte lost, doubled or moved does not go unseen. */
export function byteAt(position: number): number {
  return 33 + (((position * 7919) ^ (position >>> 7)) % 90);
}

export function bytesFrom(position: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => byteAt(position + index));
}

/** A picture of a pane whose program has written `position` bytes, padded to `length`. */
export function paintPicture(position: number, cols: number, rows: number, length: number): Uint8Array {
  const text = `<picture ${position} ${cols}x${rows}>`;
  return new TextEncoder().encode(text.padEnd(Math.max(length, text.length), "~"));
}

export function readPicture(bytes: Uint8Array): {
  readonly position: number;
  readonly cols: number;
  readonly rows: number;
} {
  const match = /^<picture (\d+) (\d+)x(\d+)>~*$/.exec(new TextDecoder().decode(bytes));
  if (match === null) throw new Error("not a whole picture");
  return { position: Number(match[1]), cols: Number(match[2]), rows: Number(match[3]) };
}
