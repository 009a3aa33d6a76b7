// Owns the proof that what is seen of the edge's parts is told for its own reason, with what to do about it.
// Must not know how any of it is seen.

import { describe, expect, it } from "vitest";
import type { Finding } from "../../../worker/doctor/check.ts";
import {
  configurationWords,
  databaseWords,
  issuerWords,
  limitWords,
  migrationsWords,
  objectWords,
  publicUrlWords,
  reaperWords,
  redirectWords,
  sealKeysWords,
  signingKeyWords,
  storageWords,
} from "../../../worker/doctor/edge-words.ts";

const settled = { fault: null, examples: [], local: false, administrators: true };
const known = ["0000_first.sql", "0001_life.sql"];
const back = "https://shell.test/auth/callback";
const nowMs = 1_800_000_000_000;
const document = { type: "document", missing: [], withoutPkce: false, keys: 2, ms: 40 } as const;
const url = "https://shell.test";

type Row = readonly [what: string, finding: Finding, state: Finding["state"], text: RegExp, todo?: RegExp];

const rows: readonly Row[] = [
  ["a good configuration", configurationWords(settled), "ok", /well-formed/],
  [
    "a fault",
    configurationWords({ ...settled, fault: "SHELL_IMAGE is not set." }),
    "failed",
    /SHELL_IMAGE is not set/,
    /wrangler\.toml/,
  ],
  [
    "examples",
    configurationWords({ ...settled, examples: ["PUBLIC_URL"] }),
    "failed",
    /example.*PUBLIC_URL/,
    /install\.md/,
  ],
  ["no administrator", configurationWords({ ...settled, administrators: false }), "warning", /nobody/, /ADMIN_EMAILS/],
  ["a local one", configurationWords({ ...settled, local: true, administrators: false }), "ok", /local/],
  ["D1", databaseWords({ ms: 7 }), "ok", /7 ms/],
  ["no D1", databaseWords({ error: "no such database" }), "failed", /no such database/, /database_id/],
  ["all migrations", migrationsWords(known, known), "ok", /All 2.*0001_life\.sql/],
  ["no table of them", migrationsWords(null, known), "failed", /None/, /npm run deploy/],
  ["an empty table", migrationsWords([], known), "failed", /None/, /npm run deploy/],
  ["one missing", migrationsWords(["0000_first.sql"], known), "failed", /Not applied: 0001_life\.sql\./, /deploy/],
  ["a newer D1", migrationsWords([...known, "0002_x.sql"], known), "warning", /newer.*0002_x\.sql/, /deploy/],
  ["R2", storageWords({ type: "fine", ms: 80 }), "ok", /80 ms/],
  ["other bytes", storageWords({ type: "lost" }), "failed", /something else/, /bucket/],
  [
    "no bucket",
    storageWords({ type: "error", doing: "write", error: "10006" }),
    "failed",
    /write.*10006/,
    /bucket_name/,
  ],
  ["an object", objectWords({ ms: 3 }), "ok", /3 ms/],
  ["no object", objectWords({ error: "overloaded" }), "failed", /overloaded/, /tail/],
  ["nothing sealed", sealKeysWords("k1", []), "ok", /nothing is sealed/],
  [
    "keys that open",
    sealKeysWords("k2", [
      { kid: "k1", rows: 3, fault: null },
      { kid: "k2", rows: 4, fault: null },
    ]),
    "ok",
    /7 rows.*3 of them wait/,
  ],
  [
    "a key that is gone",
    sealKeysWords("k2", [{ kid: "k1", rows: 3, fault: "is sealed under k1" }]),
    "failed",
    /3 under “k1”/,
    /SEAL_KEYS/,
  ],
  ["room below SHELL_LIMIT", limitWords(3, 10), "ok", /3 shells run, of 10/],
  ["no SHELL_LIMIT", limitWords(1, null), "ok", /1 shell runs; SHELL_LIMIT sets no limit/],
  ["SHELL_LIMIT reached", limitWords(10, 10), "warning", /10 shells run, of 10: nobody else/, /raise SHELL_LIMIT/],
  ["no run yet", reaperWords(null, nowMs), "warning", /not run/, /\[triggers\]/],
  ["a run", reaperWords({ atMs: nowMs - 20_000, failed: [] }, nowMs), "ok", /20 s ago/],
  ["a run long ago", reaperWords({ atMs: nowMs - 3_600_000, failed: [] }, nowMs), "failed", /60 minutes/, /cron/],
  [
    "a run that failed",
    reaperWords({ atMs: nowMs - 1_000, failed: ["sweep-pods"] }, nowMs),
    "warning",
    /sweep-pods/,
    /log/,
  ],
  ["an issuer", issuerWords("id.test", document), "ok", /2 keys/],
  ["no issuer", issuerWords("id.test", { type: "unreachable", error: "DNS" }), "failed", /DNS/, /OIDC_ISSUER/],
  [
    "another issuer",
    issuerWords("id.test", { type: "wrong-document", error: "issuer" }),
    "failed",
    /not as the issuer/,
    /exactly/,
  ],
  ["no endpoints", issuerWords("id.test", { ...document, missing: ["token_endpoint"] }), "failed", /token_endpoint/],
  ["no keys", issuerWords("id.test", { ...document, keys: 0 }), "failed", /no keys/],
  ["keys that cannot be read", issuerWords("id.test", { ...document, keys: null }), "failed", /no keys/],
  ["no PKCE", issuerWords("id.test", { ...document, withoutPkce: true }), "failed", /PKCE/],
  ["a client that is known", redirectWords(back, "limpet", { type: "back", error: "login_required" }), "ok", /limpet/],
  ["one who is signed in", redirectWords(back, "limpet", { type: "back", error: null }), "ok", /limpet/],
  [
    "a flow that is not allowed",
    redirectWords(back, "limpet", { type: "back", error: "unauthorized_client" }),
    "failed",
    /unauthorized_client/,
    /PKCE/,
  ],
  [
    "an address that is not registered",
    redirectWords(back, "limpet", { type: "refused", status: 400 }),
    "failed",
    /HTTP 400/,
    /Register exactly https:\/\/shell\.test\/auth\/callback/,
  ],
  ["a page", redirectWords(back, "limpet", { type: "elsewhere", status: 200 }), "warning", /does not say/, /private/],
  ["no page", redirectWords(back, "limpet", { type: "unreachable", error: "reset" }), "failed", /reset/],
  ["a signing key", signingKeyWords(["a", "b"], "verifies"), "ok", /“a” signs.*beside it: b/],
  ["halves that do not fit", signingKeyWords(["a"], "does-not-verify"), "failed", /“a”/, /npm run signing-keys/],
  ["a key that is none", signingKeyWords(["a"], { error: "bad point" }), "failed", /bad point/, /npm run signing-keys/],
  ["its own keys", publicUrlWords(url, ["a"], { type: "documents", issuer: url, kids: ["a"] }), "ok", /publishes/],
  [
    "somebody else's keys",
    publicUrlWords(url, ["a"], { type: "documents", issuer: url, kids: ["b"] }),
    "failed",
    /lacks a; it has b/,
  ],
  [
    "another installation",
    publicUrlWords(url, ["a"], { type: "documents", issuer: "https://x.test", kids: ["a"] }),
    "failed",
    /x\.test/,
    /PUBLIC_URL/,
  ],
  ["a route of its own zone", publicUrlWords(url, ["a"], { type: "other", status: 522 }), "warning", /522/, /outside/],
  ["no way", publicUrlWords(url, ["a"], { type: "unreachable", error: "lost" }), "warning", /lost/, /outside/],
];

describe("the edge's parts", () => {
  it.each(rows.map((row) => ({ what: row[0], row })))("$what", ({ row: [, finding, state, text, todo] }) => {
    expect(finding.state).toBe(state);
    expect(finding.text).toMatch(text);
    if (todo !== undefined) expect(finding.todo).toMatch(todo);
  });

  it("never leaves anybody with something wrong and nothing to do", () => {
    for (const [what, { state, todo }] of rows) {
      expect(todo === null, what).toBe(state === "ok");
    }
  });

  it("is one line each, whatever another said", () => {
    const { text } = databaseWords({ error: `first\nsecond\u001b[31m ${"x".repeat(5_000)}` });
    expect(text).not.toMatch(/\p{Cc}/u);
    expect(text.length).toBeLessThan(500);
  });
});
