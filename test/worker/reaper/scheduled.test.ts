// Owns the proof that the platform's clock reaches the reaper, and that a run which failed says so.
// Must not know what the reaper does, but for one thing that shows that it ran.

import { createScheduledController } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import worker from "../../../worker/index.ts";
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

  it("fails aloud where the database does", async () => {
    await env.DB.prepare("alter table sessions rename to sessions_away").run();
    try {
      await expect(tick()).rejects.toThrow("delete-ended-sessions");
    } finally {
      await env.DB.prepare("alter table sessions_away rename to sessions").run();
    }
  });
});
