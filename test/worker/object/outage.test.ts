import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { eq } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { shells } from "../../../worker/db/schema.ts";
import { revokeSession } from "../../../worker/db/sessions.ts";
import { socketHeaders } from "../../../worker/shells/shell-object.ts";
import { fault } from "./cluster.ts";
import { eventually } from "./eventually.ts";
import { db, Person } from "./person.ts";

let person: Person;

beforeEach(async () => {
  person = await Person.arrives();
  await person.object.createShell(person.id);
  await eventually(
    () => person.record(),
    (record) => record?.phase === "ready",
  );
});

afterEach(() => person.leaves());

/** Every query of this table fails while `work` goes on. */
async function without(table: "shells" | "sessions", work: () => Promise<void>): Promise<void> {
  await env.DB.prepare(`alter table ${table} rename to ${table}_away`).run();
  try {
    await work();
  } finally {
    await env.DB.prepare(`alter table ${table}_away rename to ${table}`).run();
  }
}

describe("while D1 does not answer", () => {
  it("an object that wakes asks again until it knows how its shell stands", async () => {
    const terminal = await person.terminal();
    await terminal.attached();
    // Without a pod there is no exec, whose socket would keep the object awake.
    await fault({ type: "answer", method: "POST", status: 403, times: 1 });
    await fault({ type: "lose-pod", pod: person.podName });
    await terminal.message("status", ({ phase }) => phase === "failed");
    await evictDurableObject(person.object);
    const before = terminal.messages.length;
    await without("shells", async () => {
      terminal.say({ type: "focus", visible: true });
      await scheduler.wait(500);
    });
    const answersSinceMs = Date.now();
    const told = () =>
      terminal.messages.slice(before).some((said) => said.type === "status" && said.phase === "failed");
    await terminal.until(told, "how the shell stands");
    // Later an alarm of another matter might have brought it.
    expect(Date.now() - answersSinceMs).toBeLessThan(4_000);
    terminal.close();
  });

  it("an alarm is not lost: a shell whose time is over ends once D1 answers", async () => {
    await db
      .update(shells)
      .set({ expiresAt: new Date(Date.now() - 1) })
      .where(eq(shells.userId, person.id));
    await abortAllDurableObjects();
    await without("shells", async () => {
      expect(await runDurableObjectAlarm(person.object)).toBe(true);
    });
    await eventually(
      () => person.record(),
      (record) => record?.phase === "absent",
    );
    expect(await person.eventTypes()).toContain("SHELL_EXPIRED");
  });

  it("the look at the sessions is made up for within seconds", async () => {
    const { id, expiresAtMs } = await person.session();
    const terminal = await person.terminal({
      [socketHeaders.sessionId]: id,
      [socketHeaders.sessionExpiresAt]: String(expiresAtMs),
    });
    await terminal.attached();
    await revokeSession(db, id, Date.now());
    await without("sessions", () => runInDurableObject(person.object, (object) => object.alarm()));
    expect(terminal.closed).toBeNull();
    expect(await terminal.ends()).toMatchObject({ code: 4401 });
  });
});
