// Owns the proof that what a pod reaches and should not is told for what it means, and that a pod's words are read strictly.
// Must not know how it is tried.

import { describe, expect, it } from "vitest";
import type { Finding } from "../../../worker/doctor/check.ts";
import { networkWords, parseReach, type SeenReach } from "../../../worker/doctor/network-words.ts";

const api = (state: SeenReach["state"]): SeenReach => ({ to: "api-server", address: "10.96.0.1:443", state });
const metadata = (state: SeenReach["state"]): SeenReach => ({ to: "metadata", address: "169.254.169.254:80", state });
const words = (...seen: readonly SeenReach[]): Finding => networkWords("shells", seen);

type Row = readonly [what: string, finding: Finding, state: Finding["state"], text: RegExp, todo?: RegExp];

const rows: readonly Row[] = [
  [
    "both shut",
    words(api("shut"), metadata("shut")),
    "ok",
    /neither the API server \(10\.96\.0\.1:443\) nor the cloud/,
  ],
  ["a refusal is not open", words(api("refused"), metadata("refused")), "ok", /10\.96\.0\.1:443, refused/],
  [
    "both open",
    words(api("open"), metadata("open")),
    "failed",
    /DOES NOT ENFORCE NETWORKPOLICIES.*10\.96\.0\.1:443.*169\.254\.169\.254:80/,
    /Flannel.*kubectl -n shells get networkpolicy limpet-shells/,
  ],
  [
    "the API server open",
    words(api("open"), metadata("shut")),
    "failed",
    /API server \(10\.96\.0\.1:443\): the cluster does not enforce.*public address/,
    /Flannel.*What shells may reach/,
  ],
  [
    "metadata open",
    words(metadata("open"), api("shut")),
    "failed",
    /node's own credentials/,
    /NetworkPolicy in shells/,
  ],
  ["metadata open, the rest not known", words(metadata("open"), api("unknown")), "failed", /credentials/],
  ["no address", words(api("unknown"), metadata("shut")), "warning", /no KUBERNETES_SERVICE_HOST/, /must time out/],
  ["a cluster of processes", words(api("local"), metadata("local")), "skipped", /nothing to enforce/],
  ["an older image", words(), "warning", /does not try/, /build it again/],
  ["half a word", words(api("shut")), "warning", /does not try/],
];

describe("what a shell reaches", () => {
  it.each(rows.map((row) => ({ what: row[0], row })))(
    "$what",
    ({ row: [, { state, text, todo }, expected, said, next] }) => {
      expect(state).toBe(expected);
      expect(text).toMatch(said);
      expect(todo === null).toBe(expected === "ok" || expected === "skipped");
      if (next !== undefined) expect(todo).toMatch(next);
    },
  );

  it.each<readonly [string, SeenReach | null]>([
    ['{"type":"reach","to":"metadata","address":"169.254.169.254:80","state":"shut"}', metadata("shut")],
    [
      '{"type":"reach","to":"api-server","address":"[fd00::1]:443","state":"open"}',
      { to: "api-server", address: "[fd00::1]:443", state: "open" },
    ],
    ['{"type":"reach","to":"metadata","address":"","state":"local"}', { ...metadata("local"), address: null }],
    ['{"type":"reach","to":"metadata","address":"a b\\u0007","state":"shut"}', { ...metadata("shut"), address: null }],
    ['{"type":"reach","to":"elsewhere","address":"x","state":"open"}', null],
    ['{"type":"reach","to":"metadata","address":"x","state":"fine"}', null],
    ['{"type":"program","name":"jq","version":"1.7"}', null],
    ["reach", null],
  ])("reads %s", (line, expected) => {
    expect(parseReach(line)).toEqual(expected);
  });
});
