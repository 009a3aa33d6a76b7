// Owns the rule that tells our own page's requests from another site's.
// Must not know what the request asks for.

import { LimpetError } from "./errors.ts";

/**
 * Every browser names the origin on a POST and on a WebSocket's handshake, so a request without one did not come from
 * our page; other clients can set the header themselves.
 * @throws LimpetError `FOREIGN_ORIGIN`
 */
export function requireOwnOrigin(headers: Headers, publicUrl: string): void {
  const origin = headers.get("origin");
  // On a handshake browsers do not agree on this one: some call ws:// another site than http://.
  const site = headers.has("upgrade") ? null : headers.get("sec-fetch-site");
  if (origin === publicUrl && (site === null || site === "same-origin")) return;
  throw new LimpetError(
    "FOREIGN_ORIGIN",
    `This request did not come from Limpet's own page. Open ${publicUrl} and try again there (a program must send that as its Origin header).`,
  );
}
