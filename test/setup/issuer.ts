// Owns a real OpenID Connect issuer for the tests in workerd: whoever comes is signed in as the account they name.
// Must not know Limpet, but for its client and redirect URI.

import { once } from "node:events";
import { createServer } from "node:http";
import Provider from "oidc-provider";

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

  const client = (client_id: string) => ({
    client_id,
    token_endpoint_auth_method: "none" as const,
    redirect_uris: [...redirectUris],
    grant_types: ["authorization_code"],
    response_types: ["code" as const],
  });
  const provider = new Provider(url, {
    clients: [
      client("limpet"),
      client("forged"),
      {
        ...client("confidential"),
        client_secret: "a secret of tests",
        token_endpoint_auth_method: "client_secret_basic",
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    cookies: { keys: ["tests only"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
    pkce: { required: () => true },
    findAccount: (_ctx, accountId) => ({
      accountId,
      claims: async () => ({ ...accounts.get(accountId), sub: accountId }),
    }),
    // Nobody is asked for consent: what is asked for is granted.
    loadExistingGrant: async (ctx) => {
      const { client: asking, session, params } = ctx.oidc;
      const known = asking === undefined ? undefined : session?.grantIdFor(asking.clientId);
      if (known !== undefined) return ctx.oidc.provider.Grant.find(known);
      const grant = new ctx.oidc.provider.Grant({ clientId: asking?.clientId, accountId: session?.accountId });
      grant.addOIDCScope(String(params?.["scope"] ?? "openid"));
      await grant.save();
      return grant;
    },
  });

  // For the client "forged" the last bytes of the ID token's signature are changed on their way out.
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.oidc?.route !== "token" || ctx.oidc.client?.clientId !== "forged") return;
    const body: unknown = ctx.body;
    if (typeof body !== "object" || body === null || !("id_token" in body) || typeof body.id_token !== "string") return;
    const [head, payload, signature = ""] = body.id_token.split(".");
    const forged = signature.slice(0, 10) + (signature[10] === "A" ? "B" : "A") + signature.slice(11);
    ctx.body = { ...body, id_token: `${head}.${payload}.${forged}` };
  });

  const answer = provider.callback();
  server.on("request", (request, response) => {
    const asked = new URL(request.url ?? "/", url);
    if (!asked.pathname.startsWith("/interaction/")) return answer(request, response);
    const account = asked.searchParams.get("account");
    const result =
      account === null ? { error: "access_denied" } : { login: { accountId: remember(accounts, account) } };
    provider.interactionFinished(request, response, result).catch((error: unknown) => {
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
