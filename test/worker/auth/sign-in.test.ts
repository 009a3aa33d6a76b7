// Owns the proof that signing in works against a real issuer, and that nothing but a true answer signs anybody in.
// Must not know how the flow is written.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { openSignIn, sealSignIn } from "../../../worker/auth/sign-in-state.ts";
import { configOf } from "../../../worker/config.ts";
import { errorCodeOf } from "../answers.ts";
import { Browser } from "../browser.ts";
import { ada, authorize, signedIn, signIn } from "../people.ts";

const keys = configOf(env).signingKeys;

/** The cookie of the sign-in under way, taken out of the browser. */
async function underWay(browser: Browser) {
  const name = browser.cookieNames().find((candidate) => candidate.includes("limpet-sign-in-"));
  const sealed = name === undefined ? undefined : browser.cookie(name);
  if (name === undefined || sealed === undefined) throw new Error("no sign-in is under way");
  const state = await openSignIn(sealed, keys, Date.now());
  if (state === null) throw new Error("the cookie does not open");
  return { name, state };
}

describe("sign-in", () => {
  it("brings a person back where they were, with a session", async () => {
    const browser = new Browser();
    const response = await signIn(browser, ada, "/auth/sign-in?return_to=%2Fshell%3Ftab%3D2%23x");
    expect(response.status).toBe(302);
    expect(response.headers.get("location")).toBe("/shell?tab=2#x");
    expect(browser.cookie("limpet")).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const answer = await browser.post("/graphql", { query: "{ viewer { name email id } }" });
    expect(await answer.json()).toEqual({
      data: {
        viewer: { name: "Ada", email: "ada@example.com", id: expect.stringMatching(/^[0-9a-hjkmnp-tv-z]{20}$/) },
      },
    });
  });

  it("sends PKCE, state and nonce, each new", async () => {
    const browser = new Browser();
    const [one, two] = await Promise.all([browser.fetch("/auth/sign-in"), browser.fetch("/auth/sign-in")]);
    const [first, second] = [one, two].map((response) => new URL(response.headers.get("location") ?? "").searchParams);
    expect(first?.get("code_challenge_method")).toBe("S256");
    expect(first?.get("redirect_uri")).toBe(`${browser.origin}/auth/callback`);
    for (const name of ["code_challenge", "state", "nonce"]) {
      expect(first?.get(name)).toMatch(/^[A-Za-z0-9_-]{43}$/);
      expect(first?.get(name)).not.toBe(second?.get(name));
    }
  });

  it("finds the same person again and keeps the newest name", async () => {
    const query = { query: "{ viewer { id name } }" };
    const first = await (await signedIn({ ...ada, sub: "countess" })).post("/graphql", query);
    const again = await (await signedIn({ ...ada, sub: "countess", name: "Ada L." })).post("/graphql", query);
    const [one, two] = [await first.text(), await again.text()];
    expect(two).toBe(one.replace('"Ada"', '"Ada L."'));
  });

  it("makes a new session at each sign-in and ends the old one", async () => {
    const browser = await signedIn();
    const old = browser.cookie("limpet") ?? "";
    expect((await signIn(browser, ada)).status).toBe(302);
    expect(browser.cookie("limpet")).not.toBe(old);
    const stolen = new Browser();
    stolen.setCookie("limpet", old);
    expect((await stolen.post("/graphql", { query: "{ viewer { id } }" })).status).toBe(401);
  });

  it("lets two tabs sign in at once", async () => {
    const browser = new Browser();
    const first = await authorize(browser, ada);
    const second = await authorize(browser, ada);
    expect((await browser.fetch(first.href)).status).toBe(302);
    expect((await browser.fetch(second.href)).status).toBe(302);
  });

  it.each([
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "/\t/evil.example",
    "javascript:alert(1)",
    "/auth/sign-in",
  ])("never leads away: return_to=%s", async (target) => {
    const response = await signIn(new Browser(), ada, `/auth/sign-in?return_to=${encodeURIComponent(target)}`);
    expect(response.headers.get("location")).toBe("/");
  });

  it("signs in as a confidential client too", async () => {
    const changes = { OIDC_CLIENT_ID: "confidential", OIDC_CLIENT_SECRET: "a secret of tests" };
    expect((await signIn(new Browser(changes), ada)).status).toBe(302);
  });
});

describe("cookies", () => {
  it("are HttpOnly, SameSite=Lax and, on https, Secure with the __Host- prefix", async () => {
    const browser = new Browser({ PUBLIC_URL: "https://localhost:8787" });
    const response = await signIn(browser, ada);
    const cookies = response.headers.getSetCookie();
    expect(cookies).toHaveLength(2);
    for (const cookie of cookies) {
      expect(cookie).toMatch(/^__Host-limpet/);
      for (const flag of ["Path=/", "HttpOnly", "Secure", "SameSite=Lax"]) expect(cookie).toContain(flag);
      expect(cookie).not.toContain("Domain");
    }
    expect(cookies.find((cookie) => cookie.startsWith("__Host-limpet="))).toContain("Expires=");
    expect(cookies.find((cookie) => cookie.startsWith("__Host-limpet-sign-in-"))).toContain("Max-Age=0");
  });

  it("are HttpOnly and SameSite=Lax on http, where browsers refuse the prefix", async () => {
    const [cookie = ""] = (await new Browser().fetch("/auth/sign-in")).headers.getSetCookie();
    expect(cookie).toMatch(/^limpet-sign-in-.*Max-Age=600/);
    for (const flag of ["Path=/", "HttpOnly", "SameSite=Lax"]) expect(cookie).toContain(flag);
    expect(cookie).not.toContain("Secure");
  });

  it("hold nothing that D1 holds", async () => {
    const browser = await signedIn();
    const { results } = await env.DB.prepare("select id from sessions").all();
    expect(results.length).toBeGreaterThan(0);
    expect(JSON.stringify(results)).not.toContain(browser.cookie("limpet"));
  });
});

describe("an answer that does not hold", () => {
  it("is refused where this browser started no sign-in", async () => {
    const callback = await authorize(new Browser(), ada);
    const response = await new Browser().fetch(callback.href);
    expect(response.status).toBe(400);
    expect(await errorCodeOf(response)).toBe("SIGN_IN_FAILED");
  });

  it("is refused with another state", async () => {
    const browser = new Browser();
    const callback = await authorize(browser, ada);
    const other = await authorize(browser, ada);
    callback.searchParams.set(
      "state",
      `${other.searchParams.get("state")}`.replace(/.$/, (end) => (end === "A" ? "B" : "A")),
    );
    const response = await browser.fetch(callback.href);
    expect(await errorCodeOf(response)).toBe("SIGN_IN_FAILED");
    expect(browser.cookie("limpet")).toBeUndefined();
  });

  it.each([["nonce"], ["verifier"]] as const)("is refused with another %s", async (field) => {
    const browser = new Browser();
    const callback = await authorize(browser, ada);
    const { name, state } = await underWay(browser);
    const changed = { ...state, [field]: "A".repeat(43) };
    browser.setCookie(name, await sealSignIn(changed, keys[0], Date.now()));
    const response = await browser.fetch(callback.href);
    expect(response.status).toBe(400);
    expect(await errorCodeOf(response)).toBe("SIGN_IN_FAILED");
    expect(browser.cookie("limpet")).toBeUndefined();
  });

  it("is refused after ten minutes", async () => {
    const browser = new Browser();
    const callback = await authorize(browser, ada);
    const { name, state } = await underWay(browser);
    browser.setCookie(name, await sealSignIn(state, keys[0], Date.now() - 601_000));
    expect(await errorCodeOf(await browser.fetch(callback.href))).toBe("SIGN_IN_FAILED");
  });

  it("is taken while an older key is still published", async () => {
    const browser = new Browser();
    const callback = await authorize(browser, ada);
    const { name, state } = await underWay(browser);
    const [, older] = keys;
    if (older === undefined) throw new Error("the tests' key set has two keys");
    browser.setCookie(name, await sealSignIn(state, older, Date.now()));
    expect((await browser.fetch(callback.href)).status).toBe(302);
  });

  it("is refused from another issuer", async () => {
    const browser = new Browser();
    const callback = await authorize(browser, ada);
    callback.searchParams.set("iss", "https://other.example");
    expect(await errorCodeOf(await browser.fetch(callback.href))).toBe("SIGN_IN_FAILED");
  });

  it("is refused with a code that is not the issuer's", async () => {
    const browser = new Browser();
    const callback = await authorize(browser, ada);
    callback.searchParams.set("code", "made-up");
    expect(await errorCodeOf(await browser.fetch(callback.href))).toBe("SIGN_IN_FAILED");
  });

  it("signs nobody in a second time; who is signed in is led to the page", async () => {
    const browser = new Browser();
    const callback = await authorize(browser, ada);
    const used = await underWay(browser);
    const sealed = browser.cookie(used.name) ?? "";
    expect((await browser.fetch(callback.href)).status).toBe(302);
    const session = browser.cookie("limpet");
    const again = await browser.fetch(callback.href);
    expect([again.status, again.headers.get("location")]).toEqual([302, "/"]);
    expect(browser.cookie("limpet")).toBe(session);
    // With the cookie kept and put back, the issuer refuses the code.
    const replaying = new Browser();
    replaying.setCookie(used.name, sealed);
    expect(await errorCodeOf(await replaying.fetch(callback.href))).toBe("SIGN_IN_FAILED");
  });

  it("is refused with a forged signature under the ID token", async () => {
    const browser = new Browser({ OIDC_CLIENT_ID: "forged" });
    const response = await signIn(browser, ada);
    expect(browser.cookie("limpet")).toBeUndefined();
    expect([400, 502]).toContain(response.status);
  });

  it("says so where the person turned back at the issuer", async () => {
    const browser = new Browser();
    const callback = await authorize(browser, null);
    expect(callback.searchParams.get("error")).toBe("access_denied");
    const response = await browser.fetch(callback.href, { headers: { accept: "text/html" } });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("did not sign you in");
  });

  it("shows a page with a next step and no script", async () => {
    const response = await new Browser().fetch("/auth/callback?code=x&state=y", { headers: { accept: "text/html" } });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toContain("text/html");
    const page = await response.text();
    expect(page).toContain('href="/auth/sign-in"');
    expect(page).not.toContain("<script");
    expect(response.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'nonce-/);
  });
});

describe("an issuer that is not there", () => {
  it("is named, with what to do", async () => {
    const response = await new Browser({ OIDC_ISSUER: "http://127.0.0.1:9" }).fetch("/auth/sign-in");
    expect(response.status).toBe(502);
    expect(await errorCodeOf(response)).toBe("ISSUER_UNAVAILABLE");
  });

  it("or that says it is another one, is not used", async () => {
    const response = await new Browser({ OIDC_ISSUER: env.OIDC_ISSUER.replace("127.0.0.1", "localhost") }).fetch(
      "/auth/sign-in",
    );
    expect(await errorCodeOf(response)).toBe("ISSUER_UNAVAILABLE");
  });
});
