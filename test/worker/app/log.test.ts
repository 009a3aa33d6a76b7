// Owns the proof that the log tells of each request and holds nothing that opens anything.
// Must not know where the log goes.

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configOf } from "../../../worker/config.ts";
import { Browser } from "../browser.ts";
import { ada, authorize, signedIn } from "../people.ts";

let lines: string[] = [];

beforeEach(() => {
  lines = [];
  for (const level of ["info", "warn", "error", "log", "debug"] as const) {
    vi.spyOn(console, level).mockImplementation((...parts: unknown[]) => {
      lines.push(parts.map(String).join(" "));
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the log", () => {
  it("has one line of JSON for each request, with the id that the answer carries", async () => {
    const response = await new Browser().fetch("/healthz?secret=1");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: "info",
        event: "request",
        requestId: response.headers.get("x-request-id"),
        method: "GET",
        path: "/healthz",
        status: 200,
        ms: expect.any(Number),
      },
    ]);
  });

  it("of a sign-in, a refusal and a failure holds no cookie, code, state, token, key or address", async () => {
    const browser = new Browser();
    const callback = await authorize(browser, ada);
    const secrets = [callback.searchParams.get("code"), callback.searchParams.get("state")];
    secrets.push(...browser.cookieNames().map((name) => browser.cookie(name) ?? ""));
    await browser.fetch(callback.href);
    secrets.push(browser.cookie("limpet") ?? "", ada.email ?? "");
    // Used twice, then by somebody who is not invited, then with the database away.
    await browser.fetch(callback.href);
    const stranger = new Browser();
    await stranger.fetch((await authorize(stranger, { email: "eve@evil.example", email_verified: true })).href);
    secrets.push("eve@evil.example");
    await env.DB.prepare("alter table users rename to users_away").run();
    try {
      const late = new Browser();
      await late.fetch((await authorize(late, ada)).href);
    } finally {
      await env.DB.prepare("alter table users_away rename to users").run();
    }
    secrets.push(...configOf(env).signingKeys.map((key) => key.d));
    const log = lines.join("\n");
    expect(lines.length).toBeGreaterThan(8);
    expect(log).toContain("signed-in");
    expect(log).toContain("not-invited");
    expect(log).toContain("unexpected");
    for (const secret of secrets) {
      expect(secret).toBeTruthy();
      expect(log).not.toContain(secret);
    }
  });

  it("of an API call names what was refused and not what was sent", async () => {
    const browser = await signedIn();
    lines = [];
    await browser.fetch("/graphql", {
      method: "POST",
      body: '{"query":"{ s3cret }"}',
      headers: { origin: "https://evil.example" },
    });
    await browser.post("/graphql", { query: "{ s3cret }" });
    expect(lines.join("\n")).toContain("FOREIGN_ORIGIN");
    expect(lines.join("\n")).not.toContain("s3cret");
  });
});
