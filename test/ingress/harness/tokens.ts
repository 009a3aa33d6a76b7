// Owns the edge's tokens for tests of the ingress, right ones and every kind of wrong one.
// Must not know how a request is sent.

import {
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomUUID,
  sign,
} from "node:crypto";

export interface EdgeSigner {
  readonly kid: string;
  readonly key: KeyObject;
  /** SPKI in PEM, as the ingress has it. */
  readonly publicPem: string;
}

export function makeSigner(kid: string): EdgeSigner {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid, key: privateKey, publicPem: publicKey.export({ type: "spki", format: "pem" }).toString() };
}

/** From a private JWK as in SIGNING_KEYS. */
export function signerOf(jwk: { readonly kid: string } & Readonly<Record<string, unknown>>): EdgeSigner {
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  return { kid: jwk.kid, key, publicPem: createPublicKey(key).export({ type: "spki", format: "pem" }).toString() };
}

/** Header or claims; any member may be wrong. */
export type Part = Readonly<Record<string, unknown>>;

export interface TokenParts {
  readonly header: Part;
  readonly claims: Part;
}

export interface Binding {
  readonly issuer: string;
  readonly audience: string;
  readonly method: string;
  /** Path and query exactly as on the wire. */
  readonly target: string;
}

/** What worker/kubernetes/token.ts signs for this request. */
export function rightParts(signer: EdgeSigner, { issuer, audience, method, target }: Binding): TokenParts {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const [, pod] = /^\/api\/v1\/namespaces\/[^/]+\/pods\/([^/?]+)/.exec(target) ?? [];
  return {
    header: { alg: "ES256", kid: signer.kid, typ: "JWT" },
    claims: {
      iss: issuer,
      aud: audience,
      sub: "limpet:0123456789abcdefghjk",
      iat: nowSeconds - 30,
      nbf: nowSeconds - 30,
      exp: nowSeconds + 60,
      jti: randomUUID(),
      method,
      path_sha256: createHash("sha256").update(target, "latin1").digest("hex"),
      ...(pod === undefined ? {} : { pod }),
    },
  };
}

export type Sealing = "es256" | "none" | "hs256-of-public-key" | "zeros" | "der" | "flipped";

/** A token in compact form, signed in the given way whatever its header says. */
export function makeToken({ header, claims }: TokenParts, signer: EdgeSigner, sealing: Sealing = "es256"): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${seal(signed, signer, sealing)}`;
}

function seal(signed: string, signer: EdgeSigner, sealing: Sealing): string {
  const bytes = Buffer.from(signed);
  if (sealing === "none") return "";
  if (sealing === "zeros") return Buffer.alloc(64).toString("base64url");
  if (sealing === "hs256-of-public-key") {
    return createHmac("sha256", signer.publicPem).update(bytes).digest().toString("base64url");
  }
  if (sealing === "der") return sign("sha256", bytes, signer.key).toString("base64url");
  const right = sign("sha256", bytes, { key: signer.key, dsaEncoding: "ieee-p1363" });
  if (sealing === "flipped") right[20] = (right[20] ?? 0) ^ 1;
  return right.toString("base64url");
}

export function encode(part: Part): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
