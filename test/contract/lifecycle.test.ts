// Owns what Limpet relies on of a pod's life: conditions in order, events, patches, deadline, deletion.
// Must not know which server it is held against.

import { afterAll, beforeAll, expect, test } from "vitest";
import { openExec, run } from "./exec-client.ts";
import type { WatchEvent } from "./kubernetes-object.ts";
import { conditionOf, fileLabel, manifest, newName, readyPod, removeAll, untilGone, untilPod } from "./pods.ts";
import { openTarget, type Target } from "./target.ts";

let target: Target;

beforeAll(async () => {
  target = await openTarget();
});

afterAll(async () => {
  await removeAll(target);
  await target.close();
});

const order = ["PodScheduled", "PodReadyToStartContainers", "Initialized", "ContainersReady", "Ready"];

const patch = (name: string, body: unknown, kind = "merge-patch") =>
  target.client.call("PATCH", target.client.pods(`/${name}`), { body, contentType: `application/${kind}+json` });

/** The events of this pod once these reasons are among them: they are recorded a little after what they tell. */
async function untilEvents(name: string, wanted: readonly string[]) {
  const path = target.client.events(`?fieldSelector=involvedObject.name%3D${name}`);
  const deadline = Date.now() + 20_000;
  for (;;) {
    const { code, body } = await target.client.call("GET", path);
    expect(code).toBe(200);
    const reasons = body.items.map(({ reason }) => reason);
    if (wanted.every((reason) => reasons.includes(reason))) return body;
    if (Date.now() > deadline) throw new Error(`only ${reasons.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("from create to Ready: Pending first, conditions in order, one container running", async () => {
  const name = newName();
  const watch = await target.client.watch(target.client.pods(`?watch=true&fieldSelector=metadata.name%3D${name}`));
  const created = await target.client.call("POST", target.client.pods(), { body: manifest(target, { name }) });
  expect(created.code).toBe(201);
  expect(created.body).toMatchObject({ kind: "Pod", metadata: { name }, status: { phase: "Pending" } });
  await watch.until(({ object }) => conditionOf(object, "Ready") === "True");
  watch.close();

  const versions = watch.events.map(({ object }) => object);
  const firstTrue = order.map((type) => versions.findIndex((pod) => conditionOf(pod, type) === "True"));
  // Initialized may come with or before the sandbox; all others one after the other, or in one version.
  const [scheduled = -1, sandbox = -1, initialized = -1, containers = -1, ready = -1] = firstTrue;
  expect(scheduled).toBeGreaterThanOrEqual(0);
  expect(sandbox).toBeGreaterThanOrEqual(scheduled);
  expect(initialized).toBeGreaterThanOrEqual(scheduled);
  expect(containers).toBeGreaterThanOrEqual(Math.max(sandbox, initialized));
  expect(ready).toBeGreaterThanOrEqual(containers);

  const pod = versions.at(-1);
  const unready = versions.find((pod) => conditionOf(pod, "ContainersReady") === "False");
  if (unready === undefined || pod === undefined) throw new Error("the watch saw no pod that was not ready yet");
  const reasons = unready.status.conditions.map(({ type, reason }) => [type, reason]);
  expect(reasons).toContainEqual(["ContainersReady", "ContainersNotReady"]);
  expect(unready.status.containerStatuses[0].state.waiting.reason).toMatch(/^(ContainerCreating|PodInitializing)$/);

  expect(pod.status.phase).toBe("Running");
  expect(pod.spec.nodeName).not.toBe("");
  expect(pod.status.startTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  expect(pod.status.containerStatuses).toMatchObject([{ name: "shell", ready: true, started: true, restartCount: 0 }]);
  expect(pod.status.containerStatuses[0].state.running.startedAt).toBeTruthy();
  for (const { lastTransitionTime } of pod.status.conditions) expect(Date.parse(lastTransitionTime)).not.toBeNaN();
  const seen = versions.map((version) => Number(version.metadata.resourceVersion));
  expect(seen).toEqual(seen.toSorted((left, right) => left - right));
});

test("events tell the same story, and can be selected by the pod's name", async () => {
  const name = await readyPod(target);
  const events = await untilEvents(name, ["Scheduled", "Pulled", "Created", "Started"]);
  expect(events.kind).toBe("EventList");
  expect(events.items[0]).toMatchObject({ involvedObject: { kind: "Pod", name }, type: "Normal" });
});

test("a pod that no node takes says so, with a reason and an event", async () => {
  const name = newName();
  const spec = { containers: [{ ...manifest(target).spec.containers[0], resources: { requests: { cpu: "90000" } } }] };
  await target.client.call("POST", target.client.pods(), { body: manifest(target, { name, spec }) });
  const pod = await untilPod(target, name, (now) => conditionOf(now, "PodScheduled") === "False");
  const [condition] = pod.status.conditions;
  expect(condition).toMatchObject({ type: "PodScheduled", reason: "Unschedulable" });
  expect(condition.message).toContain("Insufficient cpu");
  expect(pod.status.phase).toBe("Pending");
  await untilEvents(name, ["FailedScheduling"]);
  // Nothing runs yet: deletion has nothing to wait for.
  await target.client.call("DELETE", target.client.pods(`/${name}`));
  expect((await target.client.call("GET", target.client.pods(`/${name}`))).code).toBe(404);
});

test("a container that ends is started again, and counted", async () => {
  const name = newName();
  // Ends once: the second start finds what the first has left.
  const command = ["sh", "-c", "test -e $HOME/started && exec sleep 600; touch $HOME/started; exit 3"];
  await target.client.call("POST", target.client.pods(), { body: manifest(target, { name, command, grace: 1 }) });
  const pod = await untilPod(target, name, (now) => now?.status.containerStatuses?.[0]?.restartCount === 1);
  expect(pod.status.containerStatuses[0].lastState.terminated).toMatchObject({ exitCode: 3, reason: "Error" });
  await untilPod(target, name, (now) => conditionOf(now, "Ready") === "True");
});

test("patches: merge, strategic and JSON, on labels and annotations", async () => {
  const name = await readyPod(target);
  const merged = await patch(name, { metadata: { labels: { one: "1" }, annotations: { note: "a" } } });
  expect(merged.code).toBe(200);
  expect(merged.body.metadata).toMatchObject({ labels: { one: "1" }, annotations: { note: "a" } });
  const strategic = await patch(name, { metadata: { labels: { one: null, two: "2" } } }, "strategic-merge-patch");
  expect(strategic.body.metadata.labels).not.toHaveProperty("one");
  expect(strategic.body.metadata.labels).toMatchObject({ two: "2", ...fileLabel });
  const json = await patch(
    name,
    [
      { op: "test", path: "/metadata/labels/two", value: "2" },
      { op: "replace", path: "/metadata/labels/two", value: "3" },
      { op: "add", path: "/metadata/labels/limpet.dev~1expires-at", value: "1700000000" },
    ],
    "json-patch",
  );
  expect(json.body.metadata.labels).toMatchObject({ two: "3", "limpet.dev/expires-at": "1700000000" });
  expect(Number(json.body.metadata.resourceVersion)).toBeGreaterThan(Number(strategic.body.metadata.resourceVersion));
});

test("patches that Kubernetes refuses: another uid 422, an old version 409, a changed command 422, a bad label 422", async () => {
  const name = await readyPod(target);
  const uid = await patch(name, { metadata: { uid: "00000000-0000-0000-0000-000000000000", labels: { a: "b" } } });
  expect([uid.code, uid.body.reason]).toEqual([422, "Invalid"]);
  expect(uid.body.details.causes[0].field).toBe("metadata.uid");
  const old = await patch(name, { metadata: { resourceVersion: "1", labels: { a: "b" } } });
  expect([old.code, old.body.reason]).toEqual([409, "Conflict"]);
  const command = await patch(
    name,
    { spec: { containers: [{ name: "shell", command: ["false"] }] } },
    "strategic-merge-patch",
  );
  expect([command.code, command.body.reason]).toEqual([422, "Invalid"]);
  expect(command.body.details.causes[0]).toMatchObject({ reason: "FieldValueForbidden", field: "spec" });
  const label = await patch(name, { metadata: { labels: { bad: "not a value" } } });
  expect([label.code, label.body.details.causes[0].field]).toEqual([422, "metadata.labels"]);
  const { body } = await target.client.call("GET", target.client.pods(`/${name}`));
  expect(body.metadata.labels).not.toHaveProperty("a");
  const form = await target.client.call("PATCH", target.client.pods(`/${name}`), {
    body: "{}",
    contentType: "text/plain",
  });
  expect(form.code).toBe(415);
});

test("activeDeadlineSeconds can be set and lowered, not raised; when it is over the pod is Failed", async () => {
  const name = await readyPod(target, { grace: 1 });
  const deadline = (seconds: number | null) => patch(name, { spec: { activeDeadlineSeconds: seconds } });
  expect((await deadline(3_600)).code).toBe(200);
  const raised = await deadline(7_200);
  expect([raised.code, raised.body.reason]).toEqual([422, "Invalid"]);
  expect(raised.body.details.causes[0]).toMatchObject({
    field: "spec.activeDeadlineSeconds",
    message: "Invalid value: 7200: must be less than or equal to previous value",
  });
  expect((await deadline(null)).code).toBe(422);
  expect((await deadline(1)).code).toBe(200);
  const pod = await untilPod(target, name, (now) => now?.status.phase === "Failed", 20_000);
  expect(pod.status.reason).toBe("DeadlineExceeded");
});

/** Ready says that a pod's process runs, not that it has come to its trap: it leaves a file when it has. */
async function untilAtWork(name: string): Promise<void> {
  const wait = ["sh", "-c", "until [ -e $HOME/at-work ]; do sleep 0.1; done"];
  await (await openExec(target.client, name, { command: wait })).ended;
}

test("deletion: marked at once, the name is taken until it is gone, TERM reaches the main process", async () => {
  const command = [
    "sh",
    "-c",
    "trap 'sleep 1; exit 0' TERM; touch $HOME/at-work; while :; do sleep 3600 & wait $!; done",
  ];
  const name = await readyPod(target, { command, grace: 30 });
  await untilAtWork(name);
  const watch = await target.client.watch(target.client.pods(`?watch=true&fieldSelector=metadata.name%3D${name}`));
  const asked = await target.client.call("DELETE", target.client.pods(`/${name}`));
  expect(asked.code).toBe(200);
  expect(asked.body.metadata).toMatchObject({ name, deletionGracePeriodSeconds: 30 });
  const again = await target.client.call("POST", target.client.pods(), { body: manifest(target, { name }) });
  expect([again.code, again.body.reason]).toEqual([409, "AlreadyExists"]);
  expect(again.body.message).toBe(`object is being deleted: pods "${name}" already exists`);
  const marked = (await target.client.call("GET", target.client.pods(`/${name}`))).body;
  expect(Date.parse(marked.metadata.deletionTimestamp)).not.toBeNaN();
  const gone = (event: WatchEvent) => event.type === "DELETED";
  await watch.until(gone, 20_000);
  watch.close();
  expect((await target.client.call("GET", target.client.pods(`/${name}`))).code).toBe(404);
});

test("deletion with another uid: 409, and the pod lives; with its own it goes", async () => {
  const name = await readyPod(target, { grace: 1 });
  const { body: pod } = await target.client.call("GET", target.client.pods(`/${name}`));
  const wrong = { preconditions: { uid: "00000000-0000-0000-0000-000000000000" } };
  const refused = await target.client.call("DELETE", target.client.pods(`/${name}`), { body: wrong });
  expect([refused.code, refused.body.reason]).toEqual([409, "Conflict"]);
  expect(
    (await target.client.call("GET", target.client.pods(`/${name}`))).body.metadata.deletionTimestamp,
  ).toBeUndefined();
  const right = { preconditions: { uid: pod.metadata.uid }, gracePeriodSeconds: 1 };
  expect((await target.client.call("DELETE", target.client.pods(`/${name}`), { body: right })).code).toBe(200);
  await untilGone(target, name);
});

test("what ignores TERM is killed when the grace is over", async () => {
  const command = ["sh", "-c", "trap '' TERM; touch $HOME/at-work; while :; do sleep 1; done"];
  const name = await readyPod(target, { command });
  await untilAtWork(name);
  const before = Date.now();
  await target.client.call("DELETE", target.client.pods(`/${name}`), { body: { gracePeriodSeconds: 2 } });
  await untilGone(target, name, 30_000);
  expect(Date.now() - before).toBeGreaterThan(1_800);
});

test("grace 0: gone at once", async () => {
  const name = await readyPod(target);
  await target.client.call("DELETE", target.client.pods(`/${name}`), { body: { gracePeriodSeconds: 0 } });
  expect((await target.client.call("GET", target.client.pods(`/${name}`))).code).toBe(404);
});

test("preStop runs before TERM, and its time is a part of the grace", async () => {
  const trap = "trap 'echo TERM >> $HOME/order; sleep 2; exit 0' TERM";
  const command = ["sh", "-c", `${trap}; touch $HOME/at-work; while :; do sleep 3600 & wait $!; done`];
  const preStop = ["sh", "-c", "echo preStop >> $HOME/order; sleep 1; echo over >> $HOME/order"];
  const container = { lifecycle: { preStop: { exec: { command: preStop } } } };
  const name = await readyPod(target, { command, container, grace: 20 });
  await untilAtWork(name);
  await target.client.call("DELETE", target.client.pods(`/${name}`));
  const follow = await openExec(target.client, name, { command: ["sh", "-c", "exec tail -n +1 -F $HOME/order"] });
  await follow.until(/TERM/);
  expect(follow.text()).toBe("preStop\nover\nTERM\n");
  const { status } = await follow.ended;
  expect(status?.details.causes[0].message).toBe("137");
});

test("a pod deleted under an exec ends it with 137, before or as the pod goes", async () => {
  const name = await readyPod(target, { grace: 1 });
  for (const tty of [false, true]) {
    const exec = await run(target.client, name, { command: ["true"], tty });
    expect(exec.end.status?.status).toBe("Success");
  }
  const plain = await openExec(target.client, name, { command: ["sleep", "600"] });
  const tty = await openExec(target.client, name, { command: ["sleep", "600"], tty: true });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await target.client.call("DELETE", target.client.pods(`/${name}`));
  for (const exec of [plain, tty]) {
    const { code, status } = await exec.ended;
    expect(code).toBe(1000);
    expect(status?.details.causes).toEqual([{ reason: "ExitCode", message: "137" }]);
  }
  await untilGone(target, name);
});
