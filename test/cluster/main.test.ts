// Owns the local cluster as a process of its own: its one line, its signals, what it leaves when it is killed.
// Must not know what a cluster does.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { findPodProcesses } from "../../dev/cluster/runtime/pod-processes.ts";
import { ApiClient } from "../contract/api-client.ts";
import { type Issuer, type SigningKey, signingCredentials, startIssuer } from "../contract/credentials.ts";
import { run } from "../contract/exec-client.ts";
import { readyPod, untilPod } from "../contract/pods.ts";
import { imageDir, type Target } from "../contract/target.ts";

const main = fileURLToPath(new URL("../../dev/cluster/main.ts", import.meta.url));
let root: string;
let issuer: Issuer;
let key: SigningKey;
let child: ChildProcess | undefined;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "limpet-main-"));
  ({ issuer, key } = await startIssuer("limpet-test"));
});

afterEach(async () => {
  await end("SIGTERM");
  await issuer.close();
  rmSync(root, { recursive: true, force: true });
});

async function start(): Promise<Target> {
  const env = {
    ...process.env,
    CLUSTER_ISSUER: issuer.url,
    CLUSTER_AUDIENCE: "limpet-test",
    CLUSTER_NAMESPACES: "limpet",
    CLUSTER_STATE_DIR: join(root, "state"),
    CLUSTER_IMAGE_DIR: imageDir,
    CLUSTER_RUN_DIR: root,
  };
  const started = spawn(process.execPath, [main], { env, stdio: ["ignore", "pipe", "inherit"] });
  child = started;
  const [line] = await once(started.stdout.setEncoding("utf8"), "data");
  const ready: unknown = JSON.parse(String(line));
  const url: unknown = typeof ready === "object" && ready !== null && Reflect.get(ready, "url");
  if (typeof url !== "string") throw new Error(`It did not say where it is: ${String(line)}`);
  return { client: new ApiClient(url, "limpet", signingCredentials(key)), image: "shell:local", close: async () => {} };
}

/** The exit code, null after a signal; undefined where nothing runs. */
async function end(signal: NodeJS.Signals): Promise<number | null | undefined> {
  const ending = child;
  child = undefined;
  if (ending === undefined) return undefined;
  const exit = once(ending, "exit");
  ending.kill(signal);
  const [code] = await exit;
  return code;
}

const uidOf = async (target: Target, name: string): Promise<string> =>
  (await target.client.call("GET", target.client.pods(`/${name}`))).body.metadata.uid;

test("TERM ends it and its pods, and leaves nothing but its state", async () => {
  const target = await start();
  const name = await readyPod(target);
  const uid = await uidOf(target, name);
  await run(target.client, name, { command: ["sh", "-c", "setsid sleep 1007 >/dev/null 2>&1 &"] });
  expect(findPodProcesses(uid).length).toBeGreaterThan(1);
  expect(await end("SIGTERM")).toBe(0);
  expect(findPodProcesses(uid)).toEqual([]);
  expect(readdirSync(root)).toEqual(["state"]);
});

test("after a kill the next start ends what was left, and brings the pods back", async () => {
  const before = await start();
  const name = await readyPod(before);
  const uid = await uidOf(before, name);
  await run(before.client, name, {
    command: ["sh", "-c", "echo kept > $HOME/file; setsid sleep 1008 >/dev/null 2>&1 &"],
  });
  expect(await end("SIGKILL")).toBeNull();
  const left = findPodProcesses(uid).map(({ pid }) => pid);
  expect(left.length).toBeGreaterThan(1);

  const after = await start();
  await untilPod(after, name, (pod) => pod?.status.containerStatuses?.[0]?.ready === true);
  const now = findPodProcesses(uid).map(({ pid }) => pid);
  expect(now.filter((pid) => left.includes(pid))).toEqual([]);
  expect((await run(after.client, name, { command: ["sh", "-c", "cat $HOME/file"] })).text()).toBe("kept\n");
  expect(await end("SIGTERM")).toBe(0);
  expect(readdirSync(root)).toEqual(["state"]);
});
