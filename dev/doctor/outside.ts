// Owns looking from this machine: DNS, TLS, the edge's published keys.
// Must not know what is said of what was seen.

import { lookup } from "node:dns/promises";
import { connect, type PeerCertificate } from "node:tls";
import { isObject, objectsAt, stringAt } from "../../worker/kubernetes/json.ts";
import type { SeenCertificate, SeenKeys } from "./outside-words.ts";

const timeoutMs = 10_000;

export async function lookUpName(
  host: string,
): Promise<{ readonly addresses: readonly string[] } | { readonly error: string }> {
  try {
    const found = await lookup(host, { all: true });
    return { addresses: found.map(({ address }) => address) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** Also of a server whose certificate is not trusted: nothing is sent to it. */
export function readCertificate(host: string, port: number): Promise<SeenCertificate | { readonly error: string }> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, servername: host, rejectUnauthorized: false, timeout: timeoutMs });
    const end = (seen: SeenCertificate | { readonly error: string }): void => {
      socket.destroy();
      resolve(seen);
    };
    socket.once("secureConnect", () => {
      const certificate = socket.getPeerCertificate();
      // Node's types say Error; it is the code as text (tls.TLSSocket.authorizationError).
      const fault: unknown = socket.authorized ? null : socket.authorizationError;
      end({
        endsMs: Date.parse(certificate.valid_to),
        issuer: issuerOf(certificate),
        fault: fault === null ? null : messageOf(fault),
      });
    });
    socket.once("timeout", () => end({ error: `no answer in ${timeoutMs / 1000} seconds` }));
    socket.once("error", (error) => end({ error: messageOf(error) }));
  });
}

export async function readKeys(url: string): Promise<SeenKeys> {
  try {
    const document = await fetchJson(`${url}/.well-known/openid-configuration`);
    const keys = await fetchJson(`${url}/.well-known/jwks.json`);
    return {
      issuer: stringAt(document, "issuer"),
      kids: objectsAt(keys, "keys").flatMap((key) => stringAt(key, "kid") ?? []),
    };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

async function fetchJson(address: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(address, { redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
  if (!response.ok) throw new Error(`${new URL(address).pathname}: HTTP ${response.status}`);
  const value: unknown = await response.json();
  if (!isObject(value)) throw new Error(`${new URL(address).pathname} is no JSON object`);
  return value;
}

function issuerOf({ issuer }: PeerCertificate): string {
  const name = issuer?.O ?? issuer?.CN;
  return Array.isArray(name) ? name.join(" ") : (name ?? "an unnamed authority");
}

/** Node's fetch says "fetch failed", and why in its cause. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
