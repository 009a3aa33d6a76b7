// Owns the routes of the Worker and what every request passes through: request id, log, headers, configuration, errors.
// Must not know what a route does.

import { Hono } from "hono";
import { edgeIdentityRoutes } from "./auth/edge-identity.ts";
import { authRoutes } from "./auth/routes.ts";
import { requireSession } from "./auth/session.ts";
import { configOf } from "./config.ts";
import type { AppContext, AppEnv } from "./context.ts";
import { showCounters } from "./counters.ts";
import { doctorRoutes } from "./doctor/routes.ts";
import { answerError, wantsPage } from "./error-answer.ts";
import { LimpetError } from "./errors.ts";
import { graphqlRoutes } from "./graphql/routes.ts";
import { checkHealth } from "./health.ts";
import { log } from "./log.ts";
import { downloadSnapshot } from "./pod-api/download.ts";
import { podRoutes } from "./pod-api/routes.ts";
import { limitAddress } from "./rate-limit.ts";
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
// Before the configuration is demanded: what is wrong with it is the first thing that the doctor tells.
app.route("/api/doctor", doctorRoutes);
app.use(async (c, next) => {
  c.set("config", configOf(c.env));
  await next();
});

app.get("/healthz", checkHealth);
// Before the limit of an address: a whole cluster may have one.
app.route("/api/pod", podRoutes);
for (const path of ["/auth/*", "/graphql", "/api/*"]) app.use(path, limitAddress);
app.route("/auth", authRoutes);
app.route("/.well-known", edgeIdentityRoutes);
app.route("/graphql", graphqlRoutes);
app.get("/api/shell/socket", openSocket);
app.get("/api/shell/snapshots/:id", requireSession, downloadSnapshot);
app.get("/api/shell/counters", requireSession, showCounters);

app.get("*", servePage);
app.notFound((c) => answerError(c, new LimpetError("NOT_FOUND", "There is nothing at this address.")));
app.onError((error, c) => answerError(c, error));

/** The page is one file, at every address that is not the Worker's own and that a person opens. */
async function servePage(c: AppContext, next: () => Promise<void>): Promise<Response | undefined> {
  const isOurs = /^\/(api|assets|auth|graphql|healthz|\.well-known)(\/|$)/.test(c.req.path);
  if (!isOurs && wantsPage(c)) return c.env.ASSETS.fetch(new Request(new URL("/", c.req.url), c.req.raw));
  await next();
  return undefined;
}
