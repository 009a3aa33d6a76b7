// Owns the proof that what is seen of the probe pod is told for its own reason.
// Must not know how any of it is seen.

import { describe, expect, it } from "vitest";
import type { Finding } from "../../../worker/doctor/check.ts";
import {
  endingWords,
  gitWords,
  imageWords,
  nodeWords,
  podToEdgeWords,
  programsWords,
  setupWords,
  startWords,
} from "../../../worker/doctor/pod-words.ts";

const selector = "limpet.dev/pool=shells";
const done = { type: "done", ms: 1_234 } as const;
const edge = "https://shell.test";
const forge = "https://forge.test/a/b.git";
const step = (done: boolean, code: string | null, text = "its words") => ({ done, code, text });
const programs = ["tmux", "git", "ssh", "jq", "curl"].map((name) => ({ name, version: "1.2" }));

type Row = readonly [what: string, finding: Finding, state: Finding["state"], text: RegExp, todo?: RegExp];

const rows: readonly Row[] = [
  ["a node", nodeWords(selector, null, done), "ok", /1\.2 s/],
  ["not made", nodeWords(selector, "the server is busy", null), "failed", /busy/],
  [
    "no node",
    nodeWords(selector, null, { type: "overtime", ms: 30_000, detail: "0/3 nodes are available" }),
    "failed",
    /not after 30\.0 s \(0\/3 nodes/,
    /limpet\.dev\/pool=shells/,
  ],
  ["no machine comes", nodeWords(selector, null, { type: "failed", detail: "not added" }), "failed", /not added/],
  ["an image", imageWords("img:1", done), "ok", /img:1/],
  [
    "no image",
    imageWords("img:1", { type: "failed", detail: "manifest unknown" }),
    "failed",
    /manifest/,
    /SHELL_IMAGE/,
  ],
  ["up", startWords(done), "ok", /ready/],
  ["down again", startWords({ type: "failed", detail: "exit status 1" }), "failed", /exit status 1/, /cluster\/image/],
  ["a receipt", setupWords({ type: "receipt", ms: 2_000 }), "ok", /2\.0 s/],
  [
    "an exec that is refused",
    setupWords({ type: "refused", status: 403, message: "no pods/exec" }),
    "failed",
    /HTTP 403: no pods\/exec/,
    /WebSockets/,
  ],
  ["no script", setupWords({ type: "ended", exitCode: 127, message: null }), "failed", /no setup script/],
  [
    "no script, in runc's words",
    setupWords({ type: "ended", exitCode: null, message: "exec: no such file or directory" }),
    "failed",
    /no setup script/,
  ],
  ["no program", setupWords({ type: "ended", exitCode: 69, message: null }), "failed", /program.*missing/],
  ["no home", setupWords({ type: "ended", exitCode: 73, message: null }), "failed", /home/, /emptyDir/],
  ["ended early", setupWords({ type: "ended", exitCode: 1, message: "oops" }), "failed", /exit status 1: oops/],
  ["ended without a word", setupWords({ type: "ended", exitCode: null, message: null }), "failed", /no reason/],
  ["cut", setupWords({ type: "lost" }), "failed", /lost/, /cuts WebSockets/],
  ["silent", setupWords({ type: "silent" }), "failed", /said nothing/],
  ["programs", programsWords([...programs, { name: "helm", version: null }]), "ok", /tmux 1\.2.*Not there: helm/],
  ["a needed one missing", programsWords([{ name: "jq", version: null }]), "failed", /jq/, /cluster\/image/],
  ["an older image", programsWords([]), "warning", /does not tell/, /older/],
  ["the edge reached", podToEdgeWords(edge, step(true, null)), "ok", /shell\.test/],
  ["the edge's own refusal", podToEdgeWords(edge, step(false, "INVALID_CAPABILITY")), "ok", /reaches/],
  ["a certificate", podToEdgeWords(edge, step(false, "EDGE_CERTIFICATE")), "failed", /certificate/, /CA_BUNDLE/],
  [
    "no way",
    podToEdgeWords(edge, step(false, "EDGE_UNREACHABLE", "timed out")),
    "failed",
    /timed out/,
    /NetworkPolicy/,
  ],
  ["a proxy's page", podToEdgeWords(edge, step(false, "HTTP_403")), "failed", /does not reach/],
  ["no word of the edge", podToEdgeWords(edge, null), "warning", /did not say/],
  ["no repository asked for", gitWords(null, null), "skipped", /No repository/],
  ["a repository", gitWords(forge, step(true, null)), "ok", /forge\.test/],
  ["one that wants a sign-in", gitWords(forge, step(false, "GIT_SIGN_IN_NEEDED")), "ok", /wants a sign-in/],
  [
    "one that is not reached",
    gitWords(forge, step(false, "GIT_HOST_UNREACHABLE")),
    "failed",
    /does not/,
    /NetworkPolicy/,
  ],
  ["a foreign host key", gitWords(forge, step(false, "GIT_HOST_KEY_UNKNOWN")), "failed", /HOST_KEY/, /KNOWN_HOSTS/],
  ["not asked", gitWords(forge, { notRun: "cut" }), "failed", /cut/],
  ["no word of it", gitWords(forge, null), "warning", /did not say/],
  ["no pod", endingWords("shells", { type: "none" }), "skipped", /no pod/],
  ["gone", endingWords("shells", { type: "gone", ms: 900 }), "ok", /0\.9 s/],
  [
    "left",
    endingWords("shells", { type: "left", pod: "limpet-x", endsAtMs: 1_800_000_000_000, why: "no answer" }),
    "warning",
    /limpet-x is still there \(no answer\).*2027-01-15T08:00:00Z/,
    /kubectl -n shells delete pod limpet-x/,
  ],
];

describe("the probe pod", () => {
  it.each(rows.map((row) => ({ what: row[0], row })))("$what", ({ row: [, finding, state, text, todo] }) => {
    expect(finding.state).toBe(state);
    expect(finding.text).toMatch(text);
    if (todo !== undefined) expect(finding.todo).toMatch(todo);
  });

  it("never leaves anybody with something wrong and nothing to do", () => {
    for (const [what, { state, todo }] of rows) {
      expect(todo === null, what).toBe(state === "ok" || state === "skipped");
    }
  });
});
