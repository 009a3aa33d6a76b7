// Owns looking at the issuer, at our client there, at the signing key, and at the edge's own documents.
// Must not know what is said of what was seen.

import { importJWK, jwtVerify } from "jose";
import * as oauth from "oauth4webapi";
import { requestOptions } from "../auth/issuer.ts";
import { redirectUri } from "../auth/oidc.ts";
import { isObject, objectsAt, parseJson, stringAt } from "../kubernetes/json.ts";
import { readBounded } from "../kubernetes/request.ts";
import { createTokenMint } from "../kubernetes/token.ts";
import { clusterSettings } from "../shells/settings.ts";
import type { Finding } from "./check.ts";
import {
  issuerWords,
  publicUrlWords,
  redirectWords,
  type SeenIssuer,
  type SeenPublicUrl,
  type SeenRedirect,
  signingKeyWords,
} from "./edge-words.ts";
import { type Visit, wordsOf } from "./visit.ts";

const timeoutMs = 10_000;
const maxBodyBytes = 256 * 1024;

/** An answer's status and JSON; `json` undefined where it is none. Rejects where there is no answer. */
async function fetchJson(address: string): Promise<{ readonly status: number; readonly json: unknown }> {
  const response = await fetch(address, {
    headers: { accept: "application/json" },
    redirect: "manual",
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await readBounded(response, maxBodyBytes);
  return { status: response.status, json: response.ok ? parseJson(text ?? "") : undefined };
}

/** The document anew, not the one that the Worker keeps; `server` for what comes after. */
export async function lookAtIssuer(
  visit: Visit,
): Promise<{ readonly finding: Finding; readonly server: oauth.AuthorizationServer | null }> {
  const { config, world } = visit;
  const { issuer } = config.oidc;
  const say = (seen: SeenIssuer) => issuerWords(issuer.host, seen);
  const begunMs = world.now();
  let response: Response;
  try {
    response = await oauth.discoveryRequest(issuer, requestOptions(config));
  } catch (error) {
    return { finding: say({ type: "unreachable", error: wordsOf(error) }), server: null };
  }
  const { status } = response;
  let server: oauth.AuthorizationServer;
  try {
    server = await oauth.processDiscoveryResponse(issuer, response);
  } catch (error) {
    const words = status === 200 ? (error instanceof Error ? error.message : "") : `HTTP ${status}`;
    return { finding: say({ type: "wrong-document", error: words }), server: null };
  }
  const missing = (["authorization_endpoint", "token_endpoint", "jwks_uri"] as const).filter(
    (name) => server[name] === undefined,
  );
  const methods = server.code_challenge_methods_supported;
  const keys = server.jwks_uri === undefined ? null : await countKeys(server.jwks_uri);
  const seen: SeenIssuer = {
    type: "document",
    missing,
    withoutPkce: methods !== undefined && !methods.includes("S256"),
    keys,
    ms: world.now() - begunMs,
  };
  return { finding: say(seen), server };
}

async function countKeys(address: string): Promise<number | null> {
  try {
    const { json } = await fetchJson(address);
    return isObject(json) ? objectsAt(json, "keys").length : null;
  } catch {
    return null;
  }
}

/** A sign-in as a person's browser begins one, but nobody may be asked anything (`prompt=none`), and it is not gone on with. */
export async function lookAtRedirect({ config }: Visit, server: oauth.AuthorizationServer): Promise<Finding> {
  const ours = redirectUri(config);
  const { clientId, scopes } = config.oidc;
  const url = new URL(server.authorization_endpoint ?? "");
  const parameters = {
    client_id: clientId,
    redirect_uri: ours,
    response_type: "code",
    scope: scopes,
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    code_challenge: await oauth.calculatePKCECodeChallenge(oauth.generateRandomCodeVerifier()),
    code_challenge_method: "S256",
    prompt: "none",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return redirectWords(ours, clientId, await followOnce(url, ours));
}

async function followOnce(url: URL, ours: string): Promise<SeenRedirect> {
  let response: Response;
  try {
    response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(timeoutMs) });
    await response.body?.cancel();
  } catch (error) {
    return { type: "unreachable", error: wordsOf(error) };
  }
  const { status } = response;
  const location = response.headers.get("location");
  const to = location === null ? null : URL.parse(location, url);
  if (to !== null && `${to.origin}${to.pathname}` === ours) {
    return { type: "back", error: to.searchParams.get("error") };
  }
  return status >= 400 ? { type: "refused", status } : { type: "elsewhere", status };
}

/** Signs a token as for the cluster, and checks it with the half that is published. */
export async function lookAtSigningKey({ config, world }: Visit): Promise<Finding> {
  const kids = config.signingKeys.map(({ kid }) => kid);
  const [{ kty, crv, x, y }] = config.signingKeys;
  const settings = clusterSettings(config);
  let token: string;
  try {
    token = await createTokenMint(settings)(
      { subject: "limpet:doctor", method: "GET", pathAndQuery: "/", pod: null },
      world.now(),
    );
  } catch (error) {
    return signingKeyWords(kids, { error: wordsOf(error) });
  }
  try {
    const published = await importJWK({ kty, crv, x, y, alg: "ES256" }, "ES256");
    await jwtVerify(token, published, {
      issuer: settings.issuer,
      audience: settings.audience,
      algorithms: ["ES256"],
      currentDate: new Date(world.now()),
    });
    return signingKeyWords(kids, "verifies");
  } catch {
    return signingKeyWords(kids, "does-not-verify");
  }
}

export async function lookAtPublicUrl({ config }: Visit): Promise<Finding> {
  const kids = config.signingKeys.map(({ kid }) => kid);
  return publicUrlWords(config.publicUrl, kids, await readDocuments(config.publicUrl));
}

async function readDocuments(publicUrl: string): Promise<SeenPublicUrl> {
  try {
    const document = await fetchJson(`${publicUrl}/.well-known/openid-configuration`);
    if (!isObject(document.json)) return { type: "other", status: document.status };
    const keys = await fetchJson(`${publicUrl}/.well-known/jwks.json`);
    if (!isObject(keys.json)) return { type: "other", status: keys.status };
    const kids = objectsAt(keys.json, "keys").flatMap((key) => stringAt(key, "kid") ?? []);
    return { type: "documents", issuer: stringAt(document.json, "issuer") ?? "", kids };
  } catch (error) {
    return { type: "unreachable", error: wordsOf(error) };
  }
}
