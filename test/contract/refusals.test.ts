// Owns what Limpet relies on when the API says no: codes, reasons and the form of a Status; execs before and after the 101.
// Must not know which server it is held against.

import { afterAll, beforeAll, expect, test } from "vitest";
import { ExecRefused, openExec, run } from "./exec-client.ts";
import { idle, manifest, newName, readyPod, removeAll, untilPod } from "./pods.ts";
import { openTarget, type Target } from "./target.ts";

let target: Target;
let pod: string;

beforeAll(async () => {
  target = await openTarget();
  pod = await readyPod(target);
});

afterAll(async () => {
  await removeAll(target);
  await target.close();
});

/** The HTTP answer in place of a 101. */
async function refusal(name: string, options: Parameters<typeof openExec>[2]): Promise<ExecRefused> {
  const outcome = await openExec(target.client, name, options).catch((error: unknown) => error);
  if (outcome instanceof ExecRefused) return outcome;
  throw new Error("the exec was not refused");
}

test("a pod that is not there: 404 NotFound for get, patch, delete and exec", async () => {
  const path = target.client.pods("/none-of-this-name");
  const expected = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Failure",
    message: 'pods "none-of-this-name" not found',
    reason: "NotFound",
    details: { name: "none-of-this-name", kind: "pods" },
    code: 404,
  };
  const contentType = "application/merge-patch+json";
  for (const answer of [
    await target.client.call("GET", path),
    await target.client.call("DELETE", path),
    await target.client.call("PATCH", path, { body: { metadata: { labels: { a: "b" } } }, contentType }),
  ]) {
    expect(answer.code).toBe(404);
    expect(answer.body).toEqual(expected);
  }
  const exec = await refusal("none-of-this-name", { command: ["true"] });
  expect(exec.code).toBe(404);
  expect(JSON.parse(exec.body)).toEqual(expected);
});

test("a resource that is not there: 404", async () => {
  const { code, body } = await target.client.call("GET", `/api/v1/namespaces/${target.client.namespace}/nonsenses`);
  // Without a role for it a real cluster says 403 first.
  expect([403, 404]).toContain(code);
  expect(body).toMatchObject({ kind: "Status", status: "Failure", code });
});

test("the same name again: 409 AlreadyExists", async () => {
  const { code, body } = await target.client.call("POST", target.client.pods(), {
    body: manifest(target, { name: pod }),
  });
  expect(code).toBe(409);
  expect(body).toMatchObject({
    reason: "AlreadyExists",
    message: `pods "${pod}" already exists`,
    details: { name: pod, kind: "pods" },
  });
});

test("a manifest that breaks a rule: 422 Invalid, with every cause and its field", async () => {
  const { spec } = manifest(target);
  const body = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "Not_A_Name", labels: { "limpet.dev/contract": "a b" } },
    spec,
  };
  const answer = await target.client.call("POST", target.client.pods(), { body });
  expect(answer.code).toBe(422);
  expect(answer.body).toMatchObject({ reason: "Invalid", details: { name: "Not_A_Name", kind: "Pod" }, code: 422 });
  const fields = answer.body.details.causes.map((cause) => [cause.reason, cause.field]);
  expect(fields).toContainEqual(["FieldValueInvalid", "metadata.name"]);
  expect(fields).toContainEqual(["FieldValueInvalid", "metadata.labels"]);
});

test("no containers, or a container without an image: 422 with FieldValueRequired", async () => {
  const none = { ...manifest(target), spec: { containers: [] } };
  const first = await target.client.call("POST", target.client.pods(), { body: none });
  expect(first.code).toBe(422);
  expect(first.body.details.causes).toContainEqual(
    expect.objectContaining({ reason: "FieldValueRequired", field: "spec.containers" }),
  );
  const pale = manifest(target, { container: { image: undefined } });
  const second = await target.client.call("POST", target.client.pods(), { body: pale });
  expect(second.code).toBe(422);
  expect(second.body.details.causes).toContainEqual(
    expect.objectContaining({ reason: "FieldValueRequired", field: "spec.containers[0].image" }),
  );
});

test("what is no JSON, or of a wrong type: 400 BadRequest", async () => {
  const broken = await target.client.call("POST", target.client.pods(), { body: '{"kind":' });
  expect(broken.code).toBe(400);
  expect(broken.body.reason).toBe("BadRequest");
  const wrong = manifest(target, { spec: { activeDeadlineSeconds: "soon" } });
  const typed = await target.client.call("POST", target.client.pods(), { body: wrong });
  expect(typed.code).toBe(400);
  expect(typed.body.reason).toBe("BadRequest");
});

test("an unknown field: 201, with a Warning", async () => {
  const body = manifest(target, { spec: { colour: "green" }, container: { imagePulPolicy: "Never" } });
  const { code, headers } = await target.client.call("POST", target.client.pods("?fieldValidation=Warn"), { body });
  expect(code).toBe(201);
  expect(headers["warning"]).toContain('299 - "unknown field \\"spec.colour\\""');
  expect(headers["warning"]).toContain('unknown field \\"spec.containers[0].imagePulPolicy\\"');
});

test("exec before the 101: an unknown container is 400", async () => {
  const { code, body } = await refusal(pod, { command: ["true"], container: "other" });
  expect(code).toBe(400);
  expect(JSON.parse(body)).toMatchObject({
    reason: "BadRequest",
    message: `container other is not valid for pod ${pod}`,
  });
});

test("exec before the 101: a pod without a node is 400", async () => {
  const name = newName();
  const wish = manifest(target, {
    name,
    spec: { nodeSelector: { "limpet.dev/no-such-node": "true" }, schedulerName: "nobody" },
  });
  expect((await target.client.call("POST", target.client.pods(), { body: wish })).code).toBe(201);
  const { code, body } = await refusal(name, { command: ["true"] });
  expect(code).toBe(400);
  expect(JSON.parse(body).message).toBe(`pod ${name} does not have a host assigned`);
});

test("exec before the 101: only unknown subprotocols are a bare 403", async () => {
  for (const protocols of [["v3.channel.k8s.io"], ["nonsense"]]) {
    const { code, body } = await refusal(pod, { command: ["true"], protocols });
    expect([code, body]).toEqual([403, ""]);
  }
});

test("exec without an upgrade: 400", async () => {
  const { code } = await target.client.call("GET", target.client.pods(`/${pod}/exec?command=true&stdout=true`));
  expect(code).toBe(400);
});

test("exec after the 101: a program that is not there", async () => {
  const { end } = await run(target.client, pod, { command: ["no-such-program"] });
  expect(end.code).toBe(1000);
  expect(end.status).toMatchObject({ status: "Failure", reason: "InternalError", code: 500 });
  expect(end.status?.message).toContain('exec: "no-such-program": executable file not found in $PATH');
});

test("exec after the 101: no stream asked for", async () => {
  const { end } = await run(target.client, pod, { command: ["true"], stdin: false, stdout: false, stderr: false });
  expect(end.code).toBe(1000);
  expect(end.status).toMatchObject({ status: "Failure", code: 500 });
});

test("exec after the 101: a pod whose container has ended", async () => {
  const name = newName();
  const over = manifest(target, { name, command: ["true"], spec: { restartPolicy: "Never" } });
  await target.client.call("POST", target.client.pods(), { body: over });
  await untilPod(target, name, (now) => now?.status.phase === "Succeeded");
  const { end } = await run(target.client, name, { command: [...idle] });
  expect(end.code).toBe(1000);
  expect(end.status).toMatchObject({ status: "Failure", reason: "InternalError" });
  expect(end.status?.message).toContain("container not found");
});
