// Owns the tests of the real Kubernetes' certificates, read by another implementation than the one that writes them.
// Must not know whom they are for.

import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { type CertificateSubject, makeCertificate } from "../../../../dev/kubernetes/pki/x509.ts";

const subject: CertificateSubject = { commonName: "An authority", usage: "authority" };
const authority = { ...subject, ...makeCertificate(subject) };
const read = (one: CertificateSubject): X509Certificate => new X509Certificate(makeCertificate(one, authority).cert);

test("an authority signs itself, and is one", () => {
  const certificate = new X509Certificate(authority.cert);
  expect(certificate.ca).toBe(true);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkIssued(certificate)).toBe(true);
});

test("a server answers for its names and addresses, and no others", () => {
  const server = read({ commonName: "a", names: ["10.77.0.1", "kubernetes.default"], usage: "server" });
  expect(server.ca).toBe(false);
  expect(server.checkIssued(new X509Certificate(authority.cert))).toBe(true);
  expect(server.verify(new X509Certificate(authority.cert).publicKey)).toBe(true);
  expect(server.checkIP("10.77.0.1")).toBe("10.77.0.1");
  expect(server.checkIP("10.77.0.2")).toBeUndefined();
  expect(server.checkHost("kubernetes.default")).toBe("kubernetes.default");
  expect(server.checkHost("kubernetes")).toBeUndefined();
  expect(server.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
});

test("a client has its groups as organizations", () => {
  const client = read({ commonName: "system:node:one", organization: "system:nodes", usage: "client" });
  expect(client.subject).toBe("O=system:nodes\nCN=system:node:one");
  expect(client.issuer).toBe("CN=An authority");
  expect(client.keyUsage).toEqual(["1.3.6.1.5.5.7.3.2"]);
});

test("serial numbers are positive, and differ", () => {
  const serials = Array.from({ length: 300 }, () => read({ commonName: "a", usage: "client" }).serialNumber);
  expect(new Set(serials).size).toBe(300);
  expect(serials.filter((serial) => serial.length !== 32 || serial >= "80")).toEqual([]);
});
