// Owns what is said of what is seen from this machine: names, certificates, published keys.
// Must not know how any of it was seen.

import { type Finding, failed, ok, quote, warning } from "../../worker/doctor/check.ts";

/** Addresses that the internet does not reach (RFC 1918, 6598, 3927, 4193, loopback). */
const privateAddress =
  /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|127\.|::1$|f[cd]|fe[89ab])/i;

/** `addresses`: what the name stands for; `error`: why it stands for nothing. */
export function nameWords(
  host: string,
  seen: { readonly addresses: readonly string[] } | { readonly error: string },
): Finding {
  if ("error" in seen || seen.addresses.length === 0) {
    const why = "error" in seen ? ` (${quote(seen.error)})` : "";
    return failed(`${host} has no address${why}.`, "Make its DNS record, or put the right name into wrangler.toml.");
  }
  const inner = seen.addresses.filter((address) => privateAddress.test(address));
  if (inner.length > 0) {
    return warning(
      `${host} is ${seen.addresses.join(", ")} from here, of which ${inner.join(", ")} cannot be reached from the internet.`,
      "The edge is in the internet: it needs a public address (unless your own network answers otherwise for this name).",
    );
  }
  return ok(`${host} is ${seen.addresses.join(", ")}.`);
}

/** A server's certificate, and what Node makes of it. */
export interface SeenCertificate {
  /** Unix milliseconds. */
  readonly endsMs: number;
  readonly issuer: string;
  /** Null: it is trusted for this name. */
  readonly fault: string | null;
}

/** cert-manager and the like renew a month before: what is nearer than this was forgotten. */
const soonMs = 14 * 86_400_000;

/** `edgeReached`: the edge has had an answer there, so that this machine alone may be kept out. */
export function certificateWords(
  host: string,
  seen: SeenCertificate | { readonly error: string },
  nowMs: number,
  edgeReached: boolean,
): Finding {
  if ("error" in seen) {
    const text = `${host} does not answer on its TLS port from here (${quote(seen.error)}).`;
    return edgeReached
      ? warning(text, "The edge reaches it; that may be meant so (a firewall that lets only some in).")
      : failed(text, "Look at its load balancer and firewall.");
  }
  const day = new Date(seen.endsMs).toISOString().slice(0, 10);
  const days = Math.floor((seen.endsMs - nowMs) / 86_400_000);
  if (seen.endsMs <= nowMs) {
    return failed(
      `The certificate of ${host} ended on ${day}.`,
      "Renew it (cert-manager: kubectl get certificates -A).",
    );
  }
  if (seen.fault !== null) {
    return failed(
      `The certificate of ${host} is not trusted here (${quote(seen.fault)}; issued by ${quote(seen.issuer)}).`,
      "It must be for this very name, with its intermediate certificates, from an authority that everybody trusts.",
    );
  }
  if (seen.endsMs - nowMs < soonMs) {
    return warning(`The certificate of ${host} ends on ${day}, in ${days} days.`, "Look why it was not renewed yet.");
  }
  return ok(`The certificate of ${host} is good until ${day} (${days} days; ${quote(seen.issuer)}).`);
}

/** The edge's documents at its public address, from here. */
export type SeenKeys =
  | { readonly error: string }
  | { readonly issuer: string | null; readonly kids: readonly string[] };

export function keysWords(url: string, edgeUrl: string, kids: readonly string[], seen: SeenKeys): Finding {
  if ("error" in seen)
    return failed(`${url} does not show its keys (${quote(seen.error)}).`, "Look at the Worker's log.");
  if (url !== edgeUrl) {
    return failed(
      `You asked ${url}, and it calls itself ${edgeUrl}.`,
      `Set PUBLIC_URL to the address that people open; sign-in leads to ${edgeUrl}.`,
    );
  }
  if (seen.issuer !== url) {
    return failed(`${url} names another issuer in its documents: ${quote(seen.issuer ?? "none")}.`, "Set PUBLIC_URL.");
  }
  const missing = kids.filter((kid) => !seen.kids.includes(kid));
  if (missing.length > 0) {
    return failed(
      `${url} does not publish ${missing.join(", ")}, which it signs with.`,
      "If the keys were changed a minute ago, look again (they are cached for one); otherwise another Worker answers there.",
    );
  }
  return ok(`${url} publishes the keys that it signs with: ${kids.join(", ")}.`);
}
