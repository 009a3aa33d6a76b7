// Owns the proof that GraphQL takes nothing but our own page's bounded questions.
// Must not know the schema beyond `viewer`.

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { errorCodeOf } from "../answers.ts";
import type { Browser } from "../browser.ts";
import { signedIn } from "../people.ts";

const body = JSON.stringify({ query: "{ viewer { id } }" });
let browser: Browser;

beforeAll(async () => {
  browser = await signedIn();
});

function send(init: RequestInit): Promise<Response> {
  return browser.fetch("/graphql", { method: "POST", body, ...init });
}

describe("a foreign request", () => {
  const json = { "content-type": "application/json" };
  it.each<[string, Record<string, string>]>([
    ["another site's origin", { ...json, origin: "https://evil.example" }],
    ["an origin that begins like ours", { ...json, origin: "OURS.evil.example" }],
    ["an opaque origin", { ...json, origin: "null" }],
    ["no origin", json],
    ["our origin, but a browser that says cross-site", { ...json, origin: "OURS", "sec-fetch-site": "cross-site" }],
  ])("with %s is refused", async (_what, headers) => {
    const origin = headers["origin"]?.replace("OURS", browser.origin);
    const response = await send({ headers: { ...headers, ...(origin === undefined ? {} : { origin }) } });
    expect(response.status).toBe(403);
    expect(await errorCodeOf(response)).toBe("FOREIGN_ORIGIN");
  });

  it.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/graphql",
    "",
  ])("of type %j is refused", async (type) => {
    const headers = { origin: browser.origin, "sec-fetch-site": "same-origin", "content-type": type };
    const response = await send({ headers });
    expect(response.status).toBe(400);
    expect(await errorCodeOf(response)).toBe("BAD_REQUEST");
  });

  it("by GET changes and reads nothing", async () => {
    const response = await browser.fetch("/graphql?query={viewer{id}}");
    expect(response.status).toBe(400);
    expect(await errorCodeOf(response)).toBe("BAD_REQUEST");
  });
});

describe("a body", () => {
  const ours = () => ({ origin: browser.origin, "content-type": "application/json" });

  it.each([
    "",
    "{",
    "null",
    "42",
    '"x"',
    "[]",
    "{}",
    '{"query":1}',
    '{"query":""}',
    '{"query":"{viewer{id}}","variables":"x"}',
    '{"query":"{viewer{id}}","other":1}',
  ])("like %s is a bad request", async (text) => {
    const response = await send({ headers: ours(), body: text });
    expect(response.status).toBe(400);
    expect(await errorCodeOf(response)).toBe("BAD_REQUEST");
  });

  it("above 192 KiB is refused, with its length told or not", async () => {
    const large = JSON.stringify({ query: `{ viewer { id } } # ${"x".repeat(192 * 1024)}` });
    const told = await send({ headers: ours(), body: large });
    expect(told.status).toBe(413);
    expect(await errorCodeOf(told)).toBe("TOO_LARGE");
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    const writer = writable.getWriter();
    const writing = writer.write(new TextEncoder().encode(large)).then(() => writer.close());
    const untold = await send({ headers: ours(), body: readable });
    expect(untold.status).toBe(413);
    await Promise.allSettled([writing]);
  });

  it("of several operations at once is refused", async () => {
    const response = await send({ headers: ours(), body: `[${body},${body}]` });
    expect(response.status).toBe(400);
  });
});

describe("a client that wants its answer", () => {
  it.each([
    ["as anything", "*/*", "application/json"],
    ["as JSON", "application/json", "application/json"],
    ["as the newer kind", "application/graphql-response+json", "application/graphql-response+json"],
  ])("%s gets it so, with the same status", async (_what, accept, type) => {
    const headers = { origin: browser.origin, "content-type": "application/json", accept };
    const good = await send({ headers });
    expect([good.status, good.headers.get("content-type")?.split(";")[0]]).toEqual([200, type]);
    const bad = await send({ headers, body: '{"query":"{ nothing }"}' });
    expect([bad.status, await errorCodeOf(bad)]).toEqual([400, "BAD_REQUEST"]);
  });

  it.each(["text/html", "image/png", "multipart/mixed"])(
    "as %s gets JSON all the same, or a plain no",
    async (accept) => {
      const headers = { origin: browser.origin, "content-type": "application/json", accept };
      const response = await send({ headers });
      expect([200, 406]).toContain(response.status);
      expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    },
  );
});

describe("a query", () => {
  async function ask(query: string, variables?: object): Promise<Response> {
    return browser.post("/graphql", { query, variables });
  }

  it.each([
    ["is too deep", `{ ${"a{".repeat(9)}b${"}".repeat(9)} }`],
    ["is far too deep", `{ ${"a{".repeat(15_000)}b${"}".repeat(15_000)} }`],
    ["is too wide by aliases", `{ ${Array.from({ length: 401 }, (_, i) => `a${i}: viewer { id }`).join(" ")} }`],
    [
      "grows by fragments",
      `{ ...a } ${"abcdefghijklmnop".replace(/./g, (n) => `fragment ${n} on Query { ...${String.fromCharCode(n.charCodeAt(0) + 1)} ...${String.fromCharCode(n.charCodeAt(0) + 1)} } `)} fragment q on Query { viewer { id } }`,
    ],
    ["contains itself", "{ ...a } fragment a on Query { ...a }"],
    ["is no GraphQL", "{ viewer {"],
    ["asks for what is not there", "{ passwords }"],
    ["gives an argument of another type", '{ events(first: "x") { pageInfo { endCursor } } }'],
    ["names no operation of several", "query A { viewer { id } } query B { viewer { id } }"],
  ])("that %s is refused", async (_what, query) => {
    const response = await ask(query);
    expect(response.status).toBe(400);
    expect(await errorCodeOf(response)).toBe("BAD_REQUEST");
  });

  it("with a variable of another type is refused", async () => {
    const response = await ask("query ($first: Int!) { events(first: $first) { pageInfo { endCursor } } }", {
      first: "x",
    });
    expect(await errorCodeOf(response)).toBe("BAD_REQUEST");
  });

  it("about the schema is answered to whoever is signed in", async () => {
    const response = await ask(
      "{ __schema { types { name fields { name type { ofType { ofType { ofType { name } } } } } } } }",
    );
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('"Viewer"');
  });

  it("whose answer fails unexpectedly tells nothing of why", async () => {
    await env.DB.prepare("alter table events rename to events_away").run();
    try {
      const response = await ask("{ events { pageInfo { endCursor } } }");
      const text = await response.clone().text();
      expect(await errorCodeOf(response)).toBe("INTERNAL");
      expect(text).not.toMatch(/events_away|no such table|select|D1/i);
    } finally {
      await env.DB.prepare("alter table events_away rename to events").run();
    }
  });
});

describe("a browser that opens the address", () => {
  it("gets a sentence and no page of somebody else's scripts, in the local environment too", async () => {
    const response = await browser.fetch("/graphql", { headers: { accept: "text/html" } });
    expect(response.status).toBe(400);
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(response.headers.get("content-security-policy")).not.toContain("script-src");
    expect(await errorCodeOf(response)).toBe("BAD_REQUEST");
  });
});
