// Owns how long a socket may live: no longer than its sign-in session, and not past its revocation.
// Must not know what is said on sockets, nor when it is asked to look.

import type { Database } from "../../worker/db/database.ts";
import { listGoodSessions } from "../../worker/db/sessions.ts";
import type { SocketKey } from "../bridge/effects.ts";
import type { BrowserSockets } from "./sockets.ts";

/** A query of D1 has 100 parameters. Sockets of further sessions are left to the clock and to their expiry. */
const mostAsked = 99;

export class SessionWatch {
  readonly #sockets: BrowserSockets;
  readonly #db: Database;
  readonly #end: (socket: SocketKey) => void;

  /** `end` is called for each socket whose session is over. */
  constructor(sockets: BrowserSockets, db: Database, end: (socket: SocketKey) => void) {
    this.#sockets = sockets;
    this.#db = db;
    this.#end = end;
  }

  /** When the next of the open sockets' sessions expires, in unix milliseconds; null where no socket is open. */
  nextExpiryMs(): number | null {
    let next: number | null = null;
    for (const [, { sessionExpiresAtMs }] of this.#sockets.owners()) {
      if (next === null || sessionExpiresAtMs < next) next = sessionExpiresAtMs;
    }
    return next;
  }

  /** Ends the sockets whose sessions have expired. */
  expire(nowMs: number): void {
    this.#endWhere((_, expiresAtMs) => expiresAtMs <= nowMs);
  }

  /** Ends this session's sockets: the person signed out. */
  revoke(session: string): void {
    this.#endWhere((id) => id === session);
  }

  /** Asks D1, and ends the sockets of sessions that are not good any more. @throws where D1 does not answer. */
  async check(nowMs: number): Promise<void> {
    const sessions = new Set([...this.#sockets.owners()].map(([, { session }]) => session));
    const asked = new Set([...sessions].slice(0, mostAsked));
    if (asked.size === 0) return;
    const good = await listGoodSessions(this.#db, [...asked], nowMs);
    // Sockets that came while D1 was asked were let in by a check of their own.
    this.#endWhere((session) => asked.has(session) && !good.has(session));
  }

  #endWhere(over: (session: string, expiresAtMs: number) => boolean): void {
    for (const [key, owner] of [...this.#sockets.owners()]) {
      if (over(owner.session, owner.sessionExpiresAtMs)) this.#end(key);
    }
  }
}
