// Owns the proof that whoever has the edge's rights gets shells and nothing else out of the cluster.
// Must not know how the ingress looks at a token.

import { randomBytes } from "node:crypto";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { install } from "../../dev/kubernetes/install/install.ts";
import { createTokenMint } from "../../worker/kubernetes/token.ts";
import type { SigningKey } from "../../worker/signing-keys.ts";
import { badPods, spoilt } from "./admission/bad-pods.ts";
import { type ApiRequest, type Ask, asking } from "./harness/api-server.ts";
import { type Installation, openInstallation, podsPath, shells, system } from "./harness/installation.ts";
import { field } from "./harness/json.ts";
import { needsKubernetes, needsOwnKubernetes, openOwnKubernetes } from "./harness/kubernetes.ts";

const merge = "application/merge-patch+json";
const soon = (): string => String(Math.floor(Date.now() / 1000) + 7_200);

let installation: Installation;
let edge: Ask;
/** A pod that no node takes, so that nobody but these tests changes it. */
let pod: { readonly name: string; readonly uid: string };
const testId = `admission${randomBytes(4).toString("hex")}`;

beforeAll(async () => {
  const opened = await openInstallation();
  if (opened === null) return;
  installation = opened;
  edge = await installation.as("limpet-edge");
  pod = await admin(installation.shellPod(testId));
});
beforeEach(needsKubernetes);
afterAll(async () => {
  if (installation === undefined) return;
  const all = ["--namespace", shells, "--ignore-not-found", "--now", "--wait=false"];
  await installation.kubectl.run(["delete", "pod,rolebinding", "--selector", `limpet.dev/test=${testId}`, ...all]);
});

/** Makes a pod as the administrator, whom no policy of ours binds; the gate keeps it from every node. */
async function admin(manifest: object): Promise<{ readonly name: string; readonly uid: string }> {
  const metadata = Object(field(manifest, "metadata"));
  const gated = {
    ...manifest,
    metadata: { ...metadata, labels: { ...metadata.labels, "limpet.dev/test": testId } },
    spec: { ...Object(field(manifest, "spec")), schedulingGates: [{ name: "limpet.dev/test" }] },
  };
  const made: unknown = JSON.parse(
    await installation.kubectl.run(["create", "--namespace", shells, "--output", "json", "--filename", "-"], gated),
  );
  const said = field(made, "metadata");
  return { name: String(field(said, "name")), uid: String(field(said, "uid")) };
}

/** With a body a DELETE takes no options of its query, `dryRun` neither. */
const tryOut = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0, dryRun: ["All"] } as const;
/** As the Worker's SIGNING_KEYS has one. */
async function makeSigningKey(): Promise<SigningKey> {
  const pair = await generateKeyPair("ES256", { extractable: true });
  const { x = "", y = "", d = "" } = await exportJWK(pair.privateKey);
  return { kty: "EC", crv: "P-256", alg: "ES256", kid: `stolen-${testId}`, x, y, d };
}

const create = (body: object): ApiRequest => ({ method: "POST", path: `${podsPath}?dryRun=All`, body });

describe("a pod that the edge creates", () => {
  test("is admitted exactly as the Worker asks for it", async () => {
    const answer = await edge(create(installation.shellPod()));
    expect(answer).toMatchObject({ code: 201, message: "" });
  });

  test("is admitted with the annotations of one that works, and without a priority class", async () => {
    const made = installation.shellPod();
    const { priorityClassName: _, ...spec } = { priorityClassName: "", ...made.spec };
    const annotations = {
      "karpenter.sh/do-not-disrupt": "true",
      "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
    };
    expect(await edge(create({ ...made, metadata: { ...made.metadata, annotations }, spec }))).toMatchObject({
      code: 201,
    });
  });

  test.each(badPods)("is refused with $what", async (bad) => {
    const answer = await edge(create(spoilt(installation.shellPod(), bad)));
    expect(answer.message).toContain(bad.says);
    expect(answer.code).toBe(403);
  });
});

describe("a pod that somebody creates through the ingress with a key that was stolen from the edge", () => {
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
    await expect.poll(() => thief(create(installation.shellPod())), { timeout: 60_000 }).toMatchObject({ code: 201 });
  });

  test.each(badPods)("is refused with $what", async (bad) => {
    const answer = await thief(create(spoilt(installation.shellPod(), bad)));
    expect(answer.message).toContain(bad.says);
    expect(answer.code).toBe(403);
  });
});

describe("a pod that is there", () => {
  const patch = (metadata: object, more: object = {}): ApiRequest => ({
    method: "PATCH",
    path: `${podsPath}/${pod.name}?dryRun=All`,
    contentType: merge,
    body: { metadata: { uid: pod.uid, ...metadata }, ...more },
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
    expect(await edge(patch(metadata()))).toMatchObject({ code: 200 });
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
          containers: [{ ...installation.shellPod().spec.containers[0], image: "docker.io/library/busybox:1.37" }],
        }),
      },
      { what: "an earlier deadline", says: spec, spec: () => ({ activeDeadlineSeconds: 60 }) },
      { what: "no gate", says: spec, spec: () => ({ schedulingGates: null }) },
    ],
  )("may not have $what", async ({ says, metadata = {}, spec: change }) => {
    const answer = await edge(patch(metadata, change === undefined ? {} : { spec: change() }));
    expect(answer.message).toContain(says);
    expect(answer.code).toBe(403);
  });

  test("is not the edge's where it is no shell: neither changed nor ended", async () => {
    const shell = installation.shellPod(`${testId}x`);
    const labels = { "app.kubernetes.io/name": "somebody" };
    const other = await admin({ ...shell, metadata: { name: `${testId}-other`, labels } });
    const path = `${podsPath}/${other.name}?dryRun=All`;
    const annotations = { "karpenter.sh/do-not-disrupt": "true" };
    const changed = await edge({ method: "PATCH", path, contentType: merge, body: { metadata: { annotations } } });
    expect(changed).toMatchObject({ code: 403, message: expect.stringContaining("this pod is no shell") });
    const ended = await edge({ method: "DELETE", path, body: { ...tryOut, preconditions: { uid: other.uid } } });
    expect(ended).toMatchObject({ code: 403, message: expect.stringContaining("this pod is no shell") });
  });

  test("is ended by its uid and not by its name alone", async () => {
    const path = `${podsPath}/${pod.name}`;
    const unnamed = await edge({ method: "DELETE", path, body: tryOut });
    expect(unnamed).toMatchObject({ code: 403, message: expect.stringContaining("a shell is ended by its uid") });
    const preconditions = { uid: pod.uid };
    expect(await edge({ method: "DELETE", path, body: { ...tryOut, preconditions } })).toMatchObject({ code: 200 });
  });
});

describe("an exec", () => {
  const exec = (name: string, container: string | null, ...command: readonly string[]): ApiRequest => {
    const words = new URLSearchParams(command.map((word) => ["command", word]));
    if (container !== null) words.append("container", container);
    for (const stream of ["stdin", "stdout", "tty"]) words.append(stream, "true");
    return { method: "GET", path: `${podsPath}/${name}/exec?${words}` };
  };
  const scripts = "/usr/local/lib/limpet";

  test.each([[`${scripts}/attach`, "control"], [`${scripts}/attach`, "plain"], [`${scripts}/setup`]])(
    "of %s %s passes admission",
    async (...command) => {
      // No node has the pod: that is what is said once everything else is right.
      const answer = await edge(exec(pod.name, "shell", ...command));
      expect(answer).toMatchObject({ code: 400, message: expect.stringContaining("does not have a host assigned") });
    },
  );

  const foreign = "the edge runs no such command in a shell";
  test.each<readonly [string, string | null, readonly string[]]>([
    [foreign, "shell", ["sh"]],
    [foreign, "shell", ["/bin/sh", "-c", `${scripts}/setup`]],
    [foreign, "shell", [`${scripts}/attach`]],
    [foreign, "shell", [`${scripts}/attach`, "control", "more"]],
    [foreign, "shell", [`${scripts}/attach`, "other"]],
    [foreign, "shell", [`${scripts}/setup`, "--help"]],
    [foreign, "shell", [`${scripts}/setup `]],
    [foreign, "shell", [`${scripts}/../limpet/setup`]],
    [foreign, "shell", [`${scripts}/save`]],
    [foreign, "shell", [`${scripts}/shutdown`]],
    [foreign, "shell", []],
    ["the edge runs commands in the container shell, and names it", null, [`${scripts}/setup`]],
    ["the edge runs commands in the container shell, and names it", "web", [`${scripts}/setup`]],
  ])("is refused: %s (%s: %s)", async (says, container, command) => {
    const answer = await edge(exec(pod.name, container, ...command));
    expect(answer.message).toContain(says);
    expect(answer.code).toBe(403);
  });
});

describe("what else the edge may not", () => {
  const secrets = `/api/v1/namespaces/${system}/secrets`;
  test.each<readonly [method: string, path: string]>([
    ["GET", `${podsPath}/NAME/log`],
    ["GET", `${podsPath}?watch=true`],
    ["DELETE", podsPath],
    ["PATCH", `${podsPath}/NAME/status`],
    ["PATCH", `${podsPath}/NAME/ephemeralcontainers`],
    ["PATCH", `${podsPath}/NAME/resize`],
    ["POST", `${podsPath}/NAME/eviction`],
    ["POST", `${podsPath}/NAME/binding`],
    ["GET", `${podsPath}/NAME/attach?container=shell&stdin=true`],
    ["GET", `${podsPath}/NAME/portforward?ports=22`],
    ["GET", `${podsPath}/NAME/proxy/`],
    ["PUT", `${podsPath}/NAME`],
    ["GET", `/api/v1/namespaces/${shells}/secrets`],
    ["GET", `/api/v1/namespaces/${shells}/configmaps`],
    ["POST", `/api/v1/namespaces/${shells}/services`],
    ["POST", `/api/v1/namespaces/${shells}/serviceaccounts/default/token`],
    ["GET", secrets],
    ["PATCH", `/api/v1/namespaces/${system}/configmaps/limpet-admission`],
    ["POST", `/api/v1/namespaces/${system}/pods`],
    ["POST", `/api/v1/namespaces/${system}/serviceaccounts/limpet-edge/token`],
    ["GET", "/api/v1/namespaces/default/pods"],
    ["GET", "/api/v1/pods"],
    ["GET", "/api/v1/nodes"],
    ["GET", "/api/v1/namespaces"],
  ])("%s %s", async (method, path) => {
    const answer = await edge({
      method,
      path: path.replace("NAME", pod.name),
      ...(method === "GET" || method === "DELETE" ? {} : { body: {} }),
      contentType: method === "PATCH" ? merge : "application/json",
    });
    expect(answer.message).toMatch(/is forbidden: User "system:serviceaccount:limpet-system:limpet-edge" cannot/);
    expect(answer.code).toBe(403);
  });

  test("nor with every right that a namespace has, should somebody grant it", async () => {
    const user = `limpet:${testId}`;
    const role = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" };
    const subjects = [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }];
    await installation.kubectl.run(["create", "--filename", "-"], {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: testId, namespace: shells, labels: { "limpet.dev/test": testId } },
      roleRef: role,
      subjects,
    });
    const as = [`--as=${user}`, "--as-group=limpet-edge", "--as-group=system:authenticated", "--namespace", shells];
    const refused = async (says: string, ...args: readonly string[]): Promise<void> => {
      const tried = installation.kubectl.run([...args, ...as, "--dry-run=server"]);
      await expect(tried).rejects.toThrow(says);
    };
    await refused("the edge has no business with CREATE of configmaps", "create", "configmap", "a");
    await refused("the edge has no business with CREATE of secrets", "create", "secret", "generic", "a");
    await refused("the edge has no business with CREATE of serviceaccounts", "create", "serviceaccount", "a");
    await refused("the edge has no business with CREATE of deployments", "create", "deployment", "a", "--image=b");
    await refused("the edge has no business with DELETE of rolebindings", "delete", "rolebinding", "limpet-edge");
    const debug = installation.kubectl.run([
      "debug",
      pod.name,
      "--image=b",
      "--target=shell",
      "--profile=restricted",
      ...as,
    ]);
    await expect(debug).rejects.toThrow("the edge has no business with UPDATE of pods/ephemeralcontainers");
  });
});

describe("the janitor", () => {
  test("takes away finished shells and no others", async () => {
    const janitor = await installation.as("limpet-janitor");
    const path = `${podsPath}/${pod.name}?dryRun=All`;
    const running = await janitor({ method: "DELETE", path });
    expect(running).toMatchObject({
      code: 403,
      message: expect.stringContaining("the janitor takes away finished pods only"),
    });
    const status = JSON.stringify({ status: { phase: "Failed", reason: "DeadlineExceeded" } });
    const args = ["patch", "pod", pod.name, "--namespace", shells, "--subresource=status", "--type=merge"];
    await installation.kubectl.run([...args, "--patch", status]);
    expect(await janitor({ method: "DELETE", path })).toMatchObject({ code: 200 });
  });

  test("makes and changes nothing", async () => {
    const janitor = await installation.as("limpet-janitor");
    expect(await janitor(create(installation.shellPod()))).toMatchObject({ code: 403 });
    const path = `${podsPath}/${pod.name}?dryRun=All`;
    expect(await janitor({ method: "PATCH", path, contentType: merge, body: {} })).toMatchObject({ code: 403 });
  });
});
