// Owns `npm run ingress-keys -- URL`: the edge's published keys, printed as the ConfigMap that the ingress reads.
// Must not know the cluster: kubectl puts it there.

import { fetchEdgeKeys } from "./fetch-keys.ts";
import { edgeKeysManifest } from "./keys.ts";

const usage = `npm run -s ingress-keys -- https://limpet.example.com | kubectl apply -f -

Prints the ConfigMap limpet-edge-keys with the public keys that Limpet at this address signs with. The ingress has them
within two minutes. Do it after every change of SIGNING_KEYS.`;

const loopbackHosts: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const [address, ...more] = args;
  const url = address === undefined ? null : URL.parse(address);
  if (url === null || more.length > 0 || !isFit(url)) {
    console.error(usage);
    return 64;
  }
  const keys = await fetchEdgeKeys(url);
  if (typeof keys === "string") {
    console.error(keys);
    return 1;
  }
  process.stdout.write(edgeKeysManifest(keys));
  return 0;
}

/** An origin, by https: who can change these keys on their way can make tokens. */
function isFit(url: URL): boolean {
  const safe = url.protocol === "https:" || (url.protocol === "http:" && loopbackHosts.includes(url.hostname));
  return safe && url.pathname === "/" && url.search === "" && url.username === "";
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
