// Owns sealing a secret at rest and opening it again: a JWE (RFC 7516, compact) under one of the seal keys.
// Must not know what the secret is for, nor where it is kept.

import { base64url, CompactEncrypt, compactDecrypt, decodeProtectedHeader } from "jose";
import { LimpetError } from "../errors.ts";
import type { SealKey, SealKeys } from "./seal-keys.ts";

/** What is sealed and whose it is. It stands in the JWE's protected header, so a row moved to somebody else does not open. */
export interface Seal {
  /** The person's id, or another random name that only the owner's rows have. No `/`. */
  readonly owner: string;
  /** What it is, as a person may read it in an error: `git-key`, `snapshot 01k…`. */
  readonly name: string;
}

export interface Sealed {
  /** A JWE: `alg` A256KW (RFC 3394: no nonce that could come twice under a long-lived key), `enc` A256GCM. */
  readonly sealed: string;
  /** The key that opens it; also in the JWE's header. */
  readonly kid: string;
}

const alg = "A256KW";
const enc = "A256GCM";
/** The private header parameter (RFC 7516, section 4.3) that names owner and name. */
const seal = "limpet-seal";

/** Sealed under the first key. */
export async function sealBytes(keys: SealKeys, what: Seal, bytes: Uint8Array): Promise<Sealed> {
  const [key] = keys;
  const sealed = await new CompactEncrypt(bytes)
    .setProtectedHeader({ alg, enc, kid: key.kid, [seal]: label(what) })
    .encrypt(rawKey(key));
  return { sealed, kid: key.kid };
}

/**
 * @throws LimpetError `SECRET_UNREADABLE`: the message names the key and the secret, and what to do. Nothing is changed.
 */
export async function openBytes(keys: SealKeys, what: Seal, sealed: string): Promise<Uint8Array> {
  const kid = kidOf(sealed);
  if (kid === null) throw unreadable(what, `is damaged: what is stored names no key`);
  const key = keys.find((known) => known.kid === kid);
  if (key === undefined) {
    throw unreadable(what, `is sealed under the key "${kid}", which SEAL_KEYS does not have: put that key back there`);
  }
  const opened = await compactDecrypt(sealed, rawKey(key), {
    keyManagementAlgorithms: [alg],
    contentEncryptionAlgorithms: [enc],
  }).catch(() => null);
  if (opened === null) {
    throw unreadable(
      what,
      `does not open with the key "${kid}": either what is stored is damaged, or that key is not the one of this name any more: put the right one into SEAL_KEYS`,
    );
  }
  if (opened.protectedHeader[seal] !== label(what)) {
    throw unreadable(
      what,
      `was not sealed for this place (key "${kid}"): what is stored belongs to somebody or something else`,
    );
  }
  return opened.plaintext;
}

export async function sealText(keys: SealKeys, what: Seal, text: string): Promise<Sealed> {
  return sealBytes(keys, what, new TextEncoder().encode(text));
}

/** @throws LimpetError `SECRET_UNREADABLE` */
export async function openText(keys: SealKeys, what: Seal, sealed: string): Promise<string> {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await openBytes(keys, what, sealed));
}

/** Sealed anew under the first key. @throws LimpetError `SECRET_UNREADABLE` */
export async function resealBytes(keys: SealKeys, what: Seal, sealed: string): Promise<Sealed> {
  return sealBytes(keys, what, await openBytes(keys, what, sealed));
}

/** Owners hold no slash, so no two seals have one label. */
function label({ owner, name }: Seal): string {
  if (owner.includes("/")) throw new Error("an owner's id holds no slash");
  return `${owner}/${name}`;
}

function rawKey(key: SealKey): Uint8Array {
  return base64url.decode(key.k);
}

/** A `kid` that may be shown: ours are short words. */
function kidOf(sealed: string): string | null {
  try {
    const { kid } = decodeProtectedHeader(sealed);
    return typeof kid === "string" && /^[\w.:-]{1,128}$/.test(kid) ? kid : null;
  } catch {
    return null;
  }
}

function unreadable({ name }: Seal, what: string): LimpetError {
  return new LimpetError(
    "SECRET_UNREADABLE",
    `The secret "${name}" ${what}; or give the secret anew. Nothing was changed.`,
  );
}
