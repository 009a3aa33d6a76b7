// Owns finding a port for the page that nobody else has.
// Must not know what will listen there.

import { createServer } from "node:net";

/** How many ports after the wanted one are tried. */
const tries = 100;

/** @returns the first free port from `wanted` on, or `null` */
export async function findPort(wanted: number): Promise<number | null> {
  for (let port = wanted; port < Math.min(wanted + tries, 65_536); port += 1) {
    // A browser may take "localhost" for either address: whoever has one of them would get some of our requests.
    if ((await isFree(port, "127.0.0.1")) && (await isFree(port, "::1"))) return port;
  }
  return null;
}

async function isFree(port: number, host: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => resolve("code" in error && error.code === "EADDRNOTAVAIL"));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
