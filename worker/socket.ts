// Owns the door to the terminal's socket: who may pass, and what the object is told of them.
// Must not know limpet.v1 beyond its name and close codes.

import { closeCode } from "../durable/protocol/close-codes.ts";
import { subprotocol, subprotocolBase64 } from "../durable/protocol/messages.ts";
import { sessionOf } from "./auth/session.ts";
import type { AppContext } from "./context.ts";
import { LimpetError } from "./errors.ts";
import { requireOwnOrigin } from "./origin.ts";
import { limitSession } from "./rate-limit.ts";
import { socketHeaders } from "./shells/shell-object.ts";

/** `GET /api/shell/socket`. Only what no page of ours would send is refused before the upgrade; the rest by close code. */
export async function openSocket(c: AppContext): Promise<Response> {
  if (c.req.header("upgrade")?.toLowerCase() !== "websocket") {
    throw new LimpetError(
      "UPGRADE_REQUIRED",
      "This address is for WebSockets: open it with the subprotocol limpet.v1.",
    );
  }
  requireOwnOrigin(c.req.raw.headers, c.get("config").publicUrl);
  const session = await sessionOf(c, Date.now());
  if (session === null) return refuse(c, closeCode.signIn, "sign in again");
  await limitSession(c, session.id);

  const headers = new Headers(c.req.raw.headers);
  for (const name of [...headers.keys()]) if (name.startsWith("x-limpet-")) headers.delete(name);
  headers.delete("cookie");
  headers.set(socketHeaders.userId, session.user.id);
  headers.set(socketHeaders.sessionId, session.id);
  headers.set(socketHeaders.sessionExpiresAt, String(session.expiresAt.getTime()));
  headers.set(socketHeaders.role, "drive");
  const object = c.env.USER_SHELL.get(c.env.USER_SHELL.idFromName(session.user.id));
  return object.fetch(new Request(c.req.raw.url, { method: "GET", headers }));
}

/** Accepts only to close: a page sees a refused upgrade as a network failure and would try again for ever. */
function refuse(c: AppContext, code: number, reason: string): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  server.close(code, reason);
  const offered = (c.req.header("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  // A browser fails an upgrade that picks none of its offers, and the page would never see the close code.
  const chosen = [subprotocol, subprotocolBase64].find((name) => offered.includes(name)) ?? offered[0] ?? "";
  const headers = new Headers(chosen === "" ? {} : { "sec-websocket-protocol": chosen });
  return new Response(null, { status: 101, webSocket: client, headers });
}
