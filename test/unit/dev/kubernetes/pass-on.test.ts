// Owns the tests of one connection that goes on as another, on loopback.
// Must not know a relay.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { afterEach, expect, test } from "vitest";
import { passOnAll } from "../../../../dev/kubernetes/network/pass-on.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(connected: (socket: Socket) => void): Promise<number> {
  return await portOf(createServer({ allowHalfOpen: true }, connected));
}

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
  return address.port;
}

/** @returns the port of one that passes on to another */
async function passing(port: number): Promise<number> {
  const server = createServer();
  passOnAll(server, () => ({ host: "127.0.0.1", port }));
  return await portOf(server);
}

test("every byte arrives both ways, and so does the end of one direction alone", async () => {
  const sent = randomBytes(3_000_000);
  const answering = await listen((socket) => {
    const got: Buffer[] = [];
    socket.on("data", (bytes) => got.push(bytes)).on("end", () => socket.end(Buffer.concat(got)));
  });
  const port = await passing(answering);
  const client = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  client.end(sent);
  expect((await buffer(client)).equals(sent)).toBe(true);
});

test("an address that refuses resets the connection", async () => {
  const server = createServer();
  const dead = await portOf(server);
  server.close();
  const client = connect({ port: await passing(dead), host: "127.0.0.1" });
  const [error] = await once(client, "error");
  expect(error).toMatchObject({ code: "ECONNRESET" });
});

test("who is cut off at one end is cut off at the other", async () => {
  const port = await passing(await listen((socket) => socket.once("data", () => socket.resetAndDestroy())));
  const client = connect({ port, host: "127.0.0.1" });
  client.write("one");
  const [error] = await once(client, "error");
  expect(error).toMatchObject({ code: "ECONNRESET" });
});
