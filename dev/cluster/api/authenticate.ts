// Owns who may ask: the edge's ES256 token, bound to this one request.
// Must not know what is asked for beyond method, path and the pod it names.

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { isObject } from "../json.ts";
import { forbidden, type Refusal, unauthorized } from "./status.ts";

export interface AuthenticatorOptions {
  /** The edge's public URL; its discovery document names the keys. */
  readonly issuer: string;
  readonly audience: string;
  /** The cluster's clock, in unix milliseconds. */
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export interface Caller {
  readonly subject: string;
}

export type Authenticate = (request: IncomingMessage, pod: string | undefined) => Promise<Caller | Refusal>;

/** `iat` lies 30 s back and `exp` 60 s ahead; beyond this a token is no longer meant for one request. */
const longestLifeSeconds = 120;
/** HAProxy's cap in front of a real cluster is the same. */
const longestHeader = 4_096;
/** An unknown key id makes the key set be fetched again, but not more often than this. */
const refetchAfterMs = 1_000;

/**
 * Anything but one valid token is 401 without a reason, as the API server does it (the log has the reason); a valid
 * token for another request is 403.
 */
export function createAuthenticator({ issuer, audience, now, log }: AuthenticatorOptions): Authenticate {
  const keys = createKeys(issuer);

  return async (request, pod) => {
    const refuse = (why: string): Refusal => {
      log(`401 ${request.method} ${request.url}: ${why}`);
      return unauthorized();
    };
    const header = request.headersDistinct["authorization"] ?? [];
    const [only = ""] = header;
    const [, token] = /^Bearer ([^\s]+)$/.exec(only) ?? [];
    if (header.length !== 1 || only.length > longestHeader || token === undefined) return refuse("no bearer token");

    let claims: JWTPayload;
    try {
      const verified = await jwtVerify(token, keys, {
        algorithms: ["ES256"],
        issuer,
        audience,
        currentDate: new Date(now()),
        requiredClaims: ["sub", "iat", "nbf", "exp", "jti", "method", "path_sha256"],
      });
      claims = verified.payload;
    } catch (error) {
      return refuse(error instanceof errors.JOSEError ? `${error.code}: ${error.message}` : String(error));
    }
    const { iat = 0, exp = 0, sub = "" } = claims;
    if (exp - iat > longestLifeSeconds || iat > now() / 1_000) return refuse("times out of bounds");
    if (claims.aud !== audience) return refuse("more than one audience");

    const path = request.url ?? "";
    if (claims["method"] !== request.method) return another("method");
    if (claims["path_sha256"] !== createHash("sha256").update(path, "latin1").digest("hex")) return another("path");
    if (pod !== undefined && claims["pod"] !== pod) return another("pod");
    return { subject: sub };
  };
}

const another = (what: string): Refusal =>
  forbidden("pods", undefined, `the token was issued for another request (${what})`);

/** The issuer's keys: discovered on first use and again whenever that failed. */
function createKeys(issuer: string): JWTVerifyGetKey {
  let discovered: Promise<JWTVerifyGetKey> | undefined;
  return async (header, token) => {
    discovered ??= discover(issuer).catch((error: unknown) => {
      discovered = undefined;
      throw error;
    });
    const keys = await discovered;
    return keys(header, token);
  };
}

async function discover(issuer: string): Promise<JWTVerifyGetKey> {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await fetch(address, { signal: AbortSignal.timeout(5_000) });
  const document: unknown = await response.json();
  const keys = isObject(document) && document["issuer"] === issuer ? document["jwks_uri"] : undefined;
  if (typeof keys !== "string") throw new Error(`${address} is not the discovery document of ${issuer}`);
  return createRemoteJWKSet(new URL(keys), { cooldownDuration: refetchAfterMs });
}
