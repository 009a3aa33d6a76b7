// Owns the proof that an overlay for the local product has what an installation's needs, and no private key but its certificate's.
// Must not know how it is applied.

import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { overlayFiles } from "../../../../dev/kubernetes/install/kustomization.ts";

const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const signingKey = { ...privateKey.export({ format: "jwk" }), kid: "key_1-a" };
const options = {
  edge: {
    issuer: "http://localhost:8787",
    audience: "limpet-cluster",
    installId: "local-1",
    signingKeys: [signingKey],
  },
  shellImage: "limpet.test/shell:1",
  ingressImage: "limpet.test:5000/ingress:2",
  certificate: { key: "the certificate's key", cert: "the certificate" },
  genericFolder: "../generic",
  nodePort: 30_443,
};

test("an overlay names its images, keys and settings", () => {
  const files = overlayFiles(options);
  expect(Object.keys(files).toSorted()).toEqual(["key_1-a.pem", "kustomization.yaml", "tls.crt", "tls.key"]);
  expect(createPublicKey(files["key_1-a.pem"] ?? "").export({ format: "jwk" })).toEqual({
    kty: "EC",
    crv: "P-256",
    x: signingKey.x,
    y: signingKey.y,
  });
  expect(JSON.parse(files["kustomization.yaml"] ?? "")).toMatchObject({
    resources: ["../generic"],
    images: [
      { name: "docker.io/library/haproxy", newName: "limpet.test:5000/ingress", newTag: "2" },
      { newName: "limpet.test/shell", newTag: "1" },
    ],
    configMapGenerator: [
      { literals: ["LIMPET_ISSUER=http://localhost:8787", "LIMPET_AUDIENCE=limpet-cluster"] },
      { name: "limpet-edge-keys", files: ["key_1-a.pem"] },
    ],
  });
  const told = Object.values(files).join("\n");
  expect(told).not.toContain(signingKey.d);
  expect(told).not.toContain("PRIVATE KEY");
});

test("another key or certificate makes the ingress's pods anew, the same ones do not", () => {
  const versionOf = (more: Partial<typeof options>) =>
    /limpet\.dev\/version[^0-9a-f]+([0-9a-f]{32})/.exec(
      overlayFiles({ ...options, ...more })["kustomization.yaml"] ?? "",
    )?.[1];
  expect(versionOf({})).toMatch(/^[0-9a-f]{32}$/);
  expect(versionOf({})).toBe(versionOf({}));
  expect(versionOf({})).not.toBe(versionOf({ certificate: { key: "another", cert: "another" } }));
});

test("what cannot be a file or an image is said", () => {
  const keys = (kid: string) => ({ edge: { ...options.edge, signingKeys: [{ ...signingKey, kid }] } });
  expect(() => overlayFiles({ ...options, ...keys("../key") })).toThrow(/no kid that can name a file/);
  expect(() => overlayFiles({ ...options, shellImage: "limpet.test:5000/shell" })).toThrow(/without a tag/);
});
