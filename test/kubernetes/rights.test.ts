// Owns the proof of what else the edge may do in the cluster, which is three execs, and of what the janitor may.
// Must not know which pods the edge may make (admission.test.ts).

import { describe, expect, test } from "vitest";
import { create, makeTestId, merge, useStage } from "./admission/stage.ts";
import type { ApiRequest } from "./harness/api-server.ts";
import { podsPath, shells, system } from "./harness/installation.ts";

const testId = makeTestId("rights");
const stage = useStage(testId);

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
      const answer = await stage().edge(exec(stage().pod.name, "shell", ...command));
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
    const answer = await stage().edge(exec(stage().pod.name, container, ...command));
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
    const answer = await stage().edge({
      method,
      path: path.replace("NAME", stage().pod.name),
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
    await stage().installation.kubectl.run(["create", "--filename", "-"], {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "RoleBinding",
      metadata: { name: testId, namespace: shells, labels: { "limpet.dev/test": testId } },
      roleRef: role,
      subjects,
    });
    const as = [`--as=${user}`, "--as-group=limpet-edge", "--as-group=system:authenticated", "--namespace", shells];
    const refused = async (says: string, ...args: readonly string[]): Promise<void> => {
      const tried = stage().installation.kubectl.run([...args, ...as, "--dry-run=server"]);
      await expect(tried).rejects.toThrow(says);
    };
    await refused("the edge has no business with CREATE of configmaps", "create", "configmap", "a");
    await refused("the edge has no business with CREATE of secrets", "create", "secret", "generic", "a");
    await refused("the edge has no business with CREATE of serviceaccounts", "create", "serviceaccount", "a");
    await refused("the edge has no business with CREATE of deployments", "create", "deployment", "a", "--image=b");
    await refused("the edge has no business with DELETE of rolebindings", "delete", "rolebinding", "limpet-edge");
    const debug = stage().installation.kubectl.run([
      "debug",
      stage().pod.name,
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
    const janitor = await stage().installation.as("limpet-janitor");
    const path = `${podsPath}/${stage().pod.name}?dryRun=All`;
    const running = await janitor({ method: "DELETE", path });
    expect(running).toMatchObject({
      code: 403,
      message: expect.stringContaining("the janitor takes away finished pods only"),
    });
    const status = JSON.stringify({ status: { phase: "Failed", reason: "DeadlineExceeded" } });
    const args = ["patch", "pod", stage().pod.name, "--namespace", shells, "--subresource=status", "--type=merge"];
    await stage().installation.kubectl.run([...args, "--patch", status]);
    expect(await janitor({ method: "DELETE", path })).toMatchObject({ code: 200 });
  });

  test("makes and changes nothing", async () => {
    const janitor = await stage().installation.as("limpet-janitor");
    expect(await janitor(create(stage().installation.shellPod()))).toMatchObject({ code: 403 });
    const path = `${podsPath}/${stage().pod.name}?dryRun=All`;
    expect(await janitor({ method: "PATCH", path, contentType: merge, body: {} })).toMatchObject({ code: 403 });
  });
});
