// Owns the door of the local environment: who may knock, and which of the two behind it answers.
// Must not know the product or the issuer: both get their requests as they came.

import { isOurHost } from "./hosts.ts";

/** What miniflare binds: services with a `fetch` of their own, upgrades included. */
interface GateEnv {
  readonly PRODUCT: { fetch(request: Request): Promise<Response> };
  /** Absent where another issuer is used. */
  readonly ISSUER?: { fetch(request: Request): Promise<Response> };
  readonly PUBLIC_HOST: string;
}

export default {
  async fetch(request: Request, env: GateEnv): Promise<Response> {
    if (!isOurHost(request.headers.get("host"), env.PUBLIC_HOST)) {
      return new Response(
        "This Limpet answers to localhost only. Open it under the address that npm start printed.\n",
        {
          status: 421,
          headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
        },
      );
    }
    const { pathname } = new URL(request.url);
    if (env.ISSUER !== undefined && (pathname === "/oidc" || pathname.startsWith("/oidc/"))) {
      return await answerOf(env.ISSUER.fetch(new Request(request, { redirect: "manual" })));
    }
    return await env.PRODUCT.fetch(request);
  },
};

/** The issuer is a process of its own and may be starting again: said as a sentence, not as a broken connection. */
async function answerOf(response: Promise<Response>): Promise<Response> {
  try {
    return await response;
  } catch {
    return new Response("The local issuer does not answer just now. Try again in a moment.\n", {
      status: 502,
      headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
    });
  }
}
