// Owns the proof that docs/api.md is true: each example is run in its order, and each code and field is named in it.
// Must not know what the examples are about.

import { scripts, text } from "virtual:api-examples";
import { isInputObjectType, isObjectType } from "graphql";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../../worker/db/database.ts";
import { listEvents } from "../../../worker/db/events.ts";
import { statusByCode } from "../../../worker/errors.ts";
import { maxBodyBytes, maxChanges, maxDepth, maxFields, maxTokens } from "../../../worker/graphql/limits.ts";
import { schema } from "../../../worker/graphql/schema.ts";
import { makeSshKey } from "../../../worker/shells/ssh-key.ts";
import type { Browser } from "../browser.ts";
import { signedIn } from "../people.ts";
import { ask, userIdOf } from "./ask.ts";

interface Block {
  readonly kind: string;
  readonly body: string;
}

interface Example {
  readonly query: string;
  readonly variables: object;
  readonly answer: unknown;
  readonly errors: unknown;
}

const blocks: readonly Block[] = [...text.matchAll(/^```(\w+(?: \w+)?)\n([\s\S]*?)^```$/gm)].map(
  ([, kind = "", body = ""]) => ({ kind, body }),
);

let browser: Browser;
let privateKey: string;

beforeAll(async () => {
  const rule = { ADMIN_GROUPS: "administrators" };
  const groups = ["administrators"];
  browser = await signedIn(
    { sub: "reader", name: "Ada", email: "ada@example.com", email_verified: true, groups },
    rule,
  );
  ({ privateKey } = await makeSshKey());
});

afterAll(async () => {
  await ask(browser, "mutation { deleteShell { id } }");
});

/** What a document leaves open, and addresses that no test asks: nobody listens on these. */
function real(example: string): string {
  return example
    .replaceAll("git@forge.example.com:", "git@127.0.0.1:")
    .replaceAll("https://forge.example.com/", "http://127.0.0.1:1/")
    .replace(/"-----BEGIN OPENSSH PRIVATE KEY-----\\n…[^"]*"/, () => JSON.stringify(privateKey));
}

function examples(): readonly (Example | "scripts")[] {
  const found: (Example | "scripts")[] = [];
  for (const [index, { kind, body }] of blocks.entries()) {
    // The second script asks until the shell that was created before it has settled.
    if (kind === "js" && body.includes("untilSettled")) found.push("scripts");
    if (kind !== "graphql") continue;
    const following = blocks.slice(index + 1, index + 3);
    const end = following.findIndex((block) => block.kind === "graphql" || block.kind === "js");
    const own = end === -1 ? following : following.slice(0, end);
    const json = (wanted: string): unknown => {
      const block = own.find((candidate) => candidate.kind === `json ${wanted}`);
      return block === undefined ? undefined : JSON.parse(real(block.body));
    };
    const variables = json("variables") ?? {};
    if (typeof variables !== "object" || variables === null) throw new Error("variables are an object");
    found.push({ query: body, variables, answer: json("answer"), errors: json("errors") });
  }
  return found;
}

/**
 * The same names, and values of the same kinds. Null and a value may stand for each other; of a list the first entries are
 * compared, where both have any.
 */
function shapeOf(value: unknown, like: unknown): unknown {
  if (like === null || value === null) return null;
  if (Array.isArray(value) && Array.isArray(like)) {
    return value.length > 0 && like.length > 0 ? [shapeOf(value[0], like[0])] : [];
  }
  if (typeof value === "object" && typeof like === "object") {
    const others = new Map<string, unknown>(Object.entries(like));
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part, others.get(name))]));
  }
  return typeof value;
}

describe("docs/api.md", () => {
  it("has its request over HTTP answered as it says", async () => {
    const { body = "" } = blocks.find(({ kind }) => kind === "http") ?? {};
    const [head = "", content = ""] = body.split("\n\n");
    const [first = "", ...lines] = head.split("\n");
    const [method = "", path = ""] = first.split(" ");
    const headers = new Headers(
      lines
        .map((line): [string, string] => {
          const [name = "", value = ""] = line.split(/: (.*)/);
          return [name, value.replace("https://limpet.example.com", browser.origin)];
        })
        .filter(([name]) => name !== "Cookie" && name !== "Host"),
    );
    const response = await browser.fetch(path, { method, headers, body: content });
    const { data } = await response.json<{ data: unknown }>();
    const answer: unknown = JSON.parse(blocks.find(({ kind }) => kind === "json answer")?.body ?? "null");
    expect(response.status).toBe(200);
    expect(shapeOf(data, answer)).toEqual(shapeOf(answer, data));
  });

  it("has every example answered as it says, one after the other", { timeout: 60_000 }, async () => {
    const { limpet, untilSettled } = scripts((path, init) => {
      const headers = new Headers(init.headers);
      headers.set("origin", browser.origin);
      return browser.fetch(path, { ...init, headers });
    });
    let count = 0;
    for (const example of examples()) {
      if (example === "scripts") {
        expect(await untilSettled()).toMatchObject({ phase: "READY" });
        await expect(limpet("{ nothing }")).rejects.toMatchObject({ code: "BAD_REQUEST" });
        continue;
      }
      const { query, variables, answer, errors } = example;
      const body = await (await browser.post("/graphql", { query, variables })).json<{
        data?: unknown;
        errors?: unknown;
      }>();
      if (errors !== undefined) expect(body.errors).toMatchObject(Object(errors));
      else {
        expect({ query, errors: body.errors }).toEqual({ query, errors: undefined });
        expect({ query, data: shapeOf(body.data, answer) }).toEqual({ query, data: shapeOf(answer, body.data) });
      }
      count += 1;
    }
    expect(count).toBeGreaterThan(12);
  });

  it("names every event that its examples made", async () => {
    const rows = await listEvents(openDatabase(browser.env), {
      userId: await userIdOf(browser),
      limit: 100,
      olderThan: null,
    });
    const named = rows.map(({ type }) => type).filter((type) => text.includes(`| \`${type}\` |`));
    expect(rows.length).toBeGreaterThan(5);
    expect(named).toEqual(rows.map(({ type }) => type));
  });

  it("has an example of every query and mutation, and of every field of a shell", () => {
    const asked = blocks
      .filter(({ kind }) => kind === "graphql" || kind === "http")
      .map(({ body }) => body)
      .join("\n");
    const types = [schema.getQueryType(), schema.getMutationType(), schema.getType("Shell"), schema.getType("Event")];
    const names = types.flatMap((type) => (isObjectType(type) ? Object.keys(type.getFields()) : []));
    expect(names.length).toBeGreaterThan(35);
    expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(asked))).toEqual([]);
  });

  it("names everything that can be given, and the bounds of what is asked", () => {
    const inputs = Object.values(schema.getTypeMap()).filter((type) => isInputObjectType(type));
    const fields = inputs.flatMap((type) => Object.keys(type.getFields()));
    expect(fields.length).toBeGreaterThan(25);
    expect(fields.filter((name) => !new RegExp(`\\b${name}\\b`).test(text))).toEqual([]);
    const limits = `A body is at most ${maxBodyBytes / 1024} KiB, a document at most ${maxTokens.toLocaleString("en")} words, ${maxFields} fields (fragments written out) and ${maxDepth} fields deep, and asks for at most ${maxChanges} changes.`;
    expect(text.replaceAll(/\s+/g, " ")).toContain(limits);
  });

  it("has every code with its HTTP status, and no other", () => {
    const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| (\d{3}) \| .+ \|$/gm)].map(([, code, status]) => [
      code,
      Number(status),
    ]);
    expect(Object.fromEntries(rows)).toEqual(statusByCode);
  });
});
