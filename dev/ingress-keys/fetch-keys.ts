// Owns the reading of the keys that an edge publishes: by its discovery document, from its own origin and nowhere else.
// Must not know what they are for.

import { type EdgeKey, parseEdgeKeys } from "./keys.ts";

const timeoutMs = 10_000;

/** @param publicUrl whose origin is the issuer's @returns the keys, or what is wrong, in sentences */
export async function fetchEdgeKeys(publicUrl: URL): Promise<readonly EdgeKey[] | string> {
  const { origin } = publicUrl;
  const discovery = new URL("/.well-known/openid-configuration", origin);
  const document = await fetchJson(discovery);
  if ("fault" in document) return document.fault;
  const issuer = stringIn(document.json, "issuer");
  if (issuer !== origin) {
    return `${discovery} is of the issuer ${issuer ?? "(none)"}, not of ${origin}: give Limpet's PUBLIC_URL.`;
  }
  const address = URL.parse(stringIn(document.json, "jwks_uri") ?? "");
  if (address?.origin !== origin) return `${discovery} names keys that are not at ${origin}.`;
  const set = await fetchJson(address);
  if ("fault" in set) return set.fault;
  const keys = parseEdgeKeys(set.json);
  return typeof keys === "string" ? `${address} ${keys}.` : keys;
}

async function fetchJson(url: URL): Promise<{ readonly json: unknown } | { readonly fault: string }> {
  let response: Response;
  try {
    response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : "";
    return { fault: `${url} does not answer${cause}.` };
  }
  if (!response.ok) {
    await response.body?.cancel();
    return { fault: `${url} answers with HTTP status ${response.status}.` };
  }
  try {
    return { json: await response.json() };
  } catch {
    return { fault: `${url} is no JSON: is this the address of Limpet?` };
  }
}

function stringIn(value: unknown, name: string): string | null {
  const member: unknown = typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
  return typeof member === "string" ? member : null;
}
