// Owns the proof that what is seen of the cluster is told for its own reason, in Kubernetes' and the ingress's real words.
// Must not know how any of it is seen.

import { describe, expect, it } from "vitest";
import type { Finding } from "../../../worker/doctor/check.ts";
import {
  addressWords,
  admissionWords,
  clockWords,
  podSecurityWords,
  policyWords,
  quotaWords,
  rightsWords,
  type SeenAnswer,
  strangersWords,
  tokenWords,
} from "../../../worker/doctor/cluster-words.ts";
import { type ClusterFailure, failure } from "../../../worker/kubernetes/failure.ts";

const url = "https://ingress.test";
const namespace = "limpet-shells";
const nowMs = 1_800_000_000_000;

function answer(status: number, message = "", more: Partial<Extract<SeenAnswer, { type: "answer" }>> = {}): SeenAnswer {
  return { type: "answer", status, message, dateMs: nowMs, platform: false, ms: 12, ...more };
}

function refused(status: number, message: string, reason: string | null = "Forbidden"): ClusterFailure {
  return failure("refused", message, { status, reason });
}

const cannotCreate = refused(
  403,
  'pods is forbidden: User "system:serviceaccount:limpet-system:limpet-edge" cannot create resource "pods" in API group "" in the namespace "limpet-shells"',
);
const quota = refused(
  403,
  'pods "limpet-x" is forbidden: exceeded quota: limpet-shells, requested: pods=1, used: pods=50, limited: pods=50',
);
const byPolicy = refused(
  422,
  "pods \"limpet-x\" is forbidden: ValidatingAdmissionPolicy 'limpet-pods' with binding 'limpet-pods' denied request: no shell runs the image x (key images of the ConfigMap limpet-admission)",
  "Invalid",
);
const byPodSecurity = refused(
  403,
  'pods "limpet-x" is forbidden: violates PodSecurity "restricted:v1.34": privileged (container "shell" must not set securityContext.privileged=true)',
);
const byWebhook = refused(400, 'admission webhook "validate.kyverno.svc" denied the request: no', "BadRequest");
const byLimitRange = refused(403, 'pods "limpet-x" is forbidden: maximum cpu usage per Container is 1, but limit is 2');
const noNamespace = refused(404, 'namespaces "limpet-shells" not found', "NotFound");
const hung = failure("timeout", "no answer in 10 seconds");

type Row = readonly [what: string, finding: Finding, state: Finding["state"], text: RegExp, todo?: RegExp];

const rows: readonly Row[] = [
  ["an ingress", addressWords(url, answer(401)), "ok", /12 ms/],
  ["an API server", addressWords(url, answer(403)), "ok", /12 ms/],
  ["no name", addressWords(url, { type: "unreachable", error: "DNS lookup failed." }), "failed", /DNS/, /public DNS/],
  ["no name, at the platform", addressWords(url, answer(530, "", { platform: true })), "failed", /DNS/, /public DNS/],
  [
    "a certificate",
    addressWords(url, { type: "unreachable", error: "TLS peer's certificate is not trusted" }),
    "failed",
    /TLS/,
    /certificate that browsers trust/,
  ],
  ["one, at the platform", addressWords(url, answer(526, "", { platform: true })), "failed", /certificate/, /exactly/],
  ["nobody listens", addressWords(url, { type: "unreachable", error: "refused" }), "failed", /refused/, /balancer/],
  ["nobody, at the platform", addressWords(url, answer(522, "", { platform: true })), "failed", /in time/, /balancer/],
  ["an origin's own 522", addressWords(url, answer(522)), "ok", /answers/],
  ["nothing behind it", addressWords(url, answer(503, "no server")), "failed", /no server/, /limpet-system/],
  ["another server", addressWords(url, answer(404)), "failed", /no Kubernetes/, /CLUSTER_URL/],
  ["a redirect", addressWords(url, answer(302)), "failed", /no Kubernetes/, /CLUSTER_URL/],

  ["strangers refused", strangersWords(answer(401)), "ok", /401/],
  ["strangers forbidden", strangersWords(answer(403)), "ok", /403/],
  ["strangers let in", strangersWords(answer(200)), "failed", /WITHOUT A TOKEN/, /at once/],
  ["strangers unclear", strangersWords(answer(429, "slow")), "warning", /429/],

  ["clocks that agree", clockWords(nowMs - 400, nowMs), "ok", /less than a second/],
  ["clocks a little apart", clockWords(nowMs + 20_000, nowMs), "warning", /20 s ahead/, /NTP/],
  ["clocks too far apart", clockWords(nowMs - 45_000, nowMs), "failed", /45 s behind/, /NTP/],
  ["no clock", clockWords(null, nowMs), "warning", /no Date/],

  ["a token", tokenWords("aud", answer(200)), "ok", /taken/],
  [
    "a token of somebody without rights",
    tokenWords("aud", answer(403, 'pods is forbidden: User "limpet:doctor" cannot list resource "pods"')),
    "ok",
    /limpet:doctor/,
  ],
  [
    "the ingress's own reason",
    tokenWords("aud", answer(401, "the token's key is not known")),
    "failed",
    /the token's key is not known/,
    /npm run ingress-keys/,
  ],
  [
    "a request that it does not know",
    tokenWords("aud", answer(403, "no such request")),
    "failed",
    /no such/,
    /ingress/,
  ],
  ["a broken server", tokenWords("aud", answer(500, "oops")), "failed", /oops/],

  ["all rights", rightsWords(namespace, [{ right: "list pods", failure: null }]), "ok", /list pods/],
  [
    "one right missing",
    rightsWords(namespace, [
      { right: "list pods", failure: null },
      { right: "list events", failure: refused(403, "events is forbidden: no") },
    ]),
    "failed",
    /may not list events \(events is forbidden/,
    /Role limpet-edge/,
  ],
  ["rights unknown", rightsWords(namespace, [{ right: "get pods", failure: hung }]), "failed", /not known/],

  ["admitted", admissionWords(namespace, null), "ok", /admitted/],
  ["a full quota is not admission's", admissionWords(namespace, quota), "ok", /admitted/],
  ["no right to create", admissionWords(namespace, cannotCreate), "failed", /may not create/, /Role/],
  ["the policy's reason", admissionWords(namespace, byPolicy), "failed", /no shell runs the image/, /limpet-admission/],
  ["Pod Security's", admissionWords(namespace, byPodSecurity), "failed", /PodSecurity/, /labels of the namespace/],
  ["a webhook's", admissionWords(namespace, byWebhook), "failed", /kyverno/, /exception/],
  ["a LimitRange's", admissionWords(namespace, byLimitRange), "failed", /LimitRange/, /SHELL_LIMITS/],
  ["no namespace", admissionWords(namespace, noNamespace), "failed", /no namespace/, /CLUSTER_NAMESPACE/],
  ["no answer", admissionWords(namespace, hung), "failed", /not answered/, /webhooks/],
  ["any other", admissionWords(namespace, refused(422, "spec.x: Invalid")), "failed", /spec\.x: Invalid/],

  ["room", quotaWords(null), "ok", /room/],
  ["no room", quotaWords(quota), "failed", /used: pods=50/, /ResourceQuota/],

  ["privileged refused", podSecurityWords(namespace, byPodSecurity), "ok", /Pod Security/],
  ["privileged accepted", podSecurityWords(namespace, null), "failed", /PRIVILEGED/, /enforce=restricted/],
  ["privileged refused by the policy alone", podSecurityWords(namespace, byPolicy), "warning", /not by Pod/, /Label/],
  ["privileged: no answer", podSecurityWords(namespace, hung), "warning", /not known/],

  ["no shell refused", policyWords(byPolicy), "ok", /admission policy/],
  ["no shell accepted", policyWords(null), "failed", /ADMISSION POLICY IS MISSING/, /validatingadmissionpolicies/],
  ["no shell refused by another", policyWords(byWebhook), "warning", /kyverno/],
  ["no shell: a full quota says nothing", policyWords(quota), "warning", /not known/],
];

describe("the cluster", () => {
  it.each(rows.map((row) => ({ what: row[0], row })))("$what", ({ row: [, finding, state, text, todo] }) => {
    expect(finding.state).toBe(state);
    expect(finding.text).toMatch(text);
    if (todo !== undefined) expect(finding.todo).toMatch(todo);
  });

  it("never leaves anybody with something wrong and nothing to do", () => {
    for (const [what, { state, todo }] of rows) expect(todo === null, what).toBe(state === "ok");
  });
});
