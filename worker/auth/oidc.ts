// Owns the OpenID Connect code flow: the way to the issuer (PKCE, state, nonce) and what comes back from it.
// Must not know cookies, D1, or who may come in.

import * as oauth from "oauth4webapi";
import type { Config } from "../config.ts";
import { LimpetError } from "../errors.ts";
import { log } from "../log.ts";
import { type Claims, readClaims } from "./access.ts";
import { describeOAuthError, discoverIssuer, type Issuer, requestOptions, unavailable } from "./issuer.ts";
import type { SignInState } from "./sign-in-state.ts";

export function redirectUri(config: Config): string {
  return `${config.publicUrl}/auth/callback`;
}

/**
 * Where to send the person, and what to remember until they come back.
 * `anotherAccount`: the issuer is to ask who they are although it knows already.
 * @throws LimpetError `ISSUER_UNAVAILABLE`
 */
export async function beginSignIn(
  config: Config,
  wish: { readonly returnTo: string; readonly anotherAccount: boolean },
  nowMs: number,
): Promise<{ readonly url: URL; readonly signIn: SignInState }> {
  const { server } = await discoverIssuer(config, nowMs);
  const url = server.authorization_endpoint === undefined ? null : URL.parse(server.authorization_endpoint);
  if (url === null || server.token_endpoint === undefined) {
    throw unavailable(config, new Error("the discovery document names no authorization or token endpoint"));
  }
  const signIn: SignInState = {
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
    returnTo: wish.returnTo,
  };
  const parameters = {
    client_id: config.oidc.clientId,
    redirect_uri: redirectUri(config),
    response_type: "code",
    scope: config.oidc.scopes,
    state: signIn.state,
    nonce: signIn.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(signIn.verifier),
    code_challenge_method: "S256",
    ...(wish.anotherAccount ? { prompt: "login" } : {}),
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { url, signIn };
}

/**
 * Checks the issuer's answer against what was remembered, turns the code into tokens and reads who the person is.
 * The tokens are forgotten here.
 * @throws LimpetError `SIGN_IN_FAILED` (the answer does not hold), `ISSUER_UNAVAILABLE` (no proper answer was had)
 */
export async function finishSignIn(
  config: Config,
  callback: URLSearchParams,
  signIn: SignInState,
  nowMs: number,
): Promise<Claims> {
  const issuer = await discoverIssuer(config, nowMs);
  try {
    return await readPerson(config, issuer, callback, signIn);
  } catch (error) {
    throw signInError(config, error);
  }
}

async function readPerson(
  config: Config,
  { server, client, authentication, keys }: Issuer,
  callback: URLSearchParams,
  signIn: SignInState,
): Promise<Claims> {
  const options = requestOptions(config);
  const checked = oauth.validateAuthResponse(server, client, callback, signIn.state);
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    authentication,
    checked,
    redirectUri(config),
    signIn.verifier,
    options,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: signIn.nonce,
    requireIdToken: true,
  });
  const idToken = oauth.getValidatedIdTokenClaims(tokens);
  if (idToken === undefined) throw new Error("the token response was taken without an ID token");
  // TLS to the token endpoint proves the ID token already; its signature must hold all the same.
  await oauth.validateApplicationLevelSignature(server, response, { ...options, [oauth.jwksCache]: keys });

  // Most issuers give only the subject in the ID token of a code flow; the rest is at userinfo.
  if (server.userinfo_endpoint === undefined) return readClaims(idToken.sub, config.oidc.groupsClaim, [idToken]);
  const userInfo = await oauth.processUserInfoResponse(
    server,
    client,
    idToken.sub,
    await oauth.userInfoRequest(server, client, tokens.access_token, options),
  );
  return readClaims(idToken.sub, config.oidc.groupsClaim, [userInfo, idToken]);
}

function signInError(config: Config, error: unknown): LimpetError {
  if (error instanceof LimpetError) return error;
  if (error instanceof oauth.AuthorizationResponseError) {
    log("warn", "sign-in-refused-by-issuer", describeOAuthError(error));
    return failed("The identity provider did not sign you in. Try again. If that does not help, ask", config);
  }
  if (error instanceof oauth.ResponseBodyError && error.error === "invalid_grant") {
    log("warn", "sign-in-code-refused", describeOAuthError(error));
    return failed("This sign-in was used already or took too long. Try again. If that does not help, ask", config);
  }
  if (error instanceof oauth.OperationProcessingError && mismatchCodes.has(error.code)) {
    log("warn", "sign-in-answer-refused", describeOAuthError(error));
    return failed(
      "The identity provider's answer does not belong to this sign-in. Try again. If that does not help, ask",
      config,
    );
  }
  return unavailable(config, error);
}

/** A comparison that failed: state, nonce, issuer, audience, times, signature. */
const mismatchCodes: ReadonlySet<string | undefined> = new Set([
  oauth.INVALID_RESPONSE,
  oauth.JWT_CLAIM_COMPARISON,
  oauth.JWT_TIMESTAMP_CHECK,
  oauth.KEY_SELECTION,
]);

function failed(sentence: string, config: Config): LimpetError {
  return new LimpetError("SIGN_IN_FAILED", `${sentence} ${config.access.contact}.`);
}
