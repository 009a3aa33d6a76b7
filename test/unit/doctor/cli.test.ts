// Owns the proof of what `npm run doctor` makes of its command line, of the edge's lines, and of what it sees from here.
// Must not know the network.

import { describe, expect, it } from "vitest";
import { parseOptions } from "../../../dev/doctor/options.ts";
import { certificateWords, keysWords, nameWords } from "../../../dev/doctor/outside-words.ts";
import { linesOf, sumOf } from "../../../dev/doctor/print.ts";
import { encodeLine, parseLine } from "../../../worker/doctor/lines.ts";

const none = { url: null, repository: null, localD1: null, json: false };
const nowMs = Date.parse("2026-11-23T12:00:00Z");
const day = 86_400_000;
const good = { endsMs: nowMs + 60 * day, issuer: "Let's Encrypt", fault: null };
const url = "https://shell.test";

describe("the command line", () => {
  it.each([
    [[], none],
    [["--json"], { ...none, json: true }],
    [[`${url}/`], { ...none, url }],
    [[url, "--repository", "git@forge.test:a/b.git"], { ...none, url, repository: "git@forge.test:a/b.git" }],
    [
      ["--local-d1", "state", "http://localhost:8787"],
      { ...none, url: "http://localhost:8787", localD1: "/from/state" },
    ],
  ])("%j", (args, expected) => {
    expect(parseOptions(args, "/from")).toEqual(expected);
  });

  it.each([
    [["http://shell.test"], /https only/],
    [[`${url}/doctor`], /origin: https:\/\/shell\.test/],
    [["shell.test"], /no https/],
    [[url, url], /What is/],
    [["--jsno"], /What is --jsno/],
    [["--repository"], /wants a value/],
    [["--repository", "--json"], /wants a value/],
  ])("refuses %j", (args, words) => {
    expect(parseOptions(args, "/")).toMatch(words);
  });
});

describe("the edge's lines", () => {
  const check = { id: "x", title: "X", state: "failed", text: "no", todo: "do", ms: 3 } as const;

  it("reads checks and what the edge says of itself", () => {
    const edge = { publicUrl: url, clusterUrl: "https://c.test", kids: ["a"], local: true };
    const lines = [
      { type: "check", check },
      { type: "edge", edge },
      { type: "edge", edge: null },
    ] as const;
    for (const line of lines) expect(parseLine(encodeLine(line))).toEqual(line);
  });

  it.each([
    "",
    "x",
    "[]",
    "{}",
    '{"type":"check","check":{"id":"x"}}',
    JSON.stringify({ type: "check", check: { ...check, state: "odd" } }),
  ])("passes %j over", (line) => {
    expect(parseLine(line)).toBeNull();
  });

  it("shows a check in one line, and what to do under it", () => {
    const lines = linesOf({ ...check, state: "failed" });
    expect(lines).toEqual(["✗ X                  no", "                     → do"]);
    expect(linesOf({ ...check, state: "running" })).toEqual([]);
    expect(
      sumOf([
        { ...check, state: "failed" },
        { ...check, state: "ok" },
        { ...check, state: "ok" },
      ]),
    ).toBe("2 are right, 1 is wrong.");
  });
});

describe("from here", () => {
  it.each([
    [nameWords("a.test", { addresses: ["203.0.113.7"] }), "ok", /203\.0\.113\.7/],
    [nameWords("a.test", { error: "ENOTFOUND" }), "failed", /ENOTFOUND/],
    [nameWords("a.test", { addresses: [] }), "failed", /no address/],
    [nameWords("a.test", { addresses: ["10.1.2.3"] }), "warning", /cannot be reached from the internet/],
    [nameWords("a.test", { addresses: ["172.32.0.1", "2001:db8::1"] }), "ok", /172\.32/],
    [certificateWords("a.test", good, nowMs, false), "ok", /2027-01-22 \(60 days; Let's Encrypt\)/],
    [certificateWords("a.test", { ...good, endsMs: nowMs + 3 * day }, nowMs, true), "warning", /in 3 days/],
    [
      certificateWords("a.test", { ...good, endsMs: nowMs - day, fault: "CERT_HAS_EXPIRED" }, nowMs, true),
      "failed",
      /ended on 2026-11-22/,
    ],
    [certificateWords("a.test", { ...good, fault: "SELF_SIGNED_CERT_IN_CHAIN" }, nowMs, true), "failed", /SELF_SIGNED/],
    [certificateWords("a.test", { error: "ECONNREFUSED" }, nowMs, false), "failed", /ECONNREFUSED/],
    [certificateWords("a.test", { error: "ETIMEDOUT" }, nowMs, true), "warning", /ETIMEDOUT/],
    [keysWords(url, url, ["a"], { issuer: url, kids: ["a", "b"] }), "ok", /: a\./],
    [keysWords(url, url, ["a"], { issuer: url, kids: ["b"] }), "failed", /does not publish a/],
    [keysWords(url, url, ["a"], { issuer: null, kids: ["a"] }), "failed", /another issuer/],
    [
      keysWords(url, "https://other.test", ["a"], { issuer: url, kids: ["a"] }),
      "failed",
      /calls itself https:\/\/other/,
    ],
    [keysWords(url, url, ["a"], { error: "HTTP 522" }), "failed", /522/],
  ] as const)("%o", (finding, state, text) => {
    expect(finding.state).toBe(state);
    expect(finding.text).toMatch(text);
    expect(finding.todo === null).toBe(state === "ok");
  });
});
