// Owns a real OpenID Connect issuer for the tests in workerd: whoever comes is signed in as the account they name.
// Must not know Limpet, but for its client and redirect URI.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { exportJWK, generateKeyPair } from "jose";
import { interactionPolicy, Provider } from "oidc-provider";
import { MemoryAdapter } from "../../dev/issuer/memory-adapter.ts";

export interface TestIssuer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/** Signs in at `/interaction/UID?account=CLAIMS`: the claims as JSON in base64url, with `sub` or else one made of them. */
export async function startTestIssuer(redirectUris: readonly string[]): Promise<TestIssuer> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the issuer has no port");
  const url = `http://127.0.0.1:${address.port}`;

  /** The newest claims of each subject. */
  const accounts = new Map<string, object>();

  const client = (id: string) => ({
    client_id: id,
    token_endpoint_auth_method: "none",
    redirect_uris: redirectUris,
    grant_types: ["authorization_code"],
    response_types: ["code"],
  });
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const minute = 60;
  const provider = new Provider(url, {
    adapter: MemoryAdapter,
    clients: [
      client("limpet"),
      client("forged"),
      {
        ...client("confidential"),
        client_secret: "a secret of tests",
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: "RS256", use: "sig" }] },
    cookies: { keys: ["tests only"] },
    scopes: ["openid", "email", "profile"],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    conformIdTokenClaims: true,
    features: { devInteractions: { enabled: false } },
    interactions: {
      policy: interactionPolicy.base(),
      url: (_context, { uid }) => `/interaction/${uid}`,
    },
    ttl: {
      AccessToken: minute,
      AuthorizationCode: minute,
      Grant: 5 * minute,
      IdToken: minute,
      Interaction: minute,
      Session: 5 * minute,
    },
    findAccount: async (_context, id) => ({
      accountId: id,
      claims: async () => ({ ...accounts.get(id), sub: id }),
    }),
    // Nobody is asked for consent: what is asked for is granted.
    loadExistingGrant: async ({ oidc: { client: asking, session, params, provider: issuer } }) => {
      const known = session.grantIdFor(asking.clientId);
      if (known !== undefined) return issuer.Grant.find(known);
      const grant = new issuer.Grant({ clientId: asking.clientId, accountId: session.accountId });
      grant.addOIDCScope(String(params["scope"] ?? "openid"));
      await grant.save();
      return grant;
    },
    renderError: async (context, out) => {
      context.type = "text";
      context.body = JSON.stringify(out);
    },
  });

  // For the client "forged" the last bytes of the ID token's signature are changed on their way out.
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.oidc?.route !== "token" || ctx.oidc.client.clientId !== "forged") return;
    const body: unknown = ctx.body;
    if (typeof body !== "object" || body === null || !("id_token" in body) || typeof body.id_token !== "string") return;
    const [head, payload, signature = ""] = body.id_token.split(".");
    const forged = signature.slice(0, 10) + (signature[10] === "A" ? "B" : "A") + signature.slice(11);
    ctx.body = { ...body, id_token: `${head}.${payload}.${forged}` };
  });

  const callback = provider.callback();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const asked = new URL(request.url ?? "/", url);
    if (!asked.pathname.startsWith("/interaction/")) return callback(request, response);
    const account = asked.searchParams.get("account");
    const result =
      account === null
        ? { error: "access_denied" }
        : { login: { accountId: remember(accounts, account), remember: true } };
    return provider.interactionFinished(request, response, result);
  };
  server.on("request", (request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.statusCode = 500;
      response.end(String(error));
    });
  });

  return {
    url,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** @returns the subject */
function remember(accounts: Map<string, object>, encoded: string): string {
  const claims: unknown = JSON.parse(Buffer.from(encoded, "base64url").toString("utf8"));
  if (typeof claims !== "object" || claims === null) throw new Error("an account must be its claims");
  const subject = "sub" in claims ? String(claims.sub) : encoded;
  accounts.set(subject, claims);
  return subject;
}
