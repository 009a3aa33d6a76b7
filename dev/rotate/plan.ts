// Owns what a change of the key that seals secrets does next: (keys, rows) → step. It can be cut off anywhere and begun again.
// Must not know where keys and rows are.

import type { SealKey } from "../../worker/sealing/seal-keys.ts";

/** A key as it is kept by whoever runs Limpet. */
export interface KeptKey extends SealKey {
  /** Made and given to the Worker, but not yet the first: every place must be able to open with it before one seals. */
  readonly next?: true;
}

/** How many rows are sealed under each key, by `kid`. */
export type RowsByKey = ReadonlyMap<string, number>;

export type RotationStep =
  /** Rows are sealed under a key that is not there. Nothing may be changed. */
  | { readonly do: "refuse"; readonly missing: readonly string[] }
  /** There is no key yet, and nothing sealed. */
  | { readonly do: "make-first" }
  | { readonly do: "add" }
  /** An earlier run added this key and got no further. */
  | { readonly do: "promote"; readonly kid: string }
  /** The new key is first already; this many rows wait for the Worker's clock. */
  | { readonly do: "await"; readonly left: number };

export function planRotation(keys: readonly KeptKey[], rows: RowsByKey): RotationStep {
  const missing = [...rows.keys()].filter((kid) => !keys.some((key) => key.kid === kid));
  if (missing.length > 0) return { do: "refuse", missing };
  const [first] = keys;
  if (first === undefined) return { do: "make-first" };
  const next = keys.find((key) => key.next === true);
  if (next !== undefined) return { do: "promote", kid: next.kid };
  const left = countOthers(rows, first.kid);
  return left > 0 ? { do: "await", left } : { do: "add" };
}

/** Last in the set: it opens, and does not seal yet. */
export function withAdded(keys: readonly KeptKey[], key: SealKey): readonly KeptKey[] {
  return [...keys, { ...key, next: true }];
}

/** First in the set: it seals. */
export function withPromoted(keys: readonly KeptKey[], kid: string): readonly KeptKey[] {
  const promoted = keys.find((key) => key.kid === kid);
  if (promoted === undefined) throw new Error("only a key that is there can be put first");
  const { next: _, ...key } = promoted;
  return [key, ...keys.filter((other) => other.kid !== kid)];
}

/** The keys without those that nothing is sealed under; the first stays, and one that is still to come. */
export function withoutUnused(keys: readonly KeptKey[], rows: RowsByKey): readonly KeptKey[] {
  return keys.filter((key, at) => at === 0 || key.next === true || (rows.get(key.kid) ?? 0) > 0);
}

/** Rows under any key but this one. */
export function countOthers(rows: RowsByKey, kid: string): number {
  return [...rows].reduce((sum, [other, count]) => sum + (other === kid ? 0 : count), 0);
}

/** A JWK Set without what only the key file knows. */
export function asKeySet(keys: readonly KeptKey[]): { readonly keys: readonly SealKey[] } {
  return { keys: keys.map(({ kty, kid, k }) => ({ kty, kid, k })) };
}

/** As `SEAL_KEYS` has them. */
export function asSecret(keys: readonly KeptKey[]): string {
  return JSON.stringify(asKeySet(keys));
}
