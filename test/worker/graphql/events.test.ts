// Owns the proof that a person's events come newest first, page by page, and are nobody else's.
// Must not know how they are kept.

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { openDatabase } from "../../../worker/db/database.ts";
import { recordEvent } from "../../../worker/db/events.ts";
import { errorCodeOf } from "../answers.ts";
import type { Browser } from "../browser.ts";
import { ada, signedIn } from "../people.ts";

interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: { readonly message: string } }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const query =
  "query ($first: Int! = 20, $after: String) { events(first: $first, after: $after) { edges { cursor node { message } } pageInfo { hasNextPage endCursor } } }";

async function page(browser: Browser, variables: object): Promise<Page> {
  const { data } = await (await browser.post("/graphql", { query, variables })).json<{ data: { events: Page } }>();
  return data.events;
}

async function personWithEvents(sub: string, count: number): Promise<Browser> {
  const browser = await signedIn({ ...ada, sub });
  const answer = await browser.post("/graphql", { query: "{ viewer { id } }" });
  const { data } = await answer.json<{ data: { viewer: { id: string } } }>();
  const db = openDatabase(env);
  const event = { userId: data.viewer.id, shellId: null, type: "TEST" };
  // All in one millisecond: their order must hold all the same.
  const nowMs = Date.now() + 1000;
  for (let i = 0; i < count; i += 1) await recordEvent(db, { ...event, message: `${sub} ${i}` }, nowMs);
  return browser;
}

describe("events", () => {
  it("come newest first, each once, however they are paged", async () => {
    const browser = await personWithEvents("paging", 10);
    const expected = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((i) => `paging ${i}`).concat("You signed in.");
    for (const first of [1, 3, 11, 100]) {
      const seen: string[] = [];
      let after: string | null = null;
      for (;;) {
        const { edges, pageInfo }: Page = await page(browser, { first, after });
        expect(edges.length).toBeLessThanOrEqual(first);
        seen.push(...edges.map((edge) => edge.node.message));
        expect(pageInfo.endCursor).toBe(edges.at(-1)?.cursor ?? null);
        if (!pageInfo.hasNextPage) break;
        after = pageInfo.endCursor;
      }
      expect(seen).toEqual(expected);
    }
  });

  it("are the person's own", async () => {
    const other = await personWithEvents("other", 3);
    const { edges } = await page(await personWithEvents("own", 2), { first: 100 });
    expect(edges.map((edge) => edge.node.message)).toEqual(["own 1", "own 0", "You signed in."]);
    // Somebody else's cursor is a place in time, and shows nothing of theirs.
    const after = (await page(await personWithEvents("later", 1), { first: 1 })).pageInfo.endCursor;
    const theirs = await page(other, { first: 100, after });
    expect(theirs.edges.map((edge) => edge.node.message)).toEqual(["other 2", "other 1", "other 0", "You signed in."]);
  });

  it.each([{ first: 0 }, { first: -1 }, { first: 101 }, { after: "x" }, { after: "" }, { after: "' or 1=1" }])(
    "asked for with %j are a bad request",
    async (variables) => {
      const browser = await signedIn();
      expect(await errorCodeOf(await browser.post("/graphql", { query, variables }))).toBe("BAD_REQUEST");
    },
  );
});
