// Owns the routes under /auth: to the issuer and back, sign-out, and what the page may know before anybody signed in.
// Must not know shells or GraphQL.

import { Hono } from "hono";
import type { AppContext, AppEnv } from "../context.ts";
import { openDatabase } from "../db/database.ts";
import { recordEvent } from "../db/events.ts";
import { upsertUser } from "../db/users.ts";
import { LimpetError } from "../errors.ts";
import { log } from "../log.ts";
import { requireOwnOrigin } from "../origin.ts";
import { type Claims, isAdministrator, mayComeIn } from "./access.ts";
import { clearSignInCookie, readSignInCookie, writeSignInCookie } from "./cookies.ts";
import { beginSignIn, finishSignIn } from "./oidc.ts";
import { parseReturnTo } from "./return-to.ts";
import { isSecret } from "./secret.ts";
import { endSession, sessionOf, startSession } from "./session.ts";
import { openSignIn, type SignInState, sealSignIn, signInSeconds } from "./sign-in-state.ts";

export const authRoutes = new Hono<AppEnv>();

authRoutes.get("/info", (c) => {
  const { isolated, access, warnMs, save } = c.get("config");
  return c.json({ local: !isolated, contact: access.contact, warnMs: warnMs[0], saveUpstream: save.upstream });
});

authRoutes.get("/sign-in", async (c) => {
  const config = c.get("config");
  const nowMs = Date.now();
  const wish = {
    returnTo: parseReturnTo(c.req.query("return_to"), config.publicUrl),
    anotherAccount: c.req.query("prompt") === "login",
  };
  const { url, signIn } = await beginSignIn(config, wish, nowMs);
  const sealed = await sealSignIn(signIn, config.signingKeys[0], nowMs);
  writeSignInCookie(c, config.publicUrl, { state: signIn.state, sealed, maxAgeSeconds: signInSeconds });
  return c.redirect(url.href, 302);
});

authRoutes.get("/callback", async (c) => {
  const config = c.get("config");
  const nowMs = Date.now();
  const callback = new URL(c.req.url).searchParams;
  const signIn = await takeSignIn(c, callback, nowMs);
  if (signIn === null) {
    // Who came back here by the browser's own "back" is signed in already.
    if ((await sessionOf(c, nowMs)) !== null) return c.redirect("/", 302);
    throw notStartedHere(c);
  }
  const claims = await finishSignIn(config, callback, signIn, nowMs);
  if (!mayComeIn(config.access, claims)) throw notInvited(c, claims);
  const db = openDatabase(c.env);
  const person = { issuer: config.oidc.issuer.href, subject: claims.subject, name: claims.name, email: claims.email };
  const user = await upsertUser(db, person);
  const administrator = isAdministrator(config.administrators, claims);
  await startSession(c, { userId: user.id, administrator }, nowMs);
  await recordEvent(db, { userId: user.id, shellId: null, type: "SIGNED_IN", message: "You signed in." }, nowMs);
  log("info", "signed-in", { requestId: c.get("requestId"), user: user.id });
  return c.redirect(signIn.returnTo, 302);
});

/** By fetch: a form on a page without referrers would name no origin. */
authRoutes.post("/sign-out", async (c) => {
  requireOwnOrigin(c.req.raw.headers, c.get("config").publicUrl);
  await endSession(c, Date.now());
  return c.body(null, 204);
});

/** What this browser was given for this `state` when it left; used up by this. `null`: nothing, or too long ago. */
async function takeSignIn(c: AppContext, callback: URLSearchParams, nowMs: number): Promise<SignInState | null> {
  const { publicUrl, signingKeys } = c.get("config");
  const state = callback.get("state") ?? "";
  const sealed = isSecret(state) ? readSignInCookie(c, publicUrl, state) : undefined;
  if (sealed === undefined) return null;
  clearSignInCookie(c, publicUrl, state);
  const signIn = await openSignIn(sealed, signingKeys, nowMs);
  return signIn?.state === state ? signIn : null;
}

function notStartedHere(c: AppContext): LimpetError {
  return new LimpetError(
    "SIGN_IN_FAILED",
    `This sign-in was not started in this browser, or more than ten minutes ago. Try again. If that does not help, ask ${c.get("config").access.contact}.`,
  );
}

function notInvited(c: AppContext, claims: Claims): LimpetError {
  log("warn", "not-invited", { requestId: c.get("requestId"), emailVerified: claims.emailVerified });
  const who = claims.email ?? claims.name ?? "This account";
  const unverified = claims.email !== null && !claims.emailVerified;
  return new LimpetError(
    "NOT_INVITED",
    `${who} is not on the list of who may use this Limpet${unverified ? " (the identity provider has not verified that address)" : ""}. Ask ${c.get("config").access.contact}, or sign in with another account.`,
  );
}
