import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { revokeSession } from "../../../worker/db/sessions.ts";
import { runReaper } from "../../../worker/reaper/run.ts";
import { socketHeaders } from "../../../worker/shells/shell-object.ts";
import { db, Person } from "./person.ts";
import type { Terminal } from "./terminal.ts";

let person: Person;

beforeAll(async () => {
  person = await Person.arrives();
  await person.object.createShell(person.id);
});

afterAll(() => person.leaves());

interface SignedIn {
  readonly session: string;
  readonly terminal: Terminal;
}

async function signIn(lifeMs?: number): Promise<SignedIn> {
  const { id, expiresAtMs } = await person.session(lifeMs);
  const terminal = await person.terminal({
    [socketHeaders.sessionId]: id,
    [socketHeaders.sessionExpiresAt]: String(expiresAtMs),
  });
  await terminal.message("welcome");
  return { session: id, terminal };
}

describe("a socket lives no longer than its sign-in session", () => {
  it("ends with 4401 when the session expires, and another session's does not", async () => {
    const other = await signIn();
    const { terminal } = await signIn(1_500);
    expect(terminal.closed).toBeNull();
    expect(await terminal.ends()).toMatchObject({ code: 4401 });
    expect(other.terminal.closed).toBeNull();
    other.terminal.close();
  });

  it("ends with 4401 at sign-out, at once, and so do all of that session's", async () => {
    const first = await signIn();
    const second = await person.terminal({
      [socketHeaders.sessionId]: first.session,
      [socketHeaders.sessionExpiresAt]: String(Date.now() + 60_000),
    });
    await second.message("welcome");
    const other = await signIn();
    await person.object.endSession(first.session);
    expect(await first.terminal.ends()).toMatchObject({ code: 4401 });
    expect(await second.ends()).toMatchObject({ code: 4401 });
    expect(other.terminal.closed).toBeNull();
    other.terminal.close();
  });

  it("ends with 4401 when the clock finds the session revoked, without a look of the object's own", async () => {
    const revoked = await signIn();
    const other = await signIn();
    await revokeSession(db, revoked.session, Date.now());
    await runReaper(env, Date.now());
    expect(await revoked.terminal.ends()).toMatchObject({ code: 4401 });
    expect(other.terminal.closed).toBeNull();
    other.terminal.close();
  });

  it("ends with 4401 at the next look after the session was revoked elsewhere", async () => {
    const revoked = await signIn();
    const other = await signIn();
    await revokeSession(db, revoked.session, Date.now());
    // The look comes every 30 seconds while sockets are open; the alarm brings one as well.
    await runInDurableObject(person.object, (object) => object.alarm());
    expect(await revoked.terminal.ends()).toMatchObject({ code: 4401 });
    expect(other.terminal.closed).toBeNull();
    other.terminal.close();
  });

  it("ends with 4401 at once where the session was over before the socket was opened", async () => {
    const { id } = await person.session();
    const terminal = await person.terminal({
      [socketHeaders.sessionId]: id,
      [socketHeaders.sessionExpiresAt]: String(Date.now() - 1),
    });
    expect(await terminal.ends()).toMatchObject({ code: 4401 });
  });

  it("is not heard any more once its session has ended", async () => {
    const { terminal, session } = await signIn();
    await terminal.attached();
    const witness = await signIn();
    await witness.terminal.attached();
    const ended = person.object.endSession(session);
    terminal.type("echo never-$((20 + 3))\r");
    await ended;
    terminal.type("echo never-$((20 + 4))\r");
    await terminal.ends();
    witness.terminal.type("echo after-$((20 + 5))\r");
    await witness.terminal.shows("after-25");
    expect(witness.terminal.text).not.toContain("never-24");
    witness.terminal.close();
  });

  it.each([
    ["no person", socketHeaders.userId],
    ["no session", socketHeaders.sessionId],
    ["no expiry", socketHeaders.sessionExpiresAt],
    ["no role", socketHeaders.role],
  ])("is not opened for an upgrade with %s: only the Worker speaks to the object", async (_, header) => {
    const { id, expiresAtMs } = await person.session();
    const whole = { [socketHeaders.sessionId]: id, [socketHeaders.sessionExpiresAt]: String(expiresAtMs) };
    await expect(person.upgrade({ ...whole, [header]: null })).rejects.toThrow();
  });

  it("is not opened at another person's object", async () => {
    await expect(person.upgrade({ [socketHeaders.userId]: "0123456789abcdefghjk" })).rejects.toThrow(/another person/);
  });
});
