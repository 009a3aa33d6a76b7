// Owns how an error leaves the Worker: as JSON, as GraphQL, or as a small page, with its status, logged on the way.
// Must not know which route failed, but for the few words in which a person is told.

import { HTTPException } from "hono/http-exception";
import type { AppContext } from "./context.ts";
import { LimpetError } from "./errors.ts";
import { describeError, log } from "./log.ts";
import { renderPage } from "./page.ts";

/** True where a person opens an address, rather than a program. */
export function wantsPage(c: AppContext): boolean {
  return ["GET", "HEAD"].includes(c.req.method) && (c.req.header("accept") ?? "").includes("text/html");
}

export function answerError(c: AppContext, error: Error): Response | Promise<Response> {
  const shown = shownError(c, error);
  const { code, message, status } = shown;
  if (c.req.path === "/graphql") return c.json({ errors: [{ message, extensions: { code } }] }, status);
  return wantsPage(c) ? errorPage(c, shown) : c.json({ error: { code, message } }, status);
}

/** Unexpected errors are logged and shown as such, never as they are. */
function shownError(c: AppContext, error: Error): LimpetError {
  const requestId = c.get("requestId");
  if (error instanceof LimpetError) {
    const { code, status } = error;
    if (status >= 500) log("error", "failed", { requestId, code, message: error.message });
    else log("warn", "refused", { requestId, code });
    return error;
  }
  if (error instanceof HTTPException && error.status < 500) return new LimpetError("BAD_REQUEST", error.message);
  log("error", "unexpected", { requestId, ...describeError(error) });
  return new LimpetError(
    "INTERNAL",
    `Something went wrong here. Try again. If that does not help, tell the people who run this installation: ${requestId}.`,
  );
}

function errorPage(c: AppContext, { code, message, status }: LimpetError): Response | Promise<Response> {
  const home = { href: "/", text: "To the start page" };
  if (!c.req.path.startsWith("/auth/")) {
    return renderPage(c, { title: "That did not work", sentence: message, steps: [home] }, status);
  }
  // The identity provider would sign the same person in again unasked.
  const isRefused = code === "NOT_INVITED";
  const next = isRefused
    ? { href: "/auth/sign-in?prompt=login", text: "Sign in with another account" }
    : { href: "/auth/sign-in", text: "Try again" };
  const title = isRefused ? "You are not on the list" : "You are not signed in";
  return renderPage(c, { title, sentence: message, steps: [next, home] }, status);
}
