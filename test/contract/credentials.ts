// Owns how a contract test proves who it is: one ES256 token for each request, or one bearer token for all.
// Must not know what is requested.

import { createHash, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from "jose";

export interface Request {
  readonly method: string;
  /** Path and query exactly as on the wire. */
  readonly path: string;
  readonly pod: string | undefined;
}

/** Gives the value of the Authorization header for one request. */
export type Credentials = (request: Request) => Promise<string>;

export interface SigningKey {
  readonly jwk: JWK;
  readonly issuer: string;
  readonly audience: string;
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

/** The claims that the edge would sign for this request. */
export function claimsFor({ method, path, pod }: Request, key: SigningKey) {
  return {
    iss: key.issuer,
    aud: key.audience,
    sub: "limpet:contract",
    iat: nowSeconds() - 30,
    nbf: nowSeconds() - 30,
    exp: nowSeconds() + 60,
    jti: randomUUID(),
    method,
    path_sha256: createHash("sha256").update(path).digest("hex"),
    ...(pod === undefined ? {} : { pod }),
  };
}

/** Signs as the edge does. */
export function signingCredentials(key: SigningKey): Credentials {
  return async (request) => {
    const private_ = await importJWK(key.jwk, "ES256");
    const header = { alg: "ES256", ...(key.jwk.kid === undefined ? {} : { kid: key.jwk.kid }) };
    return `Bearer ${await new SignJWT(claimsFor(request, key)).setProtectedHeader(header).sign(private_)}`;
  };
}

export interface Issuer {
  readonly url: string;
  /** Replaces the published keys by a new one and gives it, private. */
  rotate(): Promise<SigningKey>;
  close(): Promise<void>;
}

/** An issuer of its own on loopback: discovery and the public half of one key. */
export async function startIssuer(audience: string): Promise<{ readonly issuer: Issuer; readonly key: SigningKey }> {
  let published: JWK = {};
  const server = createServer((request, response) => {
    const answers: Readonly<Record<string, object>> = {
      "/.well-known/openid-configuration": { issuer: url, jwks_uri: `${url}/jwks.json` },
      "/jwks.json": { keys: [published] },
    };
    const answer = answers[request.url ?? ""];
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rotate = async (): Promise<SigningKey> => {
    const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
    const named = { kid: randomUUID(), alg: "ES256", use: "sig" };
    published = { ...(await exportJWK(publicKey)), ...named };
    return { jwk: { ...(await exportJWK(privateKey)), ...named }, issuer: url, audience };
  };
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { issuer: { url, rotate, close }, key: await rotate() };
}
