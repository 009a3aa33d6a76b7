// Owns a certificate for 127.0.0.1 that signs itself, made anew for a test: X.509 v3 in DER (RFC 5280), P-256.
// Must not be taken for more than a test's: it has no serial number to speak of and ends in a day.

import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { oid, sequence, tlv, utcTime } from "../../dev/kubernetes/pki/der.ts";

export interface TestCertificate {
  /** PEM. */
  readonly key: string;
  readonly cert: string;
}

const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));
const commonName = oid("550403");
const basicConstraints = oid("551d13");
const subjectAltName = oid("551d11");

/** It is its own authority: as a CA bundle it makes itself trusted. `names`: DNS names beside the address. */
export function makeCertificate(names: readonly string[] = []): TestCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(tlv(0x31, sequence(commonName, tlv(0x0c, Buffer.from(`Limpet's tests ${randomUUID()}`)))));
  const dayMs = 86_400_000;
  const extensions = tlv(
    0xa3,
    sequence(
      sequence(basicConstraints, tlv(0x01, Buffer.from([0xff])), tlv(0x04, sequence(tlv(0x01, Buffer.from([0xff]))))),
      // iPAddress is context tag 7, dNSName 2.
      sequence(
        subjectAltName,
        tlv(
          0x04,
          sequence(
            tlv(0x87, Buffer.from([127, 0, 0, 1])),
            ...names.map((name) => tlv(0x82, Buffer.from(name, "ascii"))),
          ),
        ),
      ),
    ),
  );
  const body = sequence(
    tlv(0xa0, tlv(0x02, Buffer.from([2]))),
    tlv(0x02, Buffer.from([1])),
    ecdsaWithSha256,
    name,
    sequence(utcTime(Date.now() - dayMs), utcTime(Date.now() + dayMs)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    extensions,
  );
  const signature = sign("sha256", body, privateKey);
  const der = sequence(body, ecdsaWithSha256, tlv(0x03, Buffer.from([0]), signature));
  const lines = der.toString("base64").match(/.{1,64}/g) ?? [];
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
  };
}
