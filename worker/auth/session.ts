// Owns sign-in sessions: made, found by the cookie, ended; and the middleware that demands one.
// Must not know how a person proved who they are.

import type { MiddlewareHandler } from "hono";
import type { AppContext, AppEnv } from "../context.ts";
import { openDatabase } from "../db/database.ts";
import { findSession, insertSession, revokeSession, type Session } from "../db/sessions.ts";
import { LimpetError } from "../errors.ts";
import { describeError, log } from "../log.ts";
import { limitSession } from "../rate-limit.ts";
import { clearSessionCookie, readSessionCookie, writeSessionCookie } from "./cookies.ts";
import { hashSecret, isSecret, makeSecret } from "./secret.ts";

/** Ends the browser's session if it had one, makes a new one and sets its cookie. */
export async function startSession(
  c: AppContext,
  person: { readonly userId: string; readonly administrator: boolean },
  nowMs: number,
): Promise<void> {
  try {
    await revoke(c, nowMs);
  } catch (error) {
    // What is left of the old session ends at its own time; that must not keep a person out.
    log("error", "old-session-not-ended", { requestId: c.get("requestId"), ...describeError(error) });
  }
  const { publicUrl, sessionMs } = c.get("config");
  const secret = makeSecret();
  const expiresAt = new Date(nowMs + sessionMs);
  await insertSession(openDatabase(c.env), { ...person, id: await hashSecret(secret), expiresAt });
  writeSessionCookie(c, publicUrl, secret, expiresAt);
}

/** Sign-out. The cookie goes last: where a step fails, the person can sign out again. */
export async function endSession(c: AppContext, nowMs: number): Promise<void> {
  await revoke(c, nowMs);
  clearSessionCookie(c, c.get("config").publicUrl);
}

/** Revokes the browser's session, where it has one, and ends its sockets. */
async function revoke(c: AppContext, nowMs: number): Promise<void> {
  const id = await sessionIdOf(c);
  const userId = id === null ? null : await revokeSession(openDatabase(c.env), id, nowMs);
  if (id !== null && userId !== null) {
    await c.env.USER_SHELL.get(c.env.USER_SHELL.idFromName(userId)).endSession(id);
  }
}

export async function sessionOf(c: AppContext, nowMs: number): Promise<Session | null> {
  const id = await sessionIdOf(c);
  const session = id === null ? null : await findSession(openDatabase(c.env), id, nowMs);
  if (session === null) return null;
  // Groups are known at sign-in only; but where nobody is an administrator any more, no session is one's.
  const { emails, groups } = c.get("config").administrators;
  return { ...session, administrator: session.administrator && emails.size + groups.size > 0 };
}

/** @throws LimpetError `UNAUTHENTICATED`, `TOO_MANY_REQUESTS` */
export const requireSession: MiddlewareHandler<AppEnv> = async (c, next) => {
  const session = await sessionOf(c, Date.now());
  if (session === null) throw new LimpetError("UNAUTHENTICATED", "You are not signed in. Sign in and try again.");
  await limitSession(c, session.id);
  c.set("session", session);
  await next();
};

async function sessionIdOf(c: AppContext): Promise<string | null> {
  const secret = readSessionCookie(c, c.get("config").publicUrl);
  return secret === undefined || !isSecret(secret) ? null : hashSecret(secret);
}
