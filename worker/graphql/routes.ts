// Owns the door to GraphQL: a session, our own origin, JSON of a bounded size.
// Must not know the schema.

import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { requireSession } from "../auth/session.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { openDatabase } from "../db/database.ts";
import { listKeptSecrets, listKeptSnapshots } from "../db/kept.ts";
import { beginDoctor } from "../doctor/begin.ts";
import { LimpetError } from "../errors.ts";
import { requireOwnOrigin } from "../origin.ts";
import { findShell } from "../shells/records.ts";
import { listShells } from "../shells/shell-list.ts";
import { shellView } from "../shells/shell-record.ts";
import type { ApiContext } from "./context.ts";
import { maxBodyBytes } from "./limits.ts";
import { graphqlServer } from "./server.ts";

export const graphqlRoutes = new Hono<AppEnv>();

graphqlRoutes.get("/", requireSession, () => {
  throw new LimpetError("BAD_REQUEST", "GraphQL is asked by POST with a JSON body.");
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
  const { publicUrl, local, save, shellLifeMs } = c.get("config");
  const session = c.get("session");
  const db = openDatabase(c.env);
  return {
    requestId: c.get("requestId"),
    session,
    db,
    publicUrl,
    local,
    maySaveUpstream: save.upstream,
    object: c.env.USER_SHELL.get(c.env.USER_SHELL.idFromName(session.user.id)),
    readShell: async () => {
      const record = await findShell(db, session.user.id);
      return record === null ? null : shellView(record, shellLifeMs);
    },
    listShells: async (limit, after) => {
      const listed = await listShells(db, limit, after);
      return listed.map(({ record, owner }) => ({ ...shellView(record, shellLifeMs), owner }));
    },
    listSecrets: () => listKeptSecrets(db, session.user.id),
    listSnapshots: (shellId) => listKeptSnapshots(db, session.user.id, shellId),
    beginDoctor: async (repository) => {
      // Otherwise it would run with nobody to be told.
      if (!(c.req.header("accept") ?? "").includes("text/event-stream")) {
        throw new LimpetError("BAD_REQUEST", "The doctor is listened to: ask with “accept: text/event-stream”.");
      }
      return beginDoctor(c.env, { repository, local }, (work) => c.executionCtx.waitUntil(work));
    },
  };
}
