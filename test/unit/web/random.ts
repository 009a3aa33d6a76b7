// Owns the random numbers of a seeded test.
// Must not know what is tested.

export interface Random {
  /** 0 to 1, one excluded. */
  next(): number;
  /** 0 to `below`, that one excluded. */
  integer(below: number): number;
  chance(probability: number): boolean;
}

/** mulberry32: small, fast, and the same everywhere. */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    integer: (below) => Math.floor(next() * below),
    chance: (probability) => next() < probability,
  };
}
