// Owns what the cluster's side reads to check the edge's tokens: the public keys and where they are.
// Must not know what a token says.

import { Hono } from "hono";
import type { AppEnv } from "../context.ts";

export const edgeIdentityRoutes = new Hono<AppEnv>();

/** Short, since a key that is taken out must soon be believed no more; long enough for a busy ingress. */
const cacheControl = "public, max-age=60";

edgeIdentityRoutes.get("/jwks.json", (c) => {
  const keys = c
    .get("config")
    .signingKeys.map(({ kty, crv, alg, kid, x, y }) => ({ kty, crv, alg, kid, x, y, use: "sig" }));
  c.header("cache-control", cacheControl);
  return c.json({ keys });
});

/** As much of OpenID Connect Discovery 1.0 as an API server reads of a token issuer. Nobody signs in here. */
edgeIdentityRoutes.get("/openid-configuration", (c) => {
  const { publicUrl } = c.get("config");
  c.header("cache-control", cacheControl);
  return c.json({
    issuer: publicUrl,
    jwks_uri: `${publicUrl}/.well-known/jwks.json`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
  });
});
