// Owns X.509 certificates for a cluster that lives a day: v3 in DER (RFC 5280), P-256, signed with ECDSA and SHA-256.
// Must not know whom they are for.

import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { oid, sequence, tlv, utcTime } from "./der.ts";

export interface Certificate {
  /** PEM, PKCS #8. */
  readonly key: string;
  /** PEM. */
  readonly cert: string;
}

export interface CertificateSubject {
  readonly commonName: string;
  /** To Kubernetes the groups of a user. */
  readonly organization?: string;
  /** Host names and IPv4 addresses that a server answers for. */
  readonly names?: readonly string[];
  readonly usage: "authority" | "client" | "server";
}

/** Long enough for any test, and for a cluster left running over a few days. */
const lifeDays = 30;
const dayMs = 86_400_000;

const yes = tlv(0x01, Buffer.from([0xff]));
const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));
const organization = oid("55040a");
const commonName = oid("550403");
const keyUsage = oid("551d0f");
const subjectAltName = oid("551d11");
const basicConstraints = oid("551d13");
const extendedKeyUsage = oid("551d25");
const serverAuth = oid("2b06010505070301");
const clientAuth = oid("2b06010505070302");

/** @param authority signs it; without one it signs itself */
export function makeCertificate(
  subject: CertificateSubject,
  authority?: Certificate & CertificateSubject,
): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer: KeyObject = authority === undefined ? privateKey : createPrivateKey(authority.key);
  const serial = randomBytes(16);
  // Positive, and without a leading zero byte, as DER wants an integer.
  serial[0] = ((serial[0] ?? 0) % 0x7f) | 0x01;
  const now = Date.now();
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, serial),
    ecdsaWithSha256,
    encodeName(authority ?? subject),
    sequence(utcTime(now - dayMs), utcTime(now + lifeDays * dayMs)),
    encodeName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    tlv(0xa3, sequence(...encodeExtensions(subject))),
  );
  const signature = sign("sha256", body, signer);
  const der = sequence(body, ecdsaWithSha256, tlv(0x03, Buffer.from([0]), signature));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
  };
}

function encodeName(subject: CertificateSubject): Buffer {
  const part = (type: Buffer, text: string): Buffer => tlv(0x31, sequence(type, tlv(0x0c, Buffer.from(text))));
  const groups = subject.organization === undefined ? [] : [part(organization, subject.organization)];
  return sequence(...groups, part(commonName, subject.commonName));
}

function encodeExtensions(subject: CertificateSubject): readonly Buffer[] {
  const extension = (id: Buffer, value: Buffer): Buffer => sequence(id, yes, tlv(0x04, value));
  if (subject.usage === "authority") {
    // keyCertSign is bit 5.
    return [extension(basicConstraints, sequence(yes)), extension(keyUsage, tlv(0x03, Buffer.from([2, 0x04])))];
  }
  const purpose = subject.usage === "server" ? serverAuth : clientAuth;
  const names = (subject.names ?? []).map((name) =>
    /^\d+\.\d+\.\d+\.\d+$/.test(name)
      ? tlv(0x87, Buffer.from(name.split(".").map(Number)))
      : tlv(0x82, Buffer.from(name)),
  );
  return [
    // digitalSignature is bit 0.
    extension(keyUsage, tlv(0x03, Buffer.from([7, 0x80]))),
    sequence(extendedKeyUsage, tlv(0x04, sequence(purpose))),
    ...(names.length === 0 ? [] : [sequence(subjectAltName, tlv(0x04, sequence(...names)))]),
  ];
}
