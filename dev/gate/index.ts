// Owns the door of the local environment: who may knock, and which of those behind it answers.
// Must not know the product, the issuer or the page's server: each gets its requests as they came.

import { isOurHost } from "./hosts.ts";

/** What miniflare binds: a service with a `fetch` of its own, upgrades included. */
interface Service {
  fetch(request: Request): Promise<Response>;
}

interface GateEnv {
  readonly PRODUCT: Service;
  /** Absent where another issuer is used. */
  readonly ISSUER?: Service;
  /** The API's console; nothing of the kind is in what is deployed. */
  readonly GRAPHIQL: Service;
  /** A server of the page in place of the built one (`npm run dev`). */
  readonly PAGE?: Service;
  /** What is the Worker's, as in wrangler.toml's `run_worker_first`; the rest is the page's. */
  readonly WORKER_PATHS: readonly string[];
  readonly PUBLIC_HOST: string;
  /** Host and port by which pods of a real cluster come; "": there are none. */
  readonly POD_HOST: string;
}

export default {
  async fetch(request: Request, env: GateEnv): Promise<Response> {
    const host = request.headers.get("host");
    const { pathname } = new URL(request.url);
    if (!isOurHost(host, env.PUBLIC_HOST)) {
      // Pods have business with their own routes, which ask for a capability, and with nothing else here.
      if (env.POD_HOST !== "" && host === env.POD_HOST && matches(pathname, "/api/pod/*")) {
        return await env.PRODUCT.fetch(request);
      }
      return sentence(421, "This Limpet answers to localhost only. Open it under the address that npm start printed.");
    }
    if (env.ISSUER !== undefined && matches(pathname, "/oidc/*")) {
      return await answerOf(env.ISSUER, request, "The local issuer");
    }
    if (pathname === "/graphiql" || matches(pathname, "/graphiql/*")) {
      return await answerOf(env.GRAPHIQL, request, "GraphiQL");
    }
    if (env.PAGE !== undefined && !env.WORKER_PATHS.some((pattern) => matches(pathname, pattern))) {
      return await answerOf(env.PAGE, request, "The page's server");
    }
    return await env.PRODUCT.fetch(request);
  },
};

function matches(pathname: string, pattern: string): boolean {
  return pattern.endsWith("/*") ? pathname.startsWith(pattern.slice(0, -1)) : pathname === pattern;
}

/** A process of its own may be starting again: said as a sentence, not as a broken connection. */
async function answerOf(service: Service, request: Request, who: string): Promise<Response> {
  try {
    return await service.fetch(new Request(request, { redirect: "manual" }));
  } catch {
    return sentence(502, `${who} does not answer just now. Try again in a moment.`);
  }
}

function sentence(status: number, text: string): Response {
  const headers = { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  return new Response(`${text}\n`, { status, headers });
}
