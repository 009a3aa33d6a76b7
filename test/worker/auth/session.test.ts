// Owns the proof that a session ends when it should, and that nothing is had without one.
// Must not know how a session is kept.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { hashSecret } from "../../../worker/auth/secret.ts";
import { runReaper } from "../../../worker/reaper/run.ts";
import { Browser } from "../browser.ts";
import { signedIn } from "../people.ts";

const viewer = { query: "{ viewer { id } }" };

async function sessionRow(browser: Browser): Promise<Record<string, unknown> | null> {
  const id = await hashSecret(browser.cookie("limpet") ?? "");
  return env.DB.prepare("select * from sessions where id = ?").bind(id).first();
}

describe("a session", () => {
  it("ends at sign-out, for whoever holds its cookie", async () => {
    const browser = await signedIn();
    const thief = new Browser();
    thief.setCookie("limpet", browser.cookie("limpet") ?? "");
    expect((await thief.post("/graphql", viewer)).status).toBe(200);
    expect((await browser.post("/auth/sign-out")).status).toBe(204);
    expect(browser.cookie("limpet")).toBeUndefined();
    expect((await thief.post("/graphql", viewer)).status).toBe(401);
  });

  it("ends when its time is over", async () => {
    const browser = await signedIn();
    const id = await hashSecret(browser.cookie("limpet") ?? "");
    await env.DB.prepare("update sessions set expires_at = ? where id = ?")
      .bind(Date.now() - 1, id)
      .run();
    expect((await browser.post("/graphql", viewer)).status).toBe(401);
  });

  it("lives as long as the setting says", async () => {
    const row = await sessionRow(await signedIn(undefined, { SESSION_HOURS: "0.5" }));
    const lifeMs = Number(row?.["expires_at"]) - Date.now();
    expect(lifeMs).toBeGreaterThan(29 * 60_000);
    expect(lifeMs).toBeLessThanOrEqual(30 * 60_000);
  });

  it("is swept by the clock once it is over, and not before", async () => {
    const [over, good] = [await signedIn(), await signedIn()];
    const id = await hashSecret(over.cookie("limpet") ?? "");
    await env.DB.prepare("update sessions set expires_at = ? where id = ?")
      .bind(Date.now() - 1, id)
      .run();
    await runReaper(env, Date.now());
    expect(await sessionRow(over)).toBeNull();
    expect(await sessionRow(good)).not.toBeNull();
  });

  it("is swept in batches, however many there are", async () => {
    const userId = await env.DB.prepare("select user_id from sessions limit 1").first("user_id");
    await env.DB.prepare(
      "insert into sessions (id, user_id, expires_at) with recursive n(i) as (select 1 union all select i + 1 from n where i < 450) select 'old-' || i, ?, 1 from n",
    )
      .bind(userId)
      .run();
    await runReaper(env, Date.now());
    expect(await env.DB.prepare("select count(*) as n from sessions where id like 'old-%'").first("n")).toBe(0);
  });

  it("of a sign-out that nobody asked for from our page stays", async () => {
    const browser = await signedIn();
    const response = await browser.fetch("/auth/sign-out", {
      method: "POST",
      headers: { origin: "https://evil.example" },
    });
    expect(response.status).toBe(403);
    expect((await browser.post("/graphql", viewer)).status).toBe(200);
  });

  it.each(["", "x", "A".repeat(43), "A".repeat(5000), "../../etc", "%00"])(
    "is not had by a cookie like %j",
    async (value) => {
      const browser = new Browser();
      browser.setCookie("limpet", value);
      expect((await browser.post("/graphql", viewer)).status).toBe(401);
    },
  );
});
