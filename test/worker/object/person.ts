// Owns a person of a test's own: a row, sign-in sessions, the object, sockets to it.
// Must not know what is tested with them.

import { env } from "cloudflare:workers";
import { subprotocol } from "../../../durable/protocol/messages.ts";
import type { UserShell } from "../../../durable/user-shell.ts";
import { openDatabase } from "../../../worker/db/database.ts";
import { listEvents } from "../../../worker/db/events.ts";
import { makeUserId } from "../../../worker/db/ids.ts";
import { users } from "../../../worker/db/schema.ts";
import { insertSession } from "../../../worker/db/sessions.ts";
import { findShell } from "../../../worker/shells/records.ts";
import { socketHeaders } from "../../../worker/shells/shell-object.ts";
import type { ShellRecord } from "../../../worker/shells/shell-record.ts";
import { Terminal } from "./terminal.ts";

export const db = openDatabase(env);
const hourMs = 3_600_000;

export class Person {
  readonly id = makeUserId();
  readonly podName = `limpet-${this.id}`;

  static async arrives(): Promise<Person> {
    const person = new Person();
    await db.insert(users).values({ id: person.id, issuer: "https://issuer.test", subject: person.id });
    return person;
  }

  /** A fresh stub each time: one that saw its object aborted stays broken. */
  get object(): DurableObjectStub<UserShell> {
    return env.USER_SHELL.get(env.USER_SHELL.idFromName(this.id));
  }

  record(): Promise<ShellRecord | null> {
    return findShell(db, this.id);
  }

  async eventTypes(): Promise<string[]> {
    const rows = await listEvents(db, { userId: this.id, limit: 50, olderThan: null });
    return rows.map(({ type }) => type).reverse();
  }

  async session(lifeMs: number = hourMs): Promise<{ readonly id: string; readonly expiresAtMs: number }> {
    const id = crypto.randomUUID().replaceAll("-", "").padEnd(64, "0");
    const expiresAtMs = Date.now() + lifeMs;
    await insertSession(db, { id, userId: this.id, expiresAt: new Date(expiresAtMs) });
    return { id, expiresAtMs };
  }

  /** The upgrade as the Worker hands it over; `changes` with null take a header away. */
  async upgrade(changes: Readonly<Record<string, string | null>> = {}): Promise<Response> {
    const session = changes[socketHeaders.sessionId] === undefined ? await this.session() : null;
    const headers = new Headers({
      upgrade: "websocket",
      "sec-websocket-protocol": subprotocol,
      [socketHeaders.userId]: this.id,
      [socketHeaders.role]: "drive",
    });
    if (session !== null) {
      headers.set(socketHeaders.sessionId, session.id);
      headers.set(socketHeaders.sessionExpiresAt, String(session.expiresAtMs));
    }
    for (const [name, value] of Object.entries(changes)) {
      if (value === null) headers.delete(name);
      else headers.set(name, value);
    }
    return this.object.fetch("https://object/api/shell/socket", { headers });
  }

  /** A socket with its greeting sent. */
  async terminal(changes: Readonly<Record<string, string | null>> = {}): Promise<Terminal> {
    const terminal = Terminal.over(await this.upgrade(changes));
    terminal.hello();
    return terminal;
  }

  /** Shell, pod and what hangs on them go; the cluster has other people's too. */
  async leaves(): Promise<void> {
    await this.object.deleteShell(this.id);
  }
}
