// Owns the proof that a cluster leaves nothing behind, ended or killed: no process, mount, link, rule, control group, setting or file.
// Must not know what a cluster is made of. It starts clusters of its own.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { cacheFolder } from "../../dev/kubernetes/cache/cache-folder.ts";
import { needsOwnKubernetes, openKubernetes } from "./harness/kubernetes.ts";

const root = resolve(import.meta.dirname, "../..");
const run = promisify(execFile);
const readyMs = 240_000;
/** The kernel ends what was killed, and the sweeper takes the groups away when that is done. */
const goneMs = 60_000;

describe("a cluster leaves nothing behind", () => {
  let state = "";
  let child: ChildProcess | null = null;

  beforeEach(async (context) => {
    needsOwnKubernetes(context);
    state = await mkdtemp(join(tmpdir(), "limpet-leftovers-"));
  });
  afterEach(async () => {
    if (child !== null && child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await rm(state, { recursive: true, force: true });
  });

  const cases: readonly (readonly [string, NodeJS.Signals])[] = [
    ["ended by TERM", "SIGTERM"],
    ["killed", "SIGKILL"],
  ];
  test.each(cases)(
    "%s",
    async (_, signal) => {
      const before = await look();
      const started = spawn(process.execPath, ["dev/kubernetes/main.ts", "up", "--state", state], {
        cwd: root,
        stdio: ["ignore", "ignore", "inherit"],
      });
      child = started;
      await expect
        .poll(() => existsSync(join(state, "kubernetes.json")), { timeout: readyMs, interval: 500 })
        .toBe(true);
      const { kubectl } = await openKubernetes(join(state, "kubernetes.json"));
      expect(await kubectl.run(["get", "nodes", "-o", "name"])).toContain("node/shells-2");
      expect(processesOf(state).length).toBeGreaterThan(10);
      expect(tracesOf(started.pid).length).toBeGreaterThan(1);

      const ended = once(started, "exit");
      started.kill(signal);
      await ended;

      await expect.poll(() => processesOf(state), { timeout: goneMs }).toEqual([]);
      await expect.poll(() => tracesOf(started.pid), { timeout: goneMs }).toEqual([]);
      // A kill leaves kubernetes.json, which names nothing that is there any more.
      await expect
        .poll(async () => await readdir(state), { timeout: goneMs })
        .toEqual(signal === "SIGKILL" ? ["kubernetes.json"] : []);
      expect(await look()).toEqual(before);
    },
    readyMs + 60_000,
  );
});

/** What a unified hierarchy shares out: whoever wants a cluster switched on what it needs, and its end takes nobody's away. */
const unifiedRoots = ["", "unified"].map((name) => join("/sys/fs/cgroup", name, "cgroup.subtree_control"));

/** What this machine's own namespaces have, and settings that some part of a cluster would change. */
async function look(): Promise<object> {
  const say = async (program: string, ...args: readonly string[]): Promise<string> => (await run(program, args)).stdout;
  const settings = [
    ...["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys"],
    ...["net/ipv4/ip_forward", "net/ipv4/conf/all/route_localnet", "net/netfilter/nf_conntrack_max"],
    ...["net/ipv4/conf/all/rp_filter", "net/bridge/bridge-nf-call-iptables", "kernel/keys/root_maxbytes"],
  ];
  return {
    links: (await say("ip", "-oneline", "link")).split("\n").map((line) => line.split(":")[1]?.trim()),
    addresses: (await say("ip", "-oneline", "address"))
      .split("\n")
      .map((line) => line.split(/\s+/).slice(1, 4).join(" ")),
    routes: await say("ip", "route", "show", "table", "all"),
    rules: (await say("iptables-save"))
      .split("\n")
      .filter((line) => line.startsWith("-A") || line.startsWith(":LIMPET")),
    mounts: readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .filter((line) => line.includes("limpet-")),
    controllers: unifiedRoots.map((path) => (existsSync(path) ? readFileSync(path, "utf8").trim() : "absent")),
    settings: settings.map((name) => {
      const path = `/proc/sys/${name}`;
      return `${name} ${existsSync(path) ? readFileSync(path, "utf8").trim() : "absent"}`;
    }),
  };
}

/** Those whose command line names the cluster's folder. */
function processesOf(folder: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return command.includes(folder) ? [`${pid} ${command}`] : [];
      } catch {
        return [];
      }
    });
}

/** Control groups, and folders of nodes, that carry the number of the cluster's process. */
function tracesOf(pid: number | undefined): readonly string[] {
  const hierarchies = ["/sys/fs/cgroup", ...readdirSync("/sys/fs/cgroup").map((name) => join("/sys/fs/cgroup", name))];
  const ours = new RegExp(`^(limpet-kubernetes|nodes)-${pid}-`);
  return [...hierarchies, cacheFolder()]
    .filter((path) => statSync(path).isDirectory())
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => ours.test(name))
        .map((name) => join(folder, name)),
    );
}
