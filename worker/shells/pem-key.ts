// Owns private keys in PEM's older forms: their public halves, as ssh writes them.
// Must not know OpenSSH's own form, nor what is told to a person.

import { base64url } from "jose";
import { derElement, readDer } from "./der.ts";
import { SshWriter } from "./ssh-wire.ts";

interface PublicHalf {
  /** `ssh-rsa`, `ecdsa-sha2-nistp256`, … */
  readonly type: string;
  readonly blob: Uint8Array;
}

/** Object identifiers, DER: rsaEncryption, id-ecPublicKey, Ed25519 (RFC 8017, 5480, 8410). */
const oids = { rsa: "2a864886f70d010101", ec: "2a8648ce3d0201", ed25519: "2b6570" } as const;

/** The curves that ssh has names for (RFC 5656, section 10.1), by their object identifiers. */
const curves = new Map<string, { readonly name: string; readonly ssh: string }>([
  ["2a8648ce3d030107", { name: "P-256", ssh: "nistp256" }],
  ["2b81040022", { name: "P-384", ssh: "nistp384" }],
  ["2b81040023", { name: "P-521", ssh: "nistp521" }],
]);

/**
 * @param kind the words between BEGIN and the dashes
 * @param bytes what stands between the lines
 * @returns null where it is none of ours, or damaged: the platform's own import checks the key
 */
export async function readPemKey(kind: string, bytes: Uint8Array<ArrayBuffer>): Promise<PublicHalf | null> {
  if (kind === "RSA PRIVATE KEY") return readPkcs8(wrapPkcs1(bytes));
  if (kind === "EC PRIVATE KEY") {
    const wrapped = wrapSec1(bytes);
    return wrapped === null ? null : readPkcs8(wrapped);
  }
  return kind === "PRIVATE KEY" ? readPkcs8(bytes) : null;
}

async function readPkcs8(bytes: Uint8Array<ArrayBuffer>): Promise<PublicHalf | null> {
  // PrivateKeyInfo (RFC 5958): version, algorithm {identifier, parameters}, key.
  const [version, algorithm] = readDer(readDer(bytes)?.[0]?.content)?.slice(0, 2) ?? [];
  const [identifier, parameters] = readDer(algorithm?.content) ?? [];
  if (version?.tag !== 0x02 || identifier?.tag !== 0x06) return null;
  switch (hex(identifier.content)) {
    case oids.rsa:
      return readRsa(await jwkOf(bytes, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }));
    case oids.ed25519: {
      const jwk = await jwkOf(bytes, { name: "Ed25519" });
      if (jwk?.x === undefined) return null;
      const type = "ssh-ed25519";
      return { type, blob: new SshWriter().string(type).string(base64url.decode(jwk.x)).bytes() };
    }
    case oids.ec: {
      const curve = parameters === undefined ? undefined : curves.get(hex(parameters.content));
      if (curve === undefined) return null;
      return readEc(await jwkOf(bytes, { name: "ECDSA", namedCurve: curve.name }), curve.ssh);
    }
    default:
      return null;
  }
}

type ImportAlgorithm = Parameters<typeof crypto.subtle.importKey>[2] & object;

async function jwkOf(pkcs8: Uint8Array<ArrayBuffer>, algorithm: ImportAlgorithm): Promise<JsonWebKey | null> {
  try {
    const key = await crypto.subtle.importKey("pkcs8", pkcs8, algorithm, true, ["sign"]);
    const jwk = await crypto.subtle.exportKey("jwk", key);
    return "kty" in jwk ? jwk : null;
  } catch {
    return null;
  }
}

function readRsa(jwk: JsonWebKey | null): PublicHalf | null {
  if (jwk?.n === undefined || jwk.e === undefined) return null;
  const type = "ssh-rsa";
  const blob = new SshWriter().string(type).mpint(base64url.decode(jwk.e)).mpint(base64url.decode(jwk.n)).bytes();
  return { type, blob };
}

function readEc(jwk: JsonWebKey | null, curve: string): PublicHalf | null {
  if (jwk?.x === undefined || jwk.y === undefined) return null;
  const type = `ecdsa-sha2-${curve}`;
  const point = new SshWriter()
    .raw(new Uint8Array([4]))
    .raw(base64url.decode(jwk.x))
    .raw(base64url.decode(jwk.y));
  return { type, blob: new SshWriter().string(type).string(curve).string(point.bytes()).bytes() };
}

/** RSAPrivateKey (RFC 8017, A.1.2) as a PrivateKeyInfo, which is what the platform imports. */
function wrapPkcs1(key: Uint8Array): Uint8Array<ArrayBuffer> {
  const algorithm = derElement(0x30, derElement(0x06, fromHex(oids.rsa)), derElement(0x05));
  return derElement(0x30, derElement(0x02, new Uint8Array(1)), algorithm, derElement(0x04, key));
}

/** ECPrivateKey (RFC 5915): version, key, [0] the curve, [1] the public point. */
function wrapSec1(key: Uint8Array): Uint8Array<ArrayBuffer> | null {
  const fields = readDer(readDer(key)?.[0]?.content) ?? [];
  const curve = readDer(fields.find(({ tag }) => tag === 0xa0)?.content)?.[0];
  if (curve?.tag !== 0x06) return null;
  const algorithm = derElement(0x30, derElement(0x06, fromHex(oids.ec)), derElement(0x06, curve.content));
  return derElement(0x30, derElement(0x02, new Uint8Array(1)), algorithm, derElement(0x04, key));
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
