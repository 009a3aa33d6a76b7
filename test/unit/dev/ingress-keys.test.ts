// Owns the proof that the edge's published keys become files that the ingress takes, and that nothing else does.
// Must not know the ingress.

import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { edgeKeysManifest, parseEdgeKeys } from "../../../dev/ingress-keys/keys.ts";

const jwk = (kid: string) => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" }),
  kid,
  alg: "ES256",
  use: "sig",
});

test("each key becomes a PEM file of its name, and is still the same key", () => {
  const published = [jwk("2026-11"), jwk("_b-C9")];
  const keys = parseEdgeKeys({ keys: published });
  if (typeof keys === "string") throw new Error(keys);
  const manifest: unknown = parse(edgeKeysManifest(keys));
  expect(manifest).toMatchObject({
    kind: "ConfigMap",
    metadata: { name: "limpet-edge-keys", namespace: "limpet-system" },
    data: Object.fromEntries(keys.map(({ kid, pem }) => [`${kid}.pem`, pem])),
  });
  for (const [index, { pem }] of keys.entries()) {
    expect(pem).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
    expect(createPublicKey(pem).export({ format: "jwk" })).toMatchObject({
      x: published[index]?.x,
      y: published[index]?.y,
    });
  }
});

const good = jwk("k");
test.each([
  ["no JWK Set", null, "is no JWK Set"],
  ["a set without keys", { keys: [] }, "has no key"],
  ["a kid that climbs", { keys: [{ ...good, kid: "../k" }] }, "without a kid"],
  ["a kid with a dot", { keys: [{ ...good, kid: "a.b" }] }, "without a kid"],
  ["no kid", { keys: [{ ...good, kid: undefined }] }, "without a kid"],
  ["a key twice", { keys: [good, { ...jwk("k") }] }, "has two keys that are called k"],
  ["another curve", { keys: [{ ...good, crv: "P-384" }] }, "not of P-256"],
  ["RSA", { keys: [{ kid: "k", kty: "RSA", n: "x", e: "AQAB" }] }, "not of P-256"],
  ["no point", { keys: [{ ...good, x: "A".repeat(43) }] }, "no point of P-256"],
  ["a coordinate that is too short", { keys: [{ ...good, y: "AA" }] }, "without its coordinates"],
  ["a private key", { keys: [{ ...good, d: "A".repeat(43) }] }, "take that key out of use at once"],
])("refused, with the reason: %s", (_, set, why) => {
  expect(parseEdgeKeys(set)).toContain(why);
});
