// Owns the security headers of what the Worker answers. The page and its assets are served without the Worker: theirs
// stand in web/public/_headers, and a test holds the two together.
// Must not know any route.

import type { MiddlewareHandler } from "hono";
import type { Config } from "./config.ts";

/** On every answer, the page's included. */
export const answerHeaders = {
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** For JSON and redirects; a page of ours sets its own policy. */
const nothingAllowed = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const securityHeaders: MiddlewareHandler<{ Variables: { config: Config } }> = async (c, next) => {
  await next();
  // An upgrade's headers belong to the Durable Object, and a browser reads none of ours there.
  if (c.res.status === 101) return;
  for (const [name, value] of Object.entries(answerHeaders)) c.header(name, value);
  if (!c.res.headers.has("content-security-policy")) c.header("content-security-policy", nothingAllowed);
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  // Without a configuration there is no telling whether https is spoken.
  if (c.get("config")?.publicUrl.startsWith("https:")) {
    c.header("strict-transport-security", "max-age=31536000");
  }
};
