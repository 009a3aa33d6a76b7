// Owns how often one address, one session and one pod may ask.
// Must not know what is asked for. The numbers stand in wrangler.toml; they are for floods, and are no exact quota.

import type { MiddlewareHandler } from "hono";
import type { AppContext, AppEnv } from "./context.ts";
import { LimpetError } from "./errors.ts";

/** The limits' periods in wrangler.toml: after so long there is room again. */
const shortSeconds = 10;
const longSeconds = 60;

/**
 * Before anything is read or written for a request.
 * @throws LimpetError `TOO_MANY_REQUESTS`
 */
export const limitAddress: MiddlewareHandler<AppEnv> = async (c, next) => {
  // Cloudflare sets it, whatever a client says. Without it (a test, another runtime) all are one.
  const address = c.req.header("cf-connecting-ip") ?? "";
  await requireRoom(c, c.env.ADDRESS_LIMIT, address, shortSeconds);
  await next();
};

/**
 * Once the session is known: many people may have one address.
 * @param session its id, never the cookie
 * @throws LimpetError `TOO_MANY_REQUESTS`
 */
export function limitSession(c: AppContext, session: string): Promise<void> {
  return requireRoom(c, c.env.SESSION_LIMIT, session, shortSeconds);
}

/**
 * Once a pod's capability or ticket was found good: all pods of a cluster may have one address.
 * @param name the shell's id, or the snapshot's that a ticket is for
 * @throws LimpetError `TOO_MANY_REQUESTS`
 */
export function limitPod(c: AppContext, name: string): Promise<void> {
  // Sessions are named by 64 hex digits, so they never share a count with this.
  return requireRoom(c, c.env.SESSION_LIMIT, `pod/${name}`, shortSeconds);
}

/**
 * Beside `limitPod`, before a home is taken in.
 * @throws LimpetError `TOO_MANY_REQUESTS`
 */
export function limitUpload(c: AppContext, shellId: string): Promise<void> {
  return requireRoom(c, c.env.UPLOAD_LIMIT, shellId, longSeconds);
}

/**
 * Beside `limitPod`, before a receipt is read: each may become an event of the person.
 * @throws LimpetError `TOO_MANY_REQUESTS`
 */
export function limitReceipts(c: AppContext, shellId: string): Promise<void> {
  return requireRoom(c, c.env.RECEIPT_LIMIT, shellId, longSeconds);
}

async function requireRoom(c: AppContext, limit: RateLimit, key: string, periodSeconds: number): Promise<void> {
  const { success } = await limit.limit({ key });
  if (success) return;
  c.header("retry-after", String(periodSeconds));
  throw new LimpetError(
    "TOO_MANY_REQUESTS",
    `That was too often in too short a time. Wait ${periodSeconds} seconds and try again.`,
  );
}
