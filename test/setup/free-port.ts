// Owns ports for servers that must be told a number and cannot ask the system for one.
// Must not know who listens there.

import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/**
 * Below those that Linux gives by itself (32768 and up), and below a cluster's node ports: between this look and the server's
 * start no connection of another test can be given the same.
 */
const range = { from: 10_000, below: 30_000 } as const;
const tries = 50;

/** A TCP port of 127.0.0.1 that was free a moment ago. @throws Error where none of fifty is */
export async function freePort(): Promise<number> {
  for (let left = tries; left > 0; left -= 1) {
    const port = randomInt(range.from, range.below);
    const server = createServer();
    try {
      server.listen(port, "127.0.0.1");
      await once(server, "listening");
      return port;
    } catch {
      // Somebody listens there.
    } finally {
      server.close();
    }
  }
  throw new Error(`None of ${tries} ports from ${range.from} to ${range.below} is free.`);
}
