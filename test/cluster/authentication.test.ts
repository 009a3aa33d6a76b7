// Owns that the local cluster takes the edge's token for exactly one request, and nothing else.
// Must not know what the requests do.

import { request } from "node:http";
import { generateKeyPair, importJWK, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { claimsFor, nowSeconds } from "../contract/credentials.ts";
import { execPath } from "../contract/exec-client.ts";
import { type Server, startServer } from "./server.ts";

let server: Server;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

const path = () => server.client.pods("/limpet-a");

async function token(change: JWTPayload = {}, header: { alg?: string; kid?: string } = {}): Promise<string> {
  const claims = claimsFor({ method: "GET", path: path(), pod: "limpet-a" }, server.key);
  const key = await importJWK(server.key.jwk, "ES256");
  const kid = server.key.jwk.kid ?? "";
  return new SignJWT({ ...claims, ...change }).setProtectedHeader({ alg: "ES256", kid, ...header }).sign(key);
}

async function codeOf(authorization: string | null): Promise<[number, string]> {
  const { code, body } = await server.client.call("GET", path(), { authorization });
  expect(body).toMatchObject({ kind: "Status", status: "Failure", code });
  return [code, body.reason];
}

const passed: [number, string] = [404, "NotFound"];
const refused: [number, string] = [401, "Unauthorized"];

test("the edge's token for this request is taken", async () => {
  expect(await codeOf(`Bearer ${await token()}`)).toEqual(passed);
});

test.each<[string, () => Promise<string | null>]>([
  ["no Authorization", async () => null],
  ["another scheme", async () => `Basic ${Buffer.from("a:b").toString("base64")}`],
  ["an empty token", async () => "Bearer "],
  ["nonsense", async () => "Bearer nonsense"],
  ["a header of more than 4,096 bytes", async () => `Bearer ${await token({ filler: "x".repeat(4_000) })}`],
  ["another audience", async () => `Bearer ${await token({ aud: "another" })}`],
  ["two audiences", async () => `Bearer ${await token({ aud: [server.key.audience, "another"] })}`],
  ["another issuer", async () => `Bearer ${await token({ iss: "https://another.example" })}`],
  ["expired", async () => `Bearer ${await token({ iat: nowSeconds() - 90, exp: nowSeconds() - 1 })}`],
  ["not yet valid", async () => `Bearer ${await token({ nbf: nowSeconds() + 30 })}`],
  ["issued in the future", async () => `Bearer ${await token({ iat: nowSeconds() + 30 })}`],
  ["a life of more than 120 s", async () => `Bearer ${await token({ exp: nowSeconds() + 95 })}`],
  ["another key under the known id", async () => `Bearer ${await signedByAnother(server.key.jwk.kid ?? "")}`],
  ["an unknown key id", async () => `Bearer ${await signedByAnother("unknown")}`],
  ["alg none", async () => `Bearer ${new UnsecuredJWT(await claims()).encode()}`],
  ["HS256 with the public key as its secret", async () => `Bearer ${await hmac()}`],
  ["EdDSA", async () => `Bearer ${await eddsa()}`],
])("401: %s", async (_what, authorization) => {
  expect(await codeOf(await authorization())).toEqual(refused);
});

test.each(["sub", "iat", "nbf", "exp", "jti", "method", "path_sha256"])("401: without %s", async (claim) => {
  const { [claim]: _left, ...rest } = await claims();
  const key = await importJWK(server.key.jwk, "ES256");
  const signed = await new SignJWT(rest).setProtectedHeader({ alg: "ES256", kid: server.key.jwk.kid ?? "" }).sign(key);
  expect(await codeOf(`Bearer ${signed}`)).toEqual(refused);
});

test.each<[string, JWTPayload]>([
  ["another method", { method: "DELETE" }],
  ["another path", { path_sha256: "0".repeat(64) }],
  ["another pod", { pod: "limpet-b" }],
  ["no pod where the path names one", { pod: undefined }],
])("403: a token for %s", async (_what, change) => {
  expect(await codeOf(`Bearer ${await token(change)}`)).toEqual([403, "Forbidden"]);
});

test("403: a token for the same path with another query", async () => {
  const { code } = await server.client.call("GET", `${path()}?pretty=true`, {
    authorization: `Bearer ${await token()}`,
  });
  expect(code).toBe(403);
});

test("403: a token for one command does not open another", async () => {
  const other = execPath(server.client, "limpet-a", { command: ["true"] });
  const wanted = execPath(server.client, "limpet-a", { command: ["rm", "-rf", "/"] });
  const authorization = (await server.client.headers("GET", other))["authorization"] ?? "";
  const response = await fetch(`${server.client.url}${wanted}`, { headers: { authorization } });
  expect([response.status, (await response.json()).reason]).toEqual([403, "Forbidden"]);
});

test("403: another namespace; verbs that the edge's role has not", async () => {
  const elsewhere = await server.client.call("GET", "/api/v1/namespaces/kube-system/pods");
  expect([elsewhere.code, elsewhere.body.reason]).toEqual([403, "Forbidden"]);
  expect((await server.client.call("PUT", path(), { body: {} })).code).toBe(403);
  expect((await server.client.call("DELETE", server.client.pods())).code).toBe(403);
});

test("404 for paths that are written in another way, 405 for methods that do not exist", async () => {
  for (const written of [
    "/api/v1/namespaces/limpet/pods/",
    "/api/v1/namespaces/limpet//pods",
    "/api/v1/namespaces/limpet%2fpods",
  ]) {
    expect((await server.client.call("GET", written)).code).toBe(404);
  }
  expect((await server.client.call("POST", path(), { body: {} })).code).toBe(405);
});

test("the upgrade of an exec is refused with a Status too", async () => {
  const wanted = execPath(server.client, "limpet-a", { command: ["true"] });
  const headers = { connection: "Upgrade", upgrade: "websocket", authorization: "Bearer nonsense" };
  const { code, body } = await upgrade(`${server.client.url}${wanted}`, headers);
  expect(code).toBe(401);
  expect(JSON.parse(body)).toMatchObject({ kind: "Status", reason: "Unauthorized", code: 401 });
});

test("/faults takes its own token only", async () => {
  const url = `${server.client.url}/faults`;
  expect((await fetch(url)).status).toBe(401);
  expect((await fetch(url, { headers: { authorization: `Bearer ${await token()}` } })).status).toBe(401);
});

test("health and version need no token, and say nothing", async () => {
  expect(await (await fetch(`${server.client.url}/healthz`)).text()).toBe("ok");
  expect((await fetch(`${server.client.url}/version`)).status).toBe(200);
});

test("a rotated key is found by its id; the old one is no longer taken", async () => {
  const old = await token();
  // The key set is fetched anew once a second at most.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  const before = server.key;
  const rotated = await server.issuer.rotate();
  const key = await importJWK(rotated.jwk, "ES256");
  const signed = await new SignJWT(await claims())
    .setProtectedHeader({ alg: "ES256", kid: rotated.jwk.kid ?? "" })
    .sign(key);
  expect(await codeOf(`Bearer ${signed}`)).toEqual(passed);
  expect(before.jwk.kid).not.toBe(rotated.jwk.kid);
  expect(await codeOf(`Bearer ${old}`)).toEqual(refused);
});

async function claims(): Promise<JWTPayload> {
  return claimsFor({ method: "GET", path: path(), pod: "limpet-a" }, server.key);
}

async function signedByAnother(kid: string): Promise<string> {
  const { privateKey } = await generateKeyPair("ES256");
  return new SignJWT(await claims()).setProtectedHeader({ alg: "ES256", kid }).sign(privateKey);
}

async function hmac(): Promise<string> {
  const { d: _private, ...publicKey } = server.key.jwk;
  const secret = Buffer.from(JSON.stringify(publicKey));
  return new SignJWT(await claims()).setProtectedHeader({ alg: "HS256", kid: publicKey.kid ?? "" }).sign(secret);
}

async function eddsa(): Promise<string> {
  const { privateKey } = await generateKeyPair("EdDSA");
  return new SignJWT(await claims())
    .setProtectedHeader({ alg: "EdDSA", kid: server.key.jwk.kid ?? "" })
    .sign(privateKey);
}

async function upgrade(url: string, headers: Record<string, string>): Promise<{ code: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers }, async (response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
    });
    asked.once("error", reject);
    asked.end();
  });
}
