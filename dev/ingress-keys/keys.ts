// Owns the edge's public keys on their way to the ingress: from a JWK Set to a ConfigMap with one PEM file a key.
// Must not know where the set is fetched, nor who applies the ConfigMap.

import { createPublicKey } from "node:crypto";

/** Becomes a file's name and is looked up by HAProxy: cluster/ingress/run takes no other. */
const kidPattern = /^[A-Za-z0-9_-]{1,128}$/;
const coordinatePattern = /^[A-Za-z0-9_-]{43}$/;

/** A key that the ingress can verify with. */
export interface EdgeKey {
  readonly kid: string;
  /** SPKI. */
  readonly pem: string;
}

/** The keys of a JWK Set (RFC 7517), or what is wrong with it, in a sentence. Members beyond the public ones are a fault. */
export function parseEdgeKeys(set: unknown): readonly EdgeKey[] | string {
  const entries = memberOf(set, "keys");
  if (!Array.isArray(entries)) return "is no JWK Set";
  if (entries.length === 0) return "has no key";
  const keys: EdgeKey[] = [];
  for (const entry of entries) {
    const key = parseEdgeKey(entry);
    if (typeof key === "string") return key;
    if (keys.some(({ kid }) => kid === key.kid)) return `has two keys that are called ${key.kid}`;
    keys.push(key);
  }
  return keys;
}

function parseEdgeKey(entry: unknown): EdgeKey | string {
  const [kid, x, y] = [memberOf(entry, "kid"), memberOf(entry, "x"), memberOf(entry, "y")];
  if (typeof kid !== "string" || !kidPattern.test(kid)) {
    return "has a key without a kid of letters, digits, - and _, which the ingress names its file by";
  }
  if (memberOf(entry, "d") !== undefined) return `shows the private part of ${kid}: take that key out of use at once`;
  if (memberOf(entry, "kty") !== "EC" || memberOf(entry, "crv") !== "P-256") return `has a key, ${kid}, not of P-256`;
  if (typeof x !== "string" || typeof y !== "string" || !coordinatePattern.test(x) || !coordinatePattern.test(y)) {
    return `has a key, ${kid}, without its coordinates`;
  }
  try {
    const key = createPublicKey({ key: { kty: "EC", crv: "P-256", x, y }, format: "jwk" });
    return { kid, pem: key.export({ type: "spki", format: "pem" }).toString() };
  } catch {
    return `has a key, ${kid}, that is no point of P-256`;
  }
}

/** The ConfigMap `limpet-edge-keys` in YAML, as `kubectl apply -f -` takes it. */
export function edgeKeysManifest(keys: readonly EdgeKey[]): string {
  const files = keys.map(({ kid, pem }) => `  ${kid}.pem: |\n${pem.trimEnd().replace(/^/gm, "    ")}`);
  return [
    "apiVersion: v1",
    "kind: ConfigMap",
    "metadata:",
    "  name: limpet-edge-keys",
    "  namespace: limpet-system",
    "  labels:",
    "    app.kubernetes.io/name: limpet-ingress",
    "    app.kubernetes.io/part-of: limpet",
    "data:",
    ...files,
    "",
  ].join("\n");
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}
