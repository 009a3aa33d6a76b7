// Owns an issuer on https that an API server can read: discovery and one public key, at an address outside the cluster.
// Must not know who asks for tokens, nor what for.

import { randomUUID } from "node:crypto";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair } from "jose";
import type { ControlClient } from "../../../dev/kubernetes/control/control-client.ts";
import { makeCertificate } from "../../../dev/kubernetes/pki/x509.ts";

export interface HttpsIssuer {
  readonly url: string;
  /** The authority of its certificate: PEM. */
  readonly ca: string;
  /** A private JWK of ES256 with its `kid`. */
  readonly signingKey: object;
  /** Publishes another key instead. The one of before is still `signingKey`, as a thief's would be. */
  changeKey(): Promise<void>;
  close(): Promise<void>;
}

/** @param address of the outside, whose port of the same number leads here */
export async function openHttpsIssuer(control: ControlClient, address: string): Promise<HttpsIssuer> {
  const authority = { commonName: "An issuer's authority", usage: "authority" } as const;
  const ca = { ...authority, ...makeCertificate(authority) };
  const { key, cert } = makeCertificate({ commonName: "issuer", usage: "server", names: [address] }, ca);
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const named = { kid: randomUUID(), alg: "ES256", use: "sig" };
  let published = { ...(await exportJWK(publicKey)), ...named };
  const server = createServer({ key, cert }, (request, response) => {
    const answers: Readonly<Record<string, object>> = {
      "/.well-known/openid-configuration": { issuer: url, jwks_uri: `${url}/jwks.json` },
      "/jwks.json": { keys: [published] },
    };
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const url = `https://${address}:${port}`;
  await control.outside(port, port);
  return {
    url,
    ca: ca.cert,
    signingKey: { ...(await exportJWK(privateKey)), ...named },
    changeKey: async () => {
      const next = await generateKeyPair("ES256", { extractable: true });
      published = { ...(await exportJWK(next.publicKey)), ...named, kid: randomUUID() };
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
