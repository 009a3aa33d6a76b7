// Owns the proof that the platform's clock reaches the reaper, and that a run which failed says so.
// Must not know what the reaper does, but for one thing that shows that it ran.

import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { UserShell } from "../../../durable/user-shell.ts";
import { parseConfig } from "../../../worker/config.ts";
import { listEvents, recordEvent } from "../../../worker/db/events.ts";
import { takeLease } from "../../../worker/db/leases.ts";
import { putSecret } from "../../../worker/db/secrets.ts";
import { revokeSession } from "../../../worker/db/sessions.ts";
import worker from "../../../worker/index.ts";
import { isObject, parseJson } from "../../../worker/kubernetes/json.ts";
import { openBytes, sealBytes } from "../../../worker/sealing/seal.ts";
import { socketHeaders } from "../../../worker/shells/shell-object.ts";
import { podSettings } from "../object/cluster.ts";
import { db, Person } from "../object/person.ts";
import { signedIn } from "../people.ts";
import { laterMs, Stage } from "./stage.ts";

function tick(aheadMs = 0): Promise<void> {
  const controller = createScheduledController({ scheduledTime: Date.now() + aheadMs, cron: "* * * * *" });
  return worker.scheduled(controller, env);
}

describe("the clock", () => {
  it("sweeps what is over, and what happened three months ago", async () => {
    await signedIn();
    await env.DB.prepare("update sessions set expires_at = 1").run();
    const person = await Person.arrives();
    for (const days of [91, 89]) {
      const event = { userId: person.id, shellId: null, type: "SHELL_CREATED", message: `${days} days ago` };
      await recordEvent(db, event, Date.now() - days * 86_400_000);
    }
    await tick();
    expect(await env.DB.prepare("select count(*) as n from sessions").first("n")).toBe(0);
    const events = await listEvents(db, { userId: person.id, limit: 50, olderThan: null });
    expect(events.map(({ message }) => message)).toEqual(["89 days ago"]);
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

  it("does nothing while another run is under way, and goes on when that one is dead", async () => {
    await signedIn();
    await env.DB.prepare("update sessions set expires_at = 1").run();
    const sessions = () => env.DB.prepare("select count(*) as n from sessions").first<number>("n");
    const before = await sessions();
    expect(before).toBeGreaterThan(0);
    await takeLease(db, "reaper", "another run", 60_000);
    await tick();
    expect(await sessions()).toBe(before);
    await env.DB.prepare("update leases set until = 1").run();
    await tick();
    expect(await sessions()).toBe(0);
    expect(await env.DB.prepare("select count(*) as n from leases").first("n")).toBe(0);
  });

  it("tells aloud, in a line that an alert can be set on, where too many pods have no record", async () => {
    const stage = new Stage(podSettings.installId);
    const orphan = await stage.pod();
    const lines = vi.spyOn(console, "error").mockImplementation(() => {});
    await expect(tick(laterMs)).rejects.toThrow("sweep-pods");
    const alert = lines.mock.calls.map(([line]) => parseJson(String(line))).find(isAlert);
    expect(alert).toMatchObject({ level: "error", event: "reaper-alert", alert: "ORPHANS", step: "sweep-pods" });
    expect(await stage.stands(orphan)).toBe(true);
    lines.mockRestore();
    await stage.close();
  });

  it("lets old snapshots go and seals anew what lies under an older key", async () => {
    const person = await Person.arrives();
    const [, older] = parseConfig(env).sealKeys;
    if (older === undefined) throw new Error("the tests have two keys");
    const what = { owner: person.id, name: "git-token" };
    const sealed = await sealBytes([older], what, new TextEncoder().encode("a token"));
    await db.batch([putSecret(db, { userId: person.id, name: "git-token", ...sealed }, Date.now())]);
    const old = "0".repeat(26);
    const object = `shell/${old}`;
    await env.SNAPSHOTS.put(object, "sealed");
    await env.DB.prepare(
      `insert into snapshots (id, user_id, shell_id, sealed_key, kid, bytes, sha256, created_at)
        values (?, ?, 'shell', ?, ?, 6, '', 1)`,
    )
      .bind(old, person.id, sealed.sealed, parseConfig(env).sealKeys[0].kid)
      .run();
    await tick();
    expect(await env.SNAPSHOTS.head(object)).toBeNull();
    expect(await env.DB.prepare("select count(*) as n from snapshots").first("n")).toBe(0);
    const row = await env.DB.prepare("select kid, sealed from secrets where user_id = ?")
      .bind(person.id)
      .first<{ kid: string; sealed: string }>();
    expect(row?.kid).toBe(parseConfig(env).sealKeys[0].kid);
    const opened = await openBytes(parseConfig(env).sealKeys, what, row?.sealed ?? "");
    expect(new TextDecoder().decode(opened)).toBe("a token");
  });
});

function isAlert(line: unknown): boolean {
  return isObject(line) && line["event"] === "reaper-alert";
}
