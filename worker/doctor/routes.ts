// Owns the door of `npm run doctor`: a ticket that was written into D1 opens one run, told line by line.
// Must not know the checks. It is open also where the configuration is wrong: that is the first thing it tells.

import { Hono } from "hono";
import { hashSecret, isSecret } from "../auth/secret.ts";
import { type Config, parseConfig } from "../config.ts";
import type { AppContext, AppEnv } from "../context.ts";
import { openDatabase } from "../db/database.ts";
import { takeDoctorTicket } from "../db/doctor-tickets.ts";
import { LimpetError } from "../errors.ts";
import { isObject, parseJson } from "../kubernetes/json.ts";
import { readBounded } from "../kubernetes/request.ts";
import { describeError, log } from "../log.ts";
import { bearer } from "../pod-api/pod.ts";
import { limitAddress } from "../rate-limit.ts";
import { beginDoctor } from "./begin.ts";
import { type EdgeFacts, encodeLine } from "./lines.ts";
import type { ReportStream } from "./report-stream.ts";

const maxBodyBytes = 4 * 1024;

export const doctorRoutes = new Hono<AppEnv>();

/**
 * `POST /api/doctor` with `Authorization: Bearer TICKET` and `{"repository": ADDRESS | null}`: 200 and, as they come, the
 * lines of lines.ts (application/x-ndjson).
 */
doctorRoutes.post("/", limitAddress, async (c) => {
  await requireTicket(c);
  const body = parseJson((await readBounded(new Response(c.req.raw.body), maxBodyBytes)) ?? "");
  const repository = isObject(body) ? (body["repository"] ?? null) : undefined;
  if (repository !== null && typeof repository !== "string") {
    throw new LimpetError("BAD_REQUEST", 'Send JSON: {"repository": an address, or null}.');
  }
  const config = readConfig(c.env);
  const wish = { repository, local: config?.local ?? false };
  const stream = await beginDoctor(c.env, wish, (work) => c.executionCtx.waitUntil(work));
  return new Response(linesOf(config === null ? null : factsOf(config), stream), {
    headers: { "content-type": "application/x-ndjson" },
  });
});

/** @throws LimpetError `UNAUTHENTICATED`, `MISCONFIGURED` */
async function requireTicket(c: AppContext): Promise<void> {
  const ticket = bearer(c);
  let good: boolean;
  try {
    good = isSecret(ticket) && (await takeDoctorTicket(openDatabase(c.env), await hashSecret(ticket)));
  } catch (error) {
    log("error", "database-unfit", { requestId: c.get("requestId"), ...describeError(error) });
    throw new LimpetError("MISCONFIGURED", "D1 does not answer with Limpet's tables: apply the migrations.");
  }
  if (!good) {
    throw new LimpetError(
      "UNAUTHENTICATED",
      "This ticket opens nothing (any more): each is good once and for some minutes. Run npm run doctor again.",
    );
  }
}

/** Null where it is wrong: the first check says how. */
function readConfig(env: Env): Config | null {
  try {
    return parseConfig(env);
  } catch (error) {
    if (error instanceof LimpetError) return null;
    throw error;
  }
}

function factsOf({ publicUrl, cluster, signingKeys, local }: Config): EdgeFacts {
  return { publicUrl, clusterUrl: cluster.url, kids: signingKeys.map(({ kid }) => kid), local };
}

function linesOf(edge: EdgeFacts | null, stream: ReportStream): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(encodeLine({ type: "edge", edge })));
    },
    async pull(controller) {
      const { done, value } = await stream.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(encodeLine({ type: "check", check: value })));
    },
    async cancel() {
      await stream.return();
    },
  });
}
