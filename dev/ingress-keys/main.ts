// Owns `npm run ingress-keys -- URL`: the edge's published keys, printed as the ConfigMap that the ingress reads.
// Must not know the cluster: kubectl puts it there.

import { edgeKeysManifest, parseEdgeKeys } from "./keys.ts";

const usage = `npm run -s ingress-keys -- https://limpet.example.com | kubectl apply -f -

Prints the ConfigMap limpet-edge-keys with the public keys that Limpet at this address signs with. The ingress has them
within two minutes. Do it after every change of SIGNING_KEYS.`;

const timeoutMs = 10_000;
const loopbackHosts: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const [address, ...more] = args;
  const url = address === undefined ? null : URL.parse(address);
  if (url === null || more.length > 0 || !isFit(url)) {
    console.error(usage);
    return 64;
  }
  const discovery = new URL("/.well-known/openid-configuration", url.origin);
  const document = await fetchJson(discovery);
  const issuer = stringIn(document, "issuer");
  if (issuer !== url.origin) {
    throw new Error(
      `${discovery} is of the issuer ${issuer ?? "(none)"}, not of ${url.origin}: give Limpet's PUBLIC_URL.`,
    );
  }
  const jwks = URL.parse(stringIn(document, "jwks_uri") ?? "");
  if (jwks?.origin !== url.origin) throw new Error(`${discovery} names keys that are not at ${url.origin}.`);
  const keys = parseEdgeKeys(await fetchJson(jwks));
  if (typeof keys === "string") throw new Error(`${jwks} ${keys}.`);
  process.stdout.write(edgeKeysManifest(keys));
  return 0;
}

/** An origin, by https: who can change these keys on their way can make tokens. */
function isFit(url: URL): boolean {
  const safe = url.protocol === "https:" || (url.protocol === "http:" && loopbackHosts.includes(url.hostname));
  return safe && url.pathname === "/" && url.search === "" && url.username === "";
}

async function fetchJson(url: URL): Promise<unknown> {
  const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(timeoutMs) }).catch(
    (error: unknown) => {
      const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
      throw new Error(`${url} does not answer${cause}.`);
    },
  );
  if (!response.ok) throw new Error(`${url} answers with HTTP status ${response.status}.`);
  try {
    return await response.json();
  } catch {
    throw new Error(`${url} is no JSON: is this the address of Limpet?`);
  }
}

function stringIn(value: unknown, name: string): string | null {
  const member: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof member === "string" ? member : null;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
