// Owns the proof that one address and one session may ask often, but not without end.
// Must not know the numbers beyond that they are in wrangler.toml.

import { describe, expect, it } from "vitest";
import { errorCodeOf } from "../answers.ts";
import { Browser } from "../browser.ts";
import { signedIn } from "../people.ts";

/** Asks until it is too often. The count may begin anew once on the way, at a full ten seconds. */
async function untilRefused(ask: () => Promise<Response>, limit: number): Promise<Response> {
  for (let asked = 0; asked <= 2 * limit; asked += 20) {
    const answers = await Promise.all(Array.from({ length: 20 }, ask));
    const refused = answers.find(({ status }) => status === 429);
    if (refused !== undefined) {
      expect(asked + 20).toBeGreaterThan(limit);
      return refused;
    }
  }
  throw new Error("it was never too often");
}

describe("too many requests", () => {
  it("of one session are refused with a sentence, and another session's are not", async () => {
    const [busy, calm] = [await signedIn(), await signedIn()];
    const ask = (browser: Browser) => browser.post("/graphql", { query: "{ viewer { id } }" });
    const refused = await untilRefused(() => ask(busy), 100);
    expect(refused.headers.get("retry-after")).toBe("10");
    expect(await refused.json()).toMatchObject({
      errors: [{ message: expect.stringContaining("Wait 10 seconds"), extensions: { code: "TOO_MANY_REQUESTS" } }],
    });
    expect((await ask(calm)).status).toBe(200);
  });

  it("of one session for sockets are refused before the upgrade", async () => {
    const browser = await signedIn();
    const upgrade = { upgrade: "websocket", origin: browser.origin, "sec-websocket-protocol": "limpet.v1" };
    const refused = await untilRefused(async () => {
      const response = await browser.fetch("/api/shell/socket", { headers: upgrade });
      response.webSocket?.accept();
      response.webSocket?.close();
      return response;
    }, 100);
    expect(await errorCodeOf(refused)).toBe("TOO_MANY_REQUESTS");
  });

  it("of one address are refused, whoever they are, and another address's are not", async () => {
    const stranger = new Browser();
    const refused = await untilRefused(() => stranger.fetch("/auth/info"), 500);
    expect(await errorCodeOf(refused)).toBe("TOO_MANY_REQUESTS");
    expect((await stranger.post("/graphql", {})).status).toBe(429);
    expect((await stranger.fetch("/healthz")).status).toBe(200);
    expect((await new Browser().fetch("/auth/info")).status).toBe(200);
  });
});
