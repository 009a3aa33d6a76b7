// Owns what we know of the identity provider: its discovery document and keys, kept for a while in this isolate.
// Must not know sign-ins or people.

import * as oauth from "oauth4webapi";
import type { Config } from "../config.ts";
import { LimpetError } from "../errors.ts";
import { log } from "../log.ts";

export interface Issuer {
  readonly server: oauth.AuthorizationServer;
  readonly client: oauth.Client;
  readonly authentication: oauth.ClientAuth;
  /** Filled by oauth4webapi; it fetches the keys again when one is missing. */
  readonly keys: oauth.JWKSCacheInput;
}

/** How long a discovery document is believed. */
const keepMs = 600_000;
const known = new Map<string, { readonly issuer: Issuer; readonly untilMs: number }>();

/** Options for every request to the issuer: it must answer within 10 s, and by https unless everything is local. */
export function requestOptions(config: Config) {
  return { signal: () => AbortSignal.timeout(10_000), [oauth.allowInsecureRequests]: config.local };
}

/** @throws LimpetError `ISSUER_UNAVAILABLE` */
export async function discoverIssuer(config: Config, nowMs: number): Promise<Issuer> {
  const { issuer: url, clientId, clientSecret } = config.oidc;
  const cacheKey = `${url.href} ${clientId}`;
  const kept = known.get(cacheKey);
  if (kept !== undefined && nowMs < kept.untilMs) return kept.issuer;
  const server = await oauth
    .discoveryRequest(url, requestOptions(config))
    .then((response) => oauth.processDiscoveryResponse(url, response))
    .catch((error: unknown) => {
      throw unavailable(config, error);
    });
  const issuer: Issuer = {
    server,
    client: { client_id: clientId },
    authentication: authenticationFor(server, clientSecret),
    keys: {},
  };
  known.set(cacheKey, { issuer, untilMs: nowMs + keepMs });
  return issuer;
}

/** Logs what went wrong (never a body: it may hold tokens) and gives the error that a person may see. */
export function unavailable(config: Config, error: unknown): LimpetError {
  log("error", "issuer-unavailable", { issuer: config.oidc.issuer.host, ...describeOAuthError(error) });
  return new LimpetError(
    "ISSUER_UNAVAILABLE",
    `The identity provider (${config.oidc.issuer.host}) did not answer as it should. Try again in a minute. If that does not help, ask ${config.access.contact}.`,
  );
}

/** The class and stable code of an error of oauth4webapi; its causes hold responses and are left out. */
export function describeOAuthError(error: unknown): Record<string, string> {
  if (!(error instanceof Error)) return { error: "unknown" };
  const code: unknown = Reflect.get(error, "code");
  const reason: unknown = Reflect.get(error, "error");
  return {
    error: `${error.name}: ${error.message}`,
    ...(typeof code === "string" ? { code } : {}),
    ...(typeof reason === "string" ? { reason: reason.slice(0, 100) } : {}),
  };
}

function authenticationFor(server: oauth.AuthorizationServer, secret: string | null): oauth.ClientAuth {
  if (secret === null) return oauth.None();
  // The default of the standard is `client_secret_basic`, so a server that lists nothing takes that.
  const methods = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  return methods.includes("client_secret_basic") ? oauth.ClientSecretBasic(secret) : oauth.ClientSecretPost(secret);
}
