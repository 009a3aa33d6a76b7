// Owns the door to GraphQL: a session, our own origin, JSON of a bounded size.
// Must not know the schema.

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requireSession } from "../auth/session.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { openDatabase } from "../db/database.ts";
import { LimpetError } from "../errors.ts";
import { requireOwnOrigin } from "../origin.ts";
import { findShell } from "../shells/records.ts";
import { shellView } from "../shells/shell-record.ts";
import type { ApiContext } from "./context.ts";
import { graphqlServer } from "./server.ts";

const maxBodyBytes = 64 * 1024;

/** GraphiQL loads its program from a public CDN; it is shown in the local environment only. */
const graphiqlPolicy =
  "default-src 'none'; script-src 'unsafe-inline' blob: https://unpkg.com; style-src 'unsafe-inline' https://unpkg.com; " +
  "img-src * data:; font-src * data:; worker-src blob:; connect-src 'self' https://unpkg.com; frame-ancestors 'none'";

export const graphqlRoutes = new Hono<AppEnv>();

graphqlRoutes.get("/", requireSession, async (c) => {
  const wantsPage = (c.req.header("accept") ?? "").includes("text/html");
  if (!c.get("config").local || !wantsPage) {
    throw new LimpetError("BAD_REQUEST", "GraphQL is asked by POST with a JSON body.");
  }
  const page = await graphqlServer.fetch(c.req.raw, apiContext(c));
  return new Response(page.body, {
    headers: { "content-type": "text/html", "content-security-policy": graphiqlPolicy },
  });
});

graphqlRoutes.post(
  "/",
  requireSession,
  async (c, next) => {
    requireOwnOrigin(c.req.raw.headers, c.get("config").publicUrl);
    const type = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
    if (type !== "application/json") throw new LimpetError("BAD_REQUEST", "Send the query as application/json.");
    await next();
  },
  bodyLimit({
    maxSize: maxBodyBytes,
    onError: () => {
      throw new LimpetError("TOO_LARGE", `The request is larger than ${maxBodyBytes / 1024} KiB.`);
    },
  }),
  (c) => graphqlServer.fetch(c.req.raw, apiContext(c)),
);

function apiContext(c: AppContext): ApiContext {
  const session = c.get("session");
  const db = openDatabase(c.env);
  return {
    requestId: c.get("requestId"),
    session,
    db,
    object: c.env.USER_SHELL.get(c.env.USER_SHELL.idFromName(session.user.id)),
    readShell: async () => {
      const record = await findShell(db, session.user.id);
      return record === null ? null : shellView(record);
    },
  };
}
