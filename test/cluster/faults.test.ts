// Owns that every fault can be asked for, strikes, and passes.
// Must not know how Limpet bears it.

import { afterEach, beforeEach, expect, test } from "vitest";
import { type Exec, openExec, run } from "../contract/exec-client.ts";
import { conditionOf, manifest, newName, readyPod, untilPod } from "../contract/pods.ts";
import { faultsToken, type Server, startServer } from "./server.ts";

let server: Server;

beforeEach(async () => {
  server = await startServer();
});

afterEach(() => server.close());

const create = (name: string) => server.client.call("POST", server.client.pods(), { body: manifest(server, { name }) });
const ready = (name: string) => untilPod(server, name, (pod) => conditionOf(pod, "Ready") === "True");

async function ask(method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${faultsToken}`, "content-type": "application/json" };
  const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const response = await fetch(`${server.client.url}/faults${path}`, init);
  return { code: response.status, body: await response.json() };
}

test("unschedulable: Pending with a reason until it is lifted", async () => {
  const name = newName();
  const { body } = await ask("POST", "", { type: "unschedulable", pod: name });
  await create(name);
  const pod = await untilPod(server, name, (now) => conditionOf(now, "PodScheduled") === "False");
  expect(pod.status).toMatchObject({
    phase: "Pending",
    conditions: [{ type: "PodScheduled", reason: "Unschedulable" }],
  });
  expect((await ask("DELETE", `/${body.id}`)).code).toBe(200);
  await ready(name);
});

test("image pull: ErrImagePull, then ImagePullBackOff, until it is lifted", async () => {
  const name = newName();
  const watch = await server.client.watch(server.client.pods("?watch=true"));
  server.cluster.faults.add({ type: "image-pull", message: "no such image" });
  await create(name);
  const waiting = (reason: string) =>
    watch.until(({ object }) => object.status.containerStatuses?.[0]?.state.waiting?.reason === reason);
  await waiting("ErrImagePull");
  const { object } = await waiting("ImagePullBackOff");
  expect(object.status.containerStatuses[0].state.waiting.message).toContain("no such image");
  const { body } = await server.client.call(
    "GET",
    server.client.events(`?fieldSelector=involvedObject.name%3D${name}`),
  );
  expect(body.items.map(({ reason }) => reason)).toContain("BackOff");
  server.cluster.faults.clear();
  await ready(name);
  watch.close();
});

test("slow start: ContainerCreating for as long as asked", async () => {
  server.cluster.faults.add({ type: "slow-start", delayMs: 800 });
  const name = newName();
  const before = Date.now();
  await create(name);
  const pod = await untilPod(server, name, (now) => conditionOf(now, "ContainersReady") === "False");
  expect(pod.status.containerStatuses[0].state.waiting.reason).toBe("ContainerCreating");
  await ready(name);
  expect(Date.now() - before).toBeGreaterThan(790);
});

test("crash loop: restarts, then CrashLoopBackOff with a BackOff event", async () => {
  server.cluster.faults.add({ type: "crash-loop" });
  const name = newName();
  await create(name);
  const pod = await untilPod(
    server,
    name,
    (now) => now?.status.containerStatuses?.[0]?.state.waiting?.reason === "CrashLoopBackOff",
  );
  expect(pod.status.containerStatuses[0]).toMatchObject({
    restartCount: 1,
    ready: false,
    lastState: { terminated: { exitCode: 1, reason: "Error" } },
  });
  expect(pod.status.containerStatuses[0].state.waiting.message).toContain("back-off 10s restarting failed container");
  expect(pod.status.phase).toBe("Running");
});

test.each([
  [409, "Conflict"],
  [410, "Expired"],
  [429, "TooManyRequests"],
  [500, "InternalError"],
])("answers %s for as many matching requests as asked", async (status, reason) => {
  const asked = await ask("POST", "", { type: "answer", status, method: "get", path: "/pods", times: 2 });
  expect(asked.code).toBe(200);
  for (const expected of [status, status, 200]) {
    const { code, body } = await server.client.call("GET", server.client.pods());
    expect(code).toBe(expected);
    if (code !== 200) expect(body).toMatchObject({ kind: "Status", reason, code });
  }
});

test("hang: no answer, no effect", async () => {
  server.cluster.faults.add({ type: "hang", method: "POST", times: 1 });
  const name = newName();
  const outcome = await Promise.race([create(name), new Promise((resolve) => setTimeout(resolve, 400, "nothing"))]);
  expect(outcome).toBe("nothing");
  expect((await server.client.call("GET", server.client.pods(`/${name}`))).code).toBe(404);
});

test("cut body: the request took effect, and the answer breaks off", async () => {
  server.cluster.faults.add({ type: "cut-body", method: "POST", times: 1 });
  const name = newName();
  await expect(create(name)).rejects.toThrow();
  expect((await server.client.call("GET", server.client.pods(`/${name}`))).code).toBe(200);
});

test("API down: connections are reset and refused, then all is as before; pods never notice", async () => {
  const name = await readyPod(server);
  const exec = await openExec(server.client, name, { command: ["sh", "-c", "echo $$; exec sleep 1000"], tty: true });
  const [pid] = /\d+/.exec(await exec.until(/\d+\r\n/)) ?? [];
  await ask("POST", "", { type: "api-down", durationMs: 300 }).catch(() => undefined);
  expect((await exec.ended).code).toBe(1006);
  await expect(server.client.call("GET", server.client.pods())).rejects.toThrow("ECONNREFUSED");
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await server.client.call("GET", server.client.pods(`/${name}`))).code).toBe(200);
  const look = await run(server.client, name, { command: ["kill", "-0", pid ?? ""] });
  expect(look.end.status?.status).toBe("Success");
});

test.each([
  ["reset", 1006, undefined],
  ["close", 1000, undefined],
  ["success", 1000, { metadata: {}, status: "Success" }],
] as const)("exec cut by %s, while its process lives", async (how, code, status) => {
  const name = await readyPod(server);
  const exec = await openExec(server.client, name, { command: ["sh", "-c", "echo $$; sleep 1000; :"], tty: true });
  const [pid] = /\d+/.exec(await exec.until(/\d+\r\n/)) ?? [];
  const { body } = await ask("GET", "");
  expect(body.execs).toMatchObject([{ pod: name, tty: true }]);
  expect((await ask("POST", "", { type: "cut-exec", how, id: body.execs[0].id })).body).toEqual({ struck: 1 });
  expect(await exec.ended).toEqual({ code, status });
  const look = await run(server.client, name, { command: ["kill", "-0", pid ?? ""] });
  expect(look.end.status?.status).toBe("Success");
  expect((await ask("GET", "")).body.execs).toEqual([]);
});

test("a silenced exec neither reads nor writes, and stays connected", async () => {
  const name = await readyPod(server);
  const exec: Exec = await openExec(server.client, name, { command: ["cat"] });
  exec.type("before");
  await exec.until(/before/);
  expect(await server.cluster.faults.act({ type: "silence-exec", pod: name })).toBe(1);
  exec.type("after");
  await expect(exec.until(/after/, 500)).rejects.toThrow("did not come");
  expect(exec.socket.readyState).toBe(exec.socket.OPEN);
  exec.socket.terminate();
});

test("an exec refused after the 101", async () => {
  const name = await readyPod(server);
  server.cluster.faults.add({ type: "refuse-exec", times: 1, message: "asked for" });
  const refused = await run(server.client, name, { command: ["true"] });
  expect(refused.end).toMatchObject({ code: 1000, status: { status: "Failure", reason: "InternalError", code: 500 } });
  const next = await run(server.client, name, { command: ["true"] });
  expect(next.end.status?.status).toBe("Success");
});

test("a resize that hangs stdin", async () => {
  const name = await readyPod(server);
  server.cluster.faults.add({ type: "resize-hangs", times: 1 });
  const exec = await openExec(server.client, name, { command: ["cat"], tty: true });
  exec.resize({ Width: 80, Height: 24 });
  exec.type("after\n");
  await expect(exec.until(/after/, 500)).rejects.toThrow("did not come");
  exec.socket.terminate();
});

test("forgotten history: what goes on from before gets 410", async () => {
  await create(newName());
  const { body } = await server.client.call("GET", server.client.pods());
  await create(newName());
  await ask("POST", "", { type: "forget-history" });
  const watch = await server.client.watch(
    server.client.pods(`?watch=true&resourceVersion=${body.metadata.resourceVersion}`),
  );
  expect((await watch.until(({ type }) => type === "ERROR")).object.code).toBe(410);
});

test.each([
  { type: "nonsense" },
  {},
  { type: "answer", status: 418 },
  { type: "cut-exec", how: "gently" },
  { type: "slow-start" },
])("what is no fault is refused: %j", async (fault) => {
  expect((await ask("POST", "", fault)).code).toBe(400);
});

test("chance: about so many of a hundred, the same again for the same seed, and counted", async () => {
  const calls = 200;
  const strike = async (): Promise<string> => {
    const { body } = await ask("POST", "", { type: "chance", percent: 20, seed: 7 });
    const codes: string[] = [];
    for (let call = 0; call < calls; call += 1) {
      const answer = server.client.call("GET", server.client.pods("?limit=1"));
      codes.push(await answer.then(({ code }) => String(code)).catch(() => "cut"));
    }
    const [standing] = (await ask("GET", "")).body.faults;
    expect(standing.seen).toEqual({ GET: calls });
    expect(standing.struck).toBe(codes.filter((code) => code !== "200").length);
    await ask("DELETE", `/${body.id}`);
    return codes.join(" ");
  };
  const first = await strike();
  const struck = first.split(" ").filter((code) => code !== "200");
  expect(struck.length).toBeGreaterThan(calls * 0.1);
  expect(struck.length).toBeLessThan(calls * 0.3);
  expect(new Set(struck)).toEqual(new Set(["500", "503", "429", "cut"]));
  expect(await strike()).toBe(first);
  expect((await ask("POST", "", { type: "chance", percent: 101, seed: 7 })).code).toBe(400);
  expect((await ask("POST", "", { type: "chance", percent: 5 })).code).toBe(400);
});
