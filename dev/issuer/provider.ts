// Owns what kind of OpenID Connect issuer the local one is: one client, everybody welcome, asked each time.
// Must not know HTTP beyond what oidc-provider wants.

import { interactionPolicy, Provider } from "oidc-provider";
import { MemoryAdapter } from "./memory-adapter.ts";
import { faultPage } from "./page.ts";
import type { People } from "./people.ts";

export interface IssuerOptions {
  /** Origin and mount path, as `http://localhost:8787/oidc`. */
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string | null; readonly redirectUri: string };
  /** Private keys; the first RS256 one signs. */
  readonly signingKeys: { readonly keys: readonly object[] };
  /** Signs the issuer's cookies. */
  readonly cookieKey: string;
}

const hourSeconds = 3600;

/** @param mount the path in front of everything, as `/oidc` */
export function createProvider(options: IssuerOptions, mount: string, people: People): Provider {
  const { client } = options;
  // Asked each time: to be somebody else is one click, and nobody is signed in again unseen after signing out.
  const policy = interactionPolicy.base();
  const { Check } = interactionPolicy;
  policy
    .get("login")
    ?.checks.add(
      new Check("always_asked", "who signs in is asked each time", "login_required", (context) =>
        context.oidc.result?.login === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
      ),
    );
  return new Provider(options.issuer, {
    adapter: MemoryAdapter,
    clients: [
      {
        client_id: client.id,
        ...(client.secret === null
          ? { token_endpoint_auth_method: "none" }
          : { client_secret: client.secret, token_endpoint_auth_method: "client_secret_basic" }),
        redirect_uris: [client.redirectUri],
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    jwks: options.signingKeys,
    cookies: { keys: [options.cookieKey] },
    scopes: ["openid", "email", "profile", "groups"],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name"], groups: ["groups"] },
    conformIdTokenClaims: false,
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: false } },
    interactions: { policy, url: (_, { uid }) => `${mount}/interaction/${uid}` },
    ttl: {
      AccessToken: hourSeconds,
      AuthorizationCode: 60,
      Grant: hourSeconds,
      IdToken: hourSeconds,
      Interaction: hourSeconds,
      Session: hourSeconds,
    },
    findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ ...people.claims(id) }) }),
    // Limpet is the issuer's own: nobody is asked whether it may know the name that was just typed for it.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({ accountId: oidc.session.accountId, clientId: oidc.client.clientId });
      grant.addOIDCScope("openid email profile groups");
      await grant.save();
      return grant;
    },
    renderError: async (context, out) => {
      context.type = "html";
      const what = out["error_description"] ?? out["error"];
      context.body = faultPage(`The local issuer refused: ${String(what)}.`, new URL(options.issuer).origin);
    },
  });
}
