// Owns reading a JWK Set (RFC 7517) of an installation's own keys: all of them good, each with a name of its own.
// Must not know which kind of keys they are, nor what for.

/** At least one. */
export type KeySet<Key> = readonly [Key, ...Key[]];

/** Reads `text` as JSON; `null` where it is no JWK Set, is empty, `parseKey` takes one of its keys for none, or two share a `kid`. */
export function parseJwkSet<Key extends { readonly kid: string }>(
  text: string,
  parseKey: (value: unknown) => Key | null,
): KeySet<Key> | null {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof set !== "object" || set === null || !("keys" in set) || !Array.isArray(set.keys)) return null;
  const keys: Key[] = [];
  for (const entry of set.keys) {
    const key = parseKey(entry);
    if (key === null || keys.some((other) => other.kid === key.kid)) return null;
    keys.push(key);
  }
  const [first, ...others] = keys;
  return first === undefined ? null : [first, ...others];
}
