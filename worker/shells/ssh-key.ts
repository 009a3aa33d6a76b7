// Owns ssh keys for git: making one for a person, and reading the public half of one that a person gave.
// Must not know where keys are kept, nor any forge.

import { base64url } from "jose";
import { LimpetError } from "../errors.ts";
import { readPemKey } from "./pem-key.ts";
import { fromBase64, SshReader, SshWriter, toBase64 } from "./ssh-wire.ts";

export interface SshKey {
  /** A whole private key file, without a passphrase: OpenSSH's form, or PEM as it was given. Ends with a line feed. */
  readonly privateKey: string;
  /** One line: type, base64, `limpet`. */
  readonly publicKey: string;
}

/** The form's first bytes (OpenSSH, PROTOCOL.key). */
const magic = "openssh-key-v1\0";
const comment = "limpet";
/** Far above the largest key in use (RSA of 16,384 bits: 12 KiB). */
const maxKeyLength = 32 * 1024;
/** What ssh and the forges take; `sk-…` keys need a piece of hardware, ssh-dss is too weak for everybody. */
const usableTypes: readonly string[] = [
  "ssh-ed25519",
  "ssh-rsa",
  "ecdsa-sha2-nistp256",
  "ecdsa-sha2-nistp384",
  "ecdsa-sha2-nistp521",
];

/** A new ed25519 key in OpenSSH's form, unencrypted: it is sealed by whoever keeps it. */
export async function makeSshKey(): Promise<SshKey> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("an ed25519 key is a pair");
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  if (!("d" in jwk) || jwk.d === undefined || jwk.x === undefined) throw new Error("an ed25519 JWK has d and x");
  const [seed, point] = [base64url.decode(jwk.d), base64url.decode(jwk.x)];
  const publicBlob = new SshWriter().string("ssh-ed25519").string(point).bytes();
  // Twice the same number: how a reader sees that it decrypted well. Nothing is encrypted here.
  const check = crypto.getRandomValues(new Uint8Array(4));
  const secret = new SshWriter()
    .raw(check)
    .raw(check)
    .string("ssh-ed25519")
    .string(point)
    .string(new SshWriter().raw(seed).raw(point).bytes())
    .string(comment);
  for (let pad = 1; secret.bytes().length % 8 !== 0; pad += 1) secret.raw(new Uint8Array([pad]));
  const file = new SshWriter()
    .raw(new TextEncoder().encode(magic))
    .string("none")
    .string("none")
    .string("")
    .uint32(1)
    .string(publicBlob)
    .string(secret.bytes())
    .bytes();
  const lines = toBase64(file).match(/.{1,70}/g) ?? [];
  return {
    privateKey: ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join("\n"),
    publicKey: publicLine("ssh-ed25519", publicBlob),
  };
}

/**
 * Reads a private key that a person gave: OpenSSH's form, or PEM (PKCS#1, SEC 1, PKCS#8). Line ends and the last line
 * feed are put right, as ssh needs them.
 * @throws LimpetError `INVALID_GIT_KEY`: says what it is instead, and what to do. Never holds a part of the key.
 */
export async function readSshKey(text: string): Promise<SshKey> {
  const lines = text.replace(/\r\n?/g, "\n").trim();
  if (lines.length > maxKeyLength) throw invalid("is too long for a private key. Give the key file's own text.");
  if (/^(ssh-|ecdsa-|sk-)\S+ /.test(lines) || lines.includes("BEGIN PUBLIC KEY") || lines.includes("SSH2 PUBLIC KEY")) {
    throw invalid("is the public half. Give the private key: the file of the same name without .pub.");
  }
  if (lines.startsWith("PuTTY-User-Key-File")) {
    throw invalid("is in PuTTY's form. Export it from PuTTYgen as an OpenSSH key, and give that.");
  }
  const pem = /^-----BEGIN ([A-Z0-9 ]+)-----\n([\s\S]+)\n-----END \1-----$/.exec(lines);
  if (pem === null) {
    throw invalid(
      "is no private key: it must begin with -----BEGIN … PRIVATE KEY----- and end with the line that matches.",
    );
  }
  const [, kind = "", body = ""] = pem;
  if (kind === "ENCRYPTED PRIVATE KEY" || /^Proc-Type:.*ENCRYPTED/m.test(body)) throw passphrase();
  const bytes = fromBase64(body);
  if (bytes === null) throw invalid("is damaged: it is not all base64 between its first and its last line.");
  const { type, blob } = kind === "OPENSSH PRIVATE KEY" ? readOpenSsh(bytes) : await readPem(kind, bytes);
  return { privateKey: `${lines}\n`, publicKey: publicLine(type, blob) };
}

interface PublicHalf {
  readonly type: string;
  readonly blob: Uint8Array;
}

/** The public section of openssh-key-v1 stands there unencrypted, whatever protects the private one. */
function readOpenSsh(bytes: Uint8Array): PublicHalf {
  const damaged = "is damaged: it is not what OpenSSH writes. Copy the whole file once more.";
  const reader = new SshReader(bytes);
  const start = reader.raw(magic.length);
  if (start === null || String.fromCharCode(...start) !== magic) throw invalid(damaged);
  const [cipher, derivation] = [reader.text(), reader.text()];
  reader.string();
  const [count, blob, secret] = [reader.uint32(), reader.string(), reader.string()];
  if (cipher === null || derivation === null || count !== 1 || blob === null || secret === null) throw invalid(damaged);
  if (cipher !== "none") throw passphrase();
  const type = new SshReader(blob).text();
  if (type === null) throw invalid(damaged);
  if (!usableTypes.includes(type)) throw unusable(type);
  const inside = new SshReader(secret);
  const [first, second, insideType] = [inside.uint32(), inside.uint32(), inside.text()];
  if (first === null || first !== second || insideType !== type) throw invalid(damaged);
  return { type, blob };
}

async function readPem(kind: string, bytes: Uint8Array<ArrayBuffer>): Promise<PublicHalf> {
  if (kind === "DSA PRIVATE KEY") throw unusable("ssh-dss");
  const key = await readPemKey(kind, bytes);
  if (key === null) {
    throw invalid(
      `(${kind.slice(0, 40)}) could not be read: it is damaged, or of a kind that Limpet does not know. Convert a copy with "ssh-keygen -p -N '' -f COPY", and give that.`,
    );
  }
  return key;
}

function publicLine(type: string, blob: Uint8Array): string {
  return `${type} ${toBase64(blob)} ${comment}`;
}

function passphrase(): LimpetError {
  return invalid(
    `is protected by a passphrase, and nobody is there to type it when git needs the key. Take it off a copy with "ssh-keygen -p -N '' -f COPY" and give that, or let Limpet make a deploy key.`,
  );
}

function unusable(type: string): LimpetError {
  return invalid(
    `is of the type ${type}, which cannot be used here. Give an ed25519, ecdsa or rsa key, or let Limpet make a deploy key.`,
  );
}

function invalid(what: string): LimpetError {
  return new LimpetError("INVALID_GIT_KEY", `What was given as the git key ${what}`);
}
