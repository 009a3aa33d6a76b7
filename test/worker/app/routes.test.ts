// Owns the proof of what each route answers to a stranger, and of the headers on every answer.
// Must not know how the routes are put together.

import { env } from "cloudflare:workers";
import { importJWK, jwtVerify, SignJWT } from "jose";
import { describe, expect, it } from "vitest";
import { configOf } from "../../../worker/config.ts";
import { errorCodeOf } from "../answers.ts";
import { Browser } from "../browser.ts";

describe("without a session", () => {
  it.each([
    ["POST", "/graphql", "UNAUTHENTICATED", 401],
    ["GET", "/graphql", "UNAUTHENTICATED", 401],
    ["GET", "/api/anything", "NOT_FOUND", 404],
    ["GET", "/auth/anything", "NOT_FOUND", 404],
    ["PUT", "/auth/sign-out", "NOT_FOUND", 404],
    ["GET", "/api/shell/socket", "UPGRADE_REQUIRED", 426],
  ])("%s %s answers %s", async (method, path, code, status) => {
    const browser = new Browser();
    const headers = { origin: browser.origin, "content-type": "application/json" };
    const response = await browser.fetch(path, { method, headers, ...(method === "POST" ? { body: "{}" } : {}) });
    expect(response.status).toBe(status);
    expect(await errorCodeOf(response)).toBe(code);
  });

  it("tells the page what it may know", async () => {
    const response = await new Browser().fetch("/auth/info");
    expect(await response.json()).toEqual({
      local: true,
      contact: "the test team",
      warnMs: 900_000,
      saveUpstream: true,
    });
  });

  it("signs nobody out", async () => {
    expect((await new Browser().post("/auth/sign-out")).status).toBe(204);
  });
});

describe("an address that is no file", () => {
  const page = { headers: { accept: "text/html,*/*" } };

  it.each(["/somewhere", "/shell/1?x=2"])("%s is the page's, where a person opens it", async (path) => {
    const response = await new Browser().fetch(path, page);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(response.headers.get("content-security-policy")).toContain("script-src 'self'");
    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(await response.text()).toContain("<title>Limpet</title>");
  });

  it.each([
    ["a script that a deploy took away", "/assets/index-gone.js", page],
    ["what a script asks for", "/somewhere", {}],
    ["what is posted", "/somewhere", { ...page, method: "POST" }],
    ["a route of the Worker's that is none", "/api/none", page],
  ])("is not found where it is %s", async (_what, path, init) => {
    const response = await new Browser().fetch(path, init);
    expect(response.status).toBe(404);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });
});

describe("every answer", () => {
  it.each(["/healthz", "/auth/info", "/auth/sign-in", "/nowhere", "/.well-known/jwks.json", "/graphql"])(
    "of %s carries the security headers and a request id",
    async (path) => {
      const { headers } = await new Browser().fetch(path);
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'none'");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get("strict-transport-security")).toBeNull();
    },
  );

  it("on https asks for https for ever", async () => {
    const { headers } = await new Browser({ PUBLIC_URL: "https://localhost:8787" }).fetch("/healthz");
    expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
  });
});

describe("health", () => {
  it("is good where configuration and database are", async () => {
    const response = await new Browser().fetch("/healthz");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok" });
  });

  it("names the variable that is missing, on every route, and no value", async () => {
    const secret = "http://not-a-good-value.example";
    for (const path of ["/healthz", "/auth/sign-in", "/.well-known/jwks.json"]) {
      const nobody = { ALLOWED_DOMAINS: "", ALLOWED_EMAILS: "", ALLOWED_GROUPS: "", SIGNING_KEYS: secret };
      const response = await new Browser(nobody).fetch(path);
      expect(response.status).toBe(500);
      const text = await response.text();
      expect(text).toContain("MISCONFIGURED");
      expect(text).toContain("ALLOWED_DOMAINS");
      expect(text).toContain("say who may come in");
      expect(text).toContain("SIGNING_KEYS");
      expect(text).not.toContain(secret);
    }
  });
});

describe("the edge's identity", () => {
  it("is published as public halves with key ids, with which a token can be checked", async () => {
    const browser = new Browser();
    const response = await browser.fetch("/.well-known/jwks.json");
    const { keys } = await response.json<{ keys: Record<string, string>[] }>();
    const { signingKeys } = configOf(env);
    expect(keys.map((key) => key["kid"])).toEqual(signingKeys.map((key) => key.kid));
    for (const key of keys) expect(Object.keys(key).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x", "y"]);

    const [signingKey] = signingKeys;
    const token = await new SignJWT({ sub: "x" })
      .setProtectedHeader({ alg: "ES256", kid: signingKey.kid })
      .sign(await importJWK({ ...signingKey }, "ES256"));
    const published = keys.find((key) => key["kid"] === signingKey.kid) ?? {};
    expect((await jwtVerify(token, await importJWK(published, "ES256"))).payload.sub).toBe("x");
  });

  it("is discovered as an issuer's", async () => {
    const browser = new Browser();
    const response = await browser.fetch("/.well-known/openid-configuration");
    expect(await response.json()).toMatchObject({
      issuer: browser.origin,
      jwks_uri: `${browser.origin}/.well-known/jwks.json`,
      id_token_signing_alg_values_supported: ["ES256"],
    });
  });
});
