// Owns that a pod's processes end with it, all of them and no other, and that pods come back after a restart.
// Must not know the API's own rules.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findPodProcesses, podUidVariable } from "../../dev/cluster/runtime/pod-processes.ts";
import { openExec, run } from "../contract/exec-client.ts";
import { manifest, newName, readyPod, removePod, untilPod } from "../contract/pods.ts";
import { type Server, startServer } from "./server.ts";

let server: Server;

beforeEach(async () => {
  server = await startServer();
});

afterEach(() => server.close());

const sh = (script: string) => ["sh", "-c", script];
const uidOf = async (name: string): Promise<string> =>
  (await server.client.call("GET", server.client.pods(`/${name}`))).body.metadata.uid;
const alive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));

/** Starts things that outlive their exec, and gives their process ids. */
async function strays(name: string): Promise<number[]> {
  const script = [
    "setsid sleep 1001 >/dev/null 2>&1 & echo $!",
    "nohup sleep 1002 >/dev/null 2>&1 & echo $!",
    "env -i sleep 1003 >/dev/null 2>&1 & echo $!",
    "(trap '' TERM HUP INT; exec sleep 1004 >/dev/null 2>&1) & echo $!",
    'tmux -S "$LIMPET_RUN/tmux" -f /dev/null new-session -d "sleep 1005"',
    'tmux -S "$LIMPET_RUN/tmux" list-panes -a -F "#{pane_pid}"; tmux -S "$LIMPET_RUN/tmux" display-message -p "#{pid}"',
  ].join("\n");
  const exec = await run(server.client, name, { command: sh(script) });
  const pids = exec.text().trim().split("\n").map(Number);
  expect(pids).toHaveLength(6);
  return pids;
}

test("deletion ends what left its parent, its session or its environment, the tmux server included", async () => {
  const name = await readyPod(server);
  const uid = await uidOf(name);
  const pids = await strays(name);
  expect(pids.filter(alive)).toEqual(pids);
  await removePod(server, name);
  expect(pids.filter(alive)).toEqual([]);
  expect(findPodProcesses(uid)).toEqual([]);
});

test("another pod, and whatever else runs on this machine, is left alone", async () => {
  const [one, other] = [await readyPod(server), await readyPod(server)];
  const stranger = spawn("sleep", ["1006"], { env: { ...process.env, [podUidVariable]: "another" }, detached: true });
  const [mine, theirs] = [await strays(one), await strays(other)];
  await removePod(server, one);
  expect(mine.filter(alive)).toEqual([]);
  expect(theirs.filter(alive)).toEqual(theirs);
  expect(alive(stranger.pid ?? 0)).toBe(true);
  stranger.kill("SIGKILL");
});

test("a container's end is the end of its daemons, too", async () => {
  const name = await readyPod(server);
  const pids = await strays(name);
  // Pods start before their execs: the main process is the oldest.
  const [main] = findPodProcesses(await uidOf(name)).toSorted((a, b) => Number(a.startTime) - Number(b.startTime));
  process.kill(main?.pid ?? 0, "SIGKILL");
  await untilPod(server, name, (pod) => pod.status.containerStatuses[0].restartCount === 1);
  expect(pids.filter(alive)).toEqual([]);
  const { status } = (await server.client.call("GET", server.client.pods(`/${name}`))).body;
  expect(status.containerStatuses[0].lastState.terminated.exitCode).toBe(137);
});

test("a pod that is lost is gone at once, object and processes, without preStop", async () => {
  const mark = join(server.stateDir, "preStop-ran");
  const container = { lifecycle: { preStop: { exec: { command: ["touch", mark] } } } };
  const name = await readyPod(server, { container });
  const pids = await strays(name);
  const exec = await openExec(server.client, name, { command: ["sleep", "100"] });
  expect(await server.cluster.faults.act({ type: "lose-pod", pod: name })).toBe(1);
  expect((await server.client.call("GET", server.client.pods(`/${name}`))).code).toBe(404);
  expect((await exec.ended).status?.details.causes[0].message).toBe("137");
  expect(pids.filter(alive)).toEqual([]);
  expect(existsSync(mark)).toBe(false);
});

test("a process finds a clean environment, a home of its own and a short private folder for sockets", async () => {
  const name = await readyPod(server, {
    container: {
      env: [
        { name: "HOME", value: "/x" },
        { name: "COLOUR", value: "green" },
      ],
    },
  });
  process.env["LIMPET_TEST_SECRET"] = "of this server";
  const exec = await run(server.client, name, { command: ["env"] });
  const env = Object.fromEntries(
    exec
      .text()
      .trim()
      .split("\n")
      .map((line) => line.split(/=(.*)/s)),
  );
  expect(Object.keys(env).toSorted()).toEqual(
    [
      ...[
        "COLOUR",
        "HOME",
        "HOSTNAME",
        "LANG",
        "LIMPET_LOCAL",
        "LIMPET_POD_UID",
        "LIMPET_RUN",
        "LOGNAME",
        "PATH",
        "SHELL",
      ],
      "USER",
    ].toSorted(),
  );
  expect(env).toMatchObject({ HOME: join(server.stateDir, "pods", await uidOf(name), "home"), LIMPET_LOCAL: "1" });
  expect(env["COLOUR"]).toBe("green");
  expect(statSync(env["LIMPET_RUN"] ?? "").mode & 0o777).toBe(0o700);
  expect(statSync(env["HOME"] ?? "").mode & 0o777).toBe(0o700);
  const where = await run(server.client, name, { command: ["pwd"] });
  expect(where.text().trim()).toBe(env["HOME"]);
});

test("the image's scripts stand where the manifest says", async () => {
  const name = await readyPod(server, { container: { command: ["/usr/local/lib/limpet/shell"] } });
  const exec = await run(server.client, name, { command: ["head", "-1", "/usr/local/lib/limpet/shell"] });
  expect(exec.text()).toBe("#!/bin/sh\n");
  const before = Date.now();
  await removePod(server, name);
  expect(Date.now() - before).toBeLessThan(1_000);
});

test("a restart keeps pods: same object, same home, one more restart; nothing of the old run is left", async () => {
  const name = await readyPod(server, { labels: { kept: "yes" } });
  const before = (await server.client.call("GET", server.client.pods(`/${name}`))).body;
  await run(server.client, name, { command: sh("echo work > $HOME/file") });
  const pids = await strays(name);
  const stopping = server.again();
  server = await stopping;
  expect(pids.filter(alive)).toEqual([]);
  await untilPod(server, name, (pod) => pod?.status.containerStatuses?.[0]?.ready === true);
  const after = (await server.client.call("GET", server.client.pods(`/${name}`))).body;
  expect(after.metadata).toMatchObject({ name, uid: before.metadata.uid, labels: { kept: "yes" } });
  expect(after.spec).toEqual(before.spec);
  expect(after.status.startTime).toBe(before.status.startTime);
  expect(after.status.containerStatuses[0].restartCount).toBe(1);
  expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion));
  expect((await run(server.client, name, { command: sh("cat $HOME/file") })).text()).toBe("work\n");
});

test("what was deleted stays deleted over a restart, and its folders are gone", async () => {
  const name = await readyPod(server);
  await removePod(server, name);
  server = await server.again();
  expect((await server.client.call("GET", server.client.pods())).body.items).toEqual([]);
  expect(readdirSync(join(server.stateDir, "pods"))).toEqual([]);
});

test("closing leaves no process, no folder for sockets, and no pod half-made", async () => {
  const names = [await readyPod(server), newName()];
  const uids = [await uidOf(names[0] ?? "")];
  await strays(names[0] ?? "");
  await server.client.call("POST", server.client.pods(), { body: manifest(server, { name: names[1] ?? "" }) });
  uids.push(await uidOf(names[1] ?? ""));
  await server.cluster.close();
  expect(uids.flatMap((uid) => findPodProcesses(uid))).toEqual([]);
  expect(readdirSync(server.runDir)).toEqual(["state"]);
});
