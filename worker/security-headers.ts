// Owns the security headers of what the Worker answers. The page and its assets are served without the Worker: theirs
// stand in web/public/_headers, and a test holds the two together.
// Must not know any route.

import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./context.ts";

/** For JSON and redirects; a page of ours sets its own policy. */
const nothingAllowed = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export const securityHeaders: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  // An upgrade's headers belong to the Durable Object, and a browser reads none of ours there.
  if (c.res.status === 101) return;
  if (!c.res.headers.has("content-security-policy")) c.header("content-security-policy", nothingAllowed);
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  c.header("x-content-type-options", "nosniff");
  c.header("referrer-policy", "no-referrer");
  c.header("x-frame-options", "DENY");
  c.header("cross-origin-opener-policy", "same-origin");
  c.header("cross-origin-resource-policy", "same-origin");
  if (c.get("config")?.publicUrl.startsWith("https:") === true) {
    c.header("strict-transport-security", "max-age=31536000");
  }
};
