// Owns the local OpenID Connect issuer: a real one (oidc-provider), in which any name signs in.
// Must not know the Worker: it is a client like any other, known by its redirect address.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { userInfo } from "node:os";
import type { Provider } from "oidc-provider";
import { faultPage, pageHeaders, signInPage } from "./page.ts";
import { People } from "./people.ts";
import { createProvider, type IssuerOptions } from "./provider.ts";

/** Longest form taken, in bytes. */
const maxFormBytes = 4096;

/** A server that is to listen on loopback. It takes requests with the issuer's mount path still in front. */
export function createIssuer(options: IssuerOptions): Server {
  const base = new URL(options.issuer);
  const mount = base.pathname.replace(/\/$/, "");
  const people = new People();
  const provider = createProvider(options, mount, people);
  provider.proxy = true;
  const callback = provider.callback();

  /** The sign-in page (GET) and its answer (POST). The interaction's cookie ties both to one browser. */
  const interact = async (request: IncomingMessage, response: ServerResponse, action: string): Promise<void> => {
    if (!(await isUnderWay(provider, request, response))) {
      return send(response, 400, "This sign-in took too long, or it was begun in another browser.", base.origin);
    }
    if (request.method !== "POST") {
      response.writeHead(200, pageHeaders).end(signInPage(action, userInfo().username, null));
      return;
    }
    const accountId = people.arrive(new URLSearchParams(await readForm(request)).get("name") ?? "");
    if (accountId === null) {
      response.writeHead(422, pageHeaders).end(signInPage(action, "", "Type a name of one to sixty letters."));
      return;
    }
    await provider.interactionFinished(request, response, { login: { accountId, remember: false } });
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url ?? "/";
    if (path !== mount && !path.startsWith(`${mount}/`)) return send(response, 404, "Not here.", base.origin);
    // Whatever hop it came by, its addresses are those of the public origin.
    request.headers.host = base.host;
    request.headers["x-forwarded-host"] = base.host;
    request.headers["x-forwarded-proto"] = base.protocol.slice(0, -1);
    const uid = /^\/interaction\/([\w-]+)$/.exec(path.slice(mount.length))?.[1];
    if (uid !== undefined) return await interact(request, response, `${mount}/interaction/${uid}`);
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

async function isUnderWay(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  return await provider.interactionDetails(request, response).then(
    () => true,
    () => false,
  );
}

/** @returns the form's text; empty where it is longer than any of ours */
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
