// Owns the routes of the Worker and what every request passes through: configuration, request id, log, headers, errors.
// Must not know what a route does.

import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { edgeIdentityRoutes } from "./auth/edge-identity.ts";
import { authRoutes } from "./auth/routes.ts";
import { configOf } from "./config.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { LimpetError } from "./errors.ts";
import { graphqlRoutes } from "./graphql/routes.ts";
import { checkHealth } from "./health.ts";
import { describeError, log } from "./log.ts";
import { renderPage } from "./page.ts";
import { securityHeaders } from "./security-headers.ts";
import { openSocket } from "./socket.ts";

export const app = new Hono<AppEnv>();

app.use(async (c, next) => {
  const startedMs = Date.now();
  const requestId = crypto.randomUUID();
  c.set("requestId", requestId);
  await next();
  const { method, path } = c.req;
  const fields = { requestId, method, path: path.slice(0, 200), status: c.res.status, ms: Date.now() - startedMs };
  log("info", "request", fields);
  if (c.res.status !== 101) c.header("x-request-id", requestId);
});
app.use(securityHeaders);
app.use(async (c, next) => {
  c.set("config", configOf(c.env));
  await next();
});

app.get("/healthz", checkHealth);
app.route("/auth", authRoutes);
app.route("/.well-known", edgeIdentityRoutes);
app.route("/graphql", graphqlRoutes);
app.get("/api/shell/socket", openSocket);

app.get("*", servePage);
app.notFound((c) => respondWithError(c, new LimpetError("NOT_FOUND", "There is nothing at this address.")));
app.onError((error, c) => respondWithError(c, toLimpetError(c, error)));

/** The page is one file, at every address that is not the Worker's own and that a person opens. */
async function servePage(c: AppContext, next: () => Promise<void>): Promise<Response | undefined> {
  const isOurs = /^\/(api|assets|auth|graphql|healthz|\.well-known)(\/|$)/.test(c.req.path);
  if (!isOurs && wantsPage(c)) return c.env.ASSETS.fetch(new Request(new URL("/", c.req.url), c.req.raw));
  await next();
  return undefined;
}

function wantsPage(c: AppContext): boolean {
  return ["GET", "HEAD"].includes(c.req.method) && (c.req.header("accept") ?? "").includes("text/html");
}

/** Unexpected errors are logged and shown as such, never as they are. */
function toLimpetError(c: AppContext, error: Error): LimpetError {
  if (error instanceof LimpetError) {
    log(error.status >= 500 ? "error" : "warn", "refused", {
      requestId: c.get("requestId"),
      code: error.code,
      ...(error.status >= 500 ? { message: error.message } : {}),
    });
    return error;
  }
  if (error instanceof HTTPException && error.status < 500) return new LimpetError("BAD_REQUEST", error.message);
  log("error", "unexpected", { requestId: c.get("requestId"), ...describeError(error) });
  return new LimpetError(
    "INTERNAL",
    `Something went wrong here. Try again; if it stays so, tell the people who run this installation: ${c.get("requestId")}.`,
  );
}

function respondWithError(c: AppContext, error: LimpetError): Response | Promise<Response> {
  const { code, message, status } = error;
  if (c.req.path === "/graphql") return c.json({ errors: [{ message, extensions: { code } }] }, status);
  if (!wantsPage(c)) return c.json({ error: { code, message } }, status);
  const again = { href: "/auth/sign-in", text: "Try again" };
  const other = { href: "/auth/sign-in?prompt=login", text: "Sign in with another account" };
  const home = { href: "/", text: "To the start page" };
  if (code === "NOT_INVITED")
    return renderPage(c, { title: "You are not on the list", sentence: message, steps: [other, home] }, status);
  const steps = c.req.path.startsWith("/auth/") ? [again, home] : [home];
  return renderPage(c, { title: "That did not work", sentence: message, steps }, status);
}
