// Owns the local OpenID Connect issuer: a real one (oidc-provider), in which any name signs in.
// Must not know the Worker: it is a client like any other, known by its redirect address.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { userInfo } from "node:os";
import { interactionPolicy, Provider } from "oidc-provider";
import { MemoryAdapter } from "./memory-adapter.ts";
import { faultPage, pageHeaders, signInPage } from "./page.ts";
import { parseName, personOf } from "./people.ts";

export interface IssuerOptions {
  /** Origin and mount path, as `http://localhost:8787/oidc`. */
  readonly issuer: string;
  readonly client: { readonly id: string; readonly secret: string | null; readonly redirectUri: string };
  /** Private keys; the first RS256 one signs. */
  readonly signingKeys: { readonly keys: readonly object[] };
  /** Signs the issuer's cookies. */
  readonly cookieKey: string;
}

/** Longest form taken, in bytes. */
const maxFormBytes = 4096;
const hourSeconds = 3600;

/** A server that is to listen on loopback. It takes requests with the issuer's mount path still in front. */
export function createIssuer(options: IssuerOptions): Server {
  const base = new URL(options.issuer);
  const mount = base.pathname.replace(/\/$/, "");
  const provider = createProvider(options, mount);
  provider.proxy = true;
  const callback = provider.callback();

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "/";
    if (path !== mount && !path.startsWith(`${mount}/`)) return send(response, 404, "Not here.", base.origin);
    // Whatever hop it came by, its addresses are those of the public origin.
    request.headers.host = base.host;
    request.headers["x-forwarded-host"] = base.host;
    request.headers["x-forwarded-proto"] = base.protocol.slice(0, -1);
    const uid = /^\/interaction\/([\w-]+)$/.exec(path.slice(mount.length))?.[1];
    if (uid !== undefined)
      return await interact(provider, request, response, `${mount}/interaction/${uid}`, base.origin);
    Object.assign(request, { originalUrl: path });
    request.url = path.slice(mount.length) || "/";
    await callback(request, response);
  };
  return createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      console.error(error);
      if (response.headersSent) response.destroy();
      else send(response, 500, "The local issuer failed; its log says why.", base.origin);
    });
  });
}

/** The sign-in page (GET) and its answer (POST). The interaction's cookie ties both to one browser. */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
  action: string,
  origin: string,
): Promise<void> {
  try {
    await provider.interactionDetails(request, response);
  } catch {
    return send(response, 400, "This sign-in took too long, or it was begun in another browser.", origin);
  }
  if (request.method !== "POST") {
    response.writeHead(200, pageHeaders).end(signInPage(action, userInfo().username, null));
    return;
  }
  const typed = new URLSearchParams(await readForm(request)).get("name") ?? "";
  const name = parseName(typed);
  if (name === null) {
    response.writeHead(422, pageHeaders).end(signInPage(action, "", "Type a name of one to sixty letters."));
    return;
  }
  await provider.interactionFinished(request, response, { login: { accountId: name, remember: false } });
}

async function readForm(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    if (!(chunk instanceof Uint8Array)) break;
    bytes += chunk.byteLength;
    if (bytes > maxFormBytes) return "";
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function send(response: ServerResponse, status: number, sentence: string, origin: string): void {
  response.writeHead(status, pageHeaders).end(faultPage(sentence, origin));
}

function createProvider(options: IssuerOptions, mount: string): Provider {
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
    findAccount: async (_, id) => ({ accountId: id, claims: async () => ({ ...personOf(id) }) }),
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
