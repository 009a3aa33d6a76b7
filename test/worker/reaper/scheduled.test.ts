// Owns the proof that the platform's clock reaches the reaper, and that a run which failed says so.
// Must not know what the reaper does, but for one thing that shows that it ran.

import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { UserShell } from "../../../durable/user-shell.ts";
import { revokeSession } from "../../../worker/db/sessions.ts";
import worker from "../../../worker/index.ts";
import { socketHeaders } from "../../../worker/shells/shell-object.ts";
import { db, Person } from "../object/person.ts";
import { signedIn } from "../people.ts";

function tick(): Promise<void> {
  return worker.scheduled(createScheduledController({ scheduledTime: Date.now(), cron: "* * * * *" }), env);
}

describe("the clock", () => {
  it("sweeps what is over", async () => {
    await signedIn();
    await env.DB.prepare("update sessions set expires_at = 1").run();
    await tick();
    expect(await env.DB.prepare("select count(*) as n from sessions").first("n")).toBe(0);
  });

  it("ends every revoked session's sockets, though one object does not take it, and says that it failed", async () => {
    const [broken, well] = [await Person.arrives(), await Person.arrives()];
    const object = well.object;
    await object.createShell(well.id);
    const { id, expiresAtMs } = await well.session();
    const terminal = await well.terminal({
      [socketHeaders.sessionId]: id,
      [socketHeaders.sessionExpiresAt]: String(expiresAtMs),
    });
    await terminal.message("welcome");
    const theirs = await broken.session();
    await revokeSession(db, id, Date.now() - 1_000);
    await revokeSession(db, theirs.id, Date.now());
    const { endSession } = UserShell.prototype;
    const breaks = vi.spyOn(UserShell.prototype, "endSession").mockImplementation(function (this: UserShell, session) {
      return session === theirs.id ? Promise.reject(new Error("out of memory")) : endSession.call(this, session);
    });
    await expect(tick()).rejects.toThrow("close-revoked-sockets");
    expect(new Set(breaks.mock.calls.map(([session]) => session))).toEqual(new Set([theirs.id, id]));
    expect(await terminal.ends()).toMatchObject({ code: 4401 });
    await well.leaves();
  });

  it("fails aloud where the database does", async () => {
    await env.DB.prepare("alter table sessions rename to sessions_away").run();
    try {
      await expect(tick()).rejects.toThrow("delete-ended-sessions");
    } finally {
      await env.DB.prepare("alter table sessions_away rename to sessions").run();
    }
  });
});
