// Owns the reading of the upgrade that the Worker hands over: who comes, in which role, by which subprotocol.
// Must not know sockets, or what follows.

import { socketHeaders } from "../../worker/shells/shell-object.ts";
import { closeCode } from "../protocol/close-codes.ts";
import type { Role } from "../protocol/messages.ts";
import { subprotocol, subprotocolBase64 } from "../protocol/messages.ts";

/** Who a socket belongs to, as the Worker vouched for at the upgrade. */
export interface SocketOwner {
  /** `sessions.id`. */
  readonly session: string;
  /** Unix milliseconds. */
  readonly sessionExpiresAtMs: number;
  readonly role: Role;
  /** It speaks `limpet.v1.base64`. */
  readonly base64: boolean;
}

export type Upgrade =
  | {
      readonly ok: true;
      readonly userId: string;
      readonly owner: SocketOwner;
      /** The subprotocol to answer with. */
      readonly protocol: string;
    }
  /** To be accepted only to be closed, so that the page can read why. */
  | { readonly ok: false; readonly code: number; readonly reason: string; readonly protocol: string | null };

/**
 * The headers are the Worker's own words, so a wrong one is a fault of ours.
 * @throws Error where one is missing or makes no sense.
 */
export function parseUpgrade(headers: Headers): Upgrade {
  const offered = (headers.get("sec-websocket-protocol") ?? "").split(",").map((name) => name.trim());
  const known = [subprotocol, subprotocolBase64].find((name) => offered.includes(name));
  // A browser fails an upgrade that picks none of its offers, and the page would never see the close code.
  const protocol = known ?? (offered[0] || null);
  if (known === undefined) {
    return {
      ok: false,
      code: closeCode.version,
      reason: "this version of the page is not spoken here: reload",
      protocol,
    };
  }
  const userId = headers.get(socketHeaders.userId) ?? "";
  const session = headers.get(socketHeaders.sessionId) ?? "";
  const sessionExpiresAtMs = Number(headers.get(socketHeaders.sessionExpiresAt) ?? Number.NaN);
  const role = parseRole(headers.get(socketHeaders.role));
  if (userId === "" || session === "" || !Number.isSafeInteger(sessionExpiresAtMs) || role === null) {
    throw new Error("the upgrade does not say whose it is");
  }
  const owner: SocketOwner = { session, sessionExpiresAtMs, role, base64: known === subprotocolBase64 };
  return { ok: true, userId, owner, protocol: known };
}

function parseRole(word: string | null): Role | null {
  return word === "drive" || word === "view" ? word : null;
}
