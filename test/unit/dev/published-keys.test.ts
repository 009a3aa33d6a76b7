// Owns the proof that a change of keys is waited for until the edge publishes it, and that the wait has an end.
// Must not know which change.

import { generateKeyPairSync } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { awaitPublished } from "../../../dev/signing-keys/published.ts";

let server: Server;
let url: string;
/** The names of the keys that are published at each time that they are asked for; the last ones stay. */
let answers: (readonly string[] | number)[];
let asked: number;
let nowMs: number;

const jwk = (kid: string) => ({
  ...generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey.export({ format: "jwk" }),
  kid,
});

beforeEach(async () => {
  asked = 0;
  nowMs = 0;
  server = createServer((request, response) => {
    if (request.url === "/.well-known/openid-configuration") {
      response.end(JSON.stringify({ issuer: url, jwks_uri: `${url}/.well-known/jwks.json` }));
      return;
    }
    const answer = answers[Math.min(asked, answers.length - 1)] ?? 404;
    asked += 1;
    if (typeof answer === "number") response.writeHead(answer).end();
    else response.end(JSON.stringify({ keys: answer.map(jwk) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const wait = (...kids: readonly string[]): Promise<string | null> =>
  awaitPublished(url, kids, {
    nowMs: () => nowMs,
    pause: async (ms) => {
      nowMs += ms;
    },
  });

test("it is over when just these keys were published three times in a row, in whichever order", async () => {
  answers = [["old"], 500, ["new", "next"], ["old"], ["new", "next"], ["next", "new"]];
  expect(await wait("next", "new")).toBeNull();
  expect(asked).toBe(7);
});

test("an old key that is published beside the new one is waited for, for two minutes", async () => {
  answers = [["new", "old"]];
  expect(await wait("new")).toBe(`After two minutes ${url} publishes new, old.`);
  expect(nowMs).toBe(120_000);
});

test("an edge that does not answer is named", async () => {
  answers = [503];
  expect(await wait("new")).toBe(`${url}/.well-known/jwks.json answers with HTTP status 503.`);
});

test("an edge that takes on the new key as the time is over is still heard out", async () => {
  answers = [...new Array<readonly string[]>(60).fill(["old"]), ["new"]];
  expect(await wait("new")).toBeNull();
});

test("an address that is none is named", async () => {
  expect(await awaitPublished("PUBLIC_URL", ["new"], { nowMs: () => 0, pause: async () => {} })).toContain(
    "is no address: PUBLIC_URL",
  );
});
