// Owns the edge's discovery documents for the tests' cluster: it asks for keys at the Worker's public address.
// Must not know who signs with them.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface EdgeKeys {
  /** The Worker's PUBLIC_URL for the tests, at which nothing but these documents is served. */
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** `privateKeys` as in SIGNING_KEYS; only the public halves are served. */
export async function startEdgeKeys(privateKeys: readonly object[]): Promise<EdgeKeys> {
  const keys = privateKeys.map((key) => ({ ...key, d: undefined }));
  const server = createServer((request, response) => {
    const documents: Readonly<Record<string, object>> = {
      "/.well-known/openid-configuration": { issuer: url, jwks_uri: `${url}/.well-known/jwks.json` },
      "/.well-known/jwks.json": { keys },
    };
    const document = documents[request.url ?? ""];
    response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(document ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  return { url, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
