import { createHash } from "node:crypto";
import { calculateJwkThumbprint, createLocalJWKSet, exportJWK, generateKeyPair, jwtVerify } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { createTokenMint } from "../../../worker/kubernetes/token.ts";
import type { SigningKey } from "../../../worker/signing-keys.ts";

const issuer = "https://limpet.example.com";
const audience = "limpet-cluster";
const nowMs = 1_800_000_000_500;
const purpose = {
  subject: "limpet:0123456789abcdefghjk",
  method: "GET",
  pathAndQuery: "/api/v1/namespaces/shells/pods/limpet-x/exec?command=%2Fbin%2Fsh&command=a%20b&stdin=true",
  pod: "limpet-x",
};

let signingKey: SigningKey;
let verify: (token: string, atMs?: number) => ReturnType<typeof jwtVerify>;

beforeAll(async () => {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const { x = "", y = "", d = "" } = await exportJWK(pair.privateKey);
  const kid = await calculateJwkThumbprint(pair.publicKey);
  signingKey = { kty: "EC", crv: "P-256", alg: "ES256", kid, x, y, d };
  const keys = createLocalJWKSet({ keys: [{ kty: "EC", crv: "P-256", alg: "ES256", kid, x, y }] });
  verify = (token, atMs = nowMs) =>
    jwtVerify(token, keys, { issuer, audience, algorithms: ["ES256"], currentDate: new Date(atMs) });
});

describe("a token for the cluster", () => {
  it("says for whom, for what and for how long", async () => {
    const { payload, protectedHeader } = await verify(
      await createTokenMint({ issuer, audience, signingKey })(purpose, nowMs),
    );
    expect(protectedHeader).toEqual({ alg: "ES256", kid: signingKey.kid, typ: "JWT" });
    expect(payload).toEqual({
      iss: issuer,
      aud: audience,
      sub: purpose.subject,
      iat: 1_800_000_000 - 30,
      nbf: 1_800_000_000 - 30,
      exp: 1_800_000_000 + 60,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
      method: "GET",
      path_sha256: createHash("sha256").update(purpose.pathAndQuery).digest("hex"),
      pod: "limpet-x",
    });
  });

  it("is another one each time", async () => {
    const mint = createTokenMint({ issuer, audience, signingKey });
    const [first, second] = await Promise.all([mint(purpose, nowMs), mint(purpose, nowMs)]);
    expect(first).not.toBe(second);
  });

  it("names no pod where the path names none", async () => {
    const token = await createTokenMint({ issuer, audience, signingKey })({ ...purpose, pod: null }, nowMs);
    expect((await verify(token)).payload).not.toHaveProperty("pod");
  });

  it.each([
    ["31 seconds before it was made", -31_000],
    ["61 seconds after", 61_000],
  ])("is not good %s", async (_, offsetMs) => {
    const token = await createTokenMint({ issuer, audience, signingKey })(purpose, nowMs);
    await expect(verify(token, nowMs + offsetMs)).rejects.toThrow();
  });

  it.each([-29_000, 0, 59_000])("is good %i ms from when it was made", async (offsetMs) => {
    const token = await createTokenMint({ issuer, audience, signingKey })(purpose, nowMs);
    await expect(verify(token, nowMs + offsetMs)).resolves.toBeDefined();
  });

  it("cannot be made with a broken key, and says so", async () => {
    const mint = createTokenMint({ issuer, audience, signingKey: { ...signingKey, d: "!" } });
    await expect(mint(purpose, nowMs)).rejects.toThrow();
  });
});
