// Owns the proof that whoever has the edge's rights makes shells and no other pods, and changes nothing of them that matters.
// Must not know what else those rights are (rights.test.ts), nor how the ingress looks at a token.

import { exportJWK, generateKeyPair } from "jose";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { install } from "../../dev/kubernetes/install/install.ts";
import { createTokenMint } from "../../worker/kubernetes/token.ts";
import type { SigningKey } from "../../worker/signing-keys.ts";
import { badPods, spoilt } from "./admission/bad-pods.ts";
import { gatedPod } from "./admission/gated-pod.ts";
import { create, makeTestId, merge, useStage } from "./admission/stage.ts";
import { type ApiRequest, type Ask, asking } from "./harness/api-server.ts";
import { untilEach } from "./harness/each-replica.ts";
import { podsPath } from "./harness/installation.ts";
import { needsOwnKubernetes, openOwnKubernetes } from "./harness/kubernetes.ts";

const soon = (): string => String(Math.floor(Date.now() / 1000) + 7_200);

/** What was let through once in three times was let through. */
const once = { retry: 0 } as const;

const testId = makeTestId("admission");
const stage = useStage(testId);

/** With a body a DELETE takes no options of its query, `dryRun` neither. */
const tryOut = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0, dryRun: ["All"] } as const;

/** As the Worker's SIGNING_KEYS has one. */
async function makeSigningKey(): Promise<SigningKey> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const { x = "", y = "", d = "" } = await exportJWK(pair.privateKey);
  return { kty: "EC", crv: "P-256", alg: "ES256", kid: `stolen-${testId}`, x, y, d };
}

describe("a pod that the edge creates", once, () => {
  test("is admitted exactly as the Worker asks for it", async () => {
    const answer = await stage().edge(create(stage().installation.shellPod()));
    expect(answer).toMatchObject({ code: 201, message: "" });
  });

  test("is admitted with the annotations of one that works, and without a priority class", async () => {
    const made = stage().installation.shellPod();
    const { priorityClassName: _, ...spec } = { priorityClassName: "", ...made.spec };
    const annotations = {
      "karpenter.sh/do-not-disrupt": "true",
      "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    };
    expect(await stage().edge(create({ ...made, metadata: { ...made.metadata, annotations }, spec }))).toMatchObject({
      code: 201,
    });
  });

  test.each(badPods)("is refused with $what", async (bad) => {
    const answer = await stage().edge(create(spoilt(stage().installation.shellPod(), bad)));
    expect(answer.message).toContain(bad.says);
    expect(answer.code).toBe(403);
  });
});

describe("a pod that somebody creates through the ingress with a key that was stolen from the edge", once, () => {
  let thief: Ask;
  beforeAll(async () => {
    const own = await openOwnKubernetes();
    if (own === null) return;
    const edgeFacts = { issuer: "https://limpet.example.com", audience: "limpet-cluster", installId: "limpet" };
    const signingKey = await makeSigningKey();
    const ingress = await install(own.file, { ...edgeFacts, signingKeys: [signingKey] });
    const mint = createTokenMint({ ...edgeFacts, signingKey });
    thief = asking(ingress, ({ method, path }) =>
      mint({ subject: "limpet:thief", method, pathAndQuery: path, pod: null }, Date.now()),
    );
  });
  beforeEach(needsOwnKubernetes);

  test("is admitted where it is a shell", async () => {
    // Each replica has its key: the proofs after it ask one of them, whichever it is.
    await untilEach(
      "it to be admitted",
      async () => (await thief(create(stage().installation.shellPod()))).code === 201,
    );
  });

  test.each(badPods)("is refused with $what", async (bad) => {
    const answer = await thief(create(spoilt(stage().installation.shellPod(), bad)));
    expect(answer.message).toContain(bad.says);
    expect(answer.code).toBe(403);
  });
});

describe("a pod that is there", once, () => {
  const patch = (metadata: object, more: object = {}): ApiRequest => ({
    method: "PATCH",
    path: `${podsPath}/${stage().pod.name}?dryRun=All`,
    contentType: merge,
    body: { metadata: { uid: stage().pod.uid, ...metadata }, ...more },
  });

  test.each<readonly [string, () => object]>([
    ["its end moved", () => ({ labels: { "limpet.dev/expires-at": soon() } })],
    [
      "its peace asked for",
      () => ({
        annotations: {
          "karpenter.sh/do-not-disrupt": "true",
          "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
        },
      }),
    ],
    ["that taken back", () => ({ annotations: { "karpenter.sh/do-not-disrupt": null } })],
    ["nothing", () => ({})],
  ])("may have %s", async (_, metadata) => {
    expect(await stage().edge(patch(metadata()))).toMatchObject({ code: 200 });
  });

  const labels = "of a shell's labels only limpet.dev/expires-at changes";
  const annotations = "of a shell's annotations only";
  const others = "of a shell's metadata only labels and annotations change";
  const spec = "nothing in a shell's spec changes";
  test.each<{ readonly what: string; readonly says: string; readonly metadata?: object; readonly spec?: () => object }>(
    [
      { what: "another person", says: labels, metadata: { labels: { "limpet.dev/user": "b" } } },
      { what: "no installation", says: labels, metadata: { labels: { "limpet.dev/install": null } } },
      { what: "a label of somebody else's", says: labels, metadata: { labels: { app: "web" } } },
      { what: "no end", says: labels, metadata: { labels: { "limpet.dev/expires-at": null } } },
      {
        what: "an end after its deadline",
        says: "not after the pod's activeDeadlineSeconds",
        metadata: { labels: { "limpet.dev/expires-at": "99999999999" } },
      },
      {
        what: "an end that is no time",
        says: "is in unix seconds",
        metadata: { labels: { "limpet.dev/expires-at": "later" } },
      },
      {
        what: "an annotation of somebody else's",
        says: annotations,
        metadata: { annotations: { "example.com/a": "b" } },
      },
      {
        what: "an annotation of ours with another value",
        says: annotations,
        metadata: { annotations: { "karpenter.sh/do-not-disrupt": "no" } },
      },
      { what: "a finalizer", says: others, metadata: { finalizers: ["example.com/stay"] } },
      {
        what: "an owner",
        says: others,
        metadata: { ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "a", uid: "b" }] },
      },
      {
        what: "another image",
        says: spec,
        // A merge patch replaces a list whole: the container's other fields must stay.
        spec: () => ({
          containers: [
            { ...stage().installation.shellPod().spec.containers[0], image: "docker.io/library/busybox:1.37" },
          ],
        }),
      },
      { what: "an earlier deadline", says: spec, spec: () => ({ activeDeadlineSeconds: 60 }) },
      { what: "no gate", says: spec, spec: () => ({ schedulingGates: null }) },
    ],
  )("may not have $what", async ({ says, metadata = {}, spec: change }) => {
    const answer = await stage().edge(patch(metadata, change === undefined ? {} : { spec: change() }));
    expect(answer.message).toContain(says);
    expect(answer.code).toBe(403);
  });

  test("is not the edge's where it is no shell: neither changed nor ended", async () => {
    const shell = stage().installation.shellPod(`${testId}x`);
    const labels = { "app.kubernetes.io/name": "somebody" };
    const other = await gatedPod(stage().installation, testId, {
      ...shell,
      metadata: { name: `${testId}-other`, labels },
    });
    const path = `${podsPath}/${other.name}?dryRun=All`;
    const annotations = { "karpenter.sh/do-not-disrupt": "true" };
    const changed = await stage().edge({
      method: "PATCH",
      path,
      contentType: merge,
      body: { metadata: { annotations } },
    });
    expect(changed).toMatchObject({ code: 403, message: expect.stringContaining("this pod is no shell") });
    const ended = await stage().edge({
      method: "DELETE",
      path,
      body: { ...tryOut, preconditions: { uid: other.uid } },
    });
    expect(ended).toMatchObject({ code: 403, message: expect.stringContaining("this pod is no shell") });
  });

  test("is ended by its uid and not by its name alone", async () => {
    const path = `${podsPath}/${stage().pod.name}`;
    const unnamed = await stage().edge({ method: "DELETE", path, body: tryOut });
    expect(unnamed).toMatchObject({ code: 403, message: expect.stringContaining("a shell is ended by its uid") });
    const preconditions = { uid: stage().pod.uid };
    expect(await stage().edge({ method: "DELETE", path, body: { ...tryOut, preconditions } })).toMatchObject({
      code: 200,
    });
  });
});
