// Owns the proof that each wall around a pod is told as itself: there, missing, hidden behind another, not known.
// Must not know how any of it is tried.

import { describe, expect, it } from "vitest";
import type { Finding } from "../../../worker/doctor/check.ts";
import { type WallName, wallWords } from "../../../worker/doctor/wall-words.ts";
import { failure } from "../../../worker/kubernetes/failure.ts";

const refused = (status: number, message: string) => failure("refused", message, { status, reason: "Forbidden" });
const denied = (name: string) =>
  refused(
    403,
    `pods "limpet-x" is forbidden: ValidatingAdmissionPolicy '${name}' with binding '${name}' denied request: no`,
  );
const byIngress = refused(403, "The ingress refused this: it is none of the requests that Limpet makes.");
const byWebhook = refused(400, 'admission webhook "validate.kyverno.svc" denied the request: no');
const byRole = refused(403, 'pods "limpet-x" is forbidden: User "edge" cannot patch resource "pods"');
const gone = refused(404, 'pods "limpet-x" not found');
const hung = failure("timeout", "no answer in 10 seconds");

const names: readonly WallName[] = ["limpet-changes", "limpet-endings", "limpet-reach"];

describe.each(names)("%s", (name) => {
  const rows: readonly (readonly [what: string, finding: Finding, state: Finding["state"], text: RegExp])[] = [
    ["there", wallWords(name, denied(name)), "ok", new RegExp(`is refused, by ${name}\\.$`)],
    ["missing", wallWords(name, null), "failed", new RegExp(`^THE BINDING ${name} IS MISSING: .*is let through`)],
    ["behind the ingress", wallWords(name, byIngress), "ok", new RegExp(`by the ingress.*${name}`)],
    ["another's word", wallWords(name, byWebhook), "warning", new RegExp(`not by ${name} .*kyverno`)],
    ["no right at all", wallWords(name, byRole), "warning", /cannot patch/],
    ["another of our policies", wallWords(name, denied("limpet-pods")), "warning", /limpet-pods/],
    ["no pod", wallWords(name, gone), "warning", /not known.*not found/],
    ["no answer", wallWords(name, hung), "warning", /not known.*no answer/],
  ];

  it.each(rows)("%s", (_, { state, text, todo }, expected, words) => {
    expect(state).toBe(expected);
    expect(text).toMatch(words);
    expect(todo === null).toBe(expected === "ok");
    if (todo !== null) expect(todo).toContain(`validatingadmissionpolicybinding ${name}`);
  });
});
