// Owns the proof that `attach` finds its way whatever the one before it left behind.
// Must not know the multiplexer beyond what it reports.

import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Exec, openPane, Pod } from "./harness.ts";

let pod: Pod;

beforeEach(() => {
  pod = new Pod();
});

afterEach(() => pod.close());

const until = async (condition: () => boolean): Promise<void> => {
  const deadline = Date.now() + 15_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error("it did not come");
    await new Promise((wake) => setTimeout(wake, 20));
  }
};

const alive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(status(pid));
const status = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, "utf8");
  } catch {
    return "";
  }
};
const clients = (): string[] => pod.tmux("list-clients", "-F", "#{client_pid}").split("\n").filter(Boolean);

test("[M2] the newer ends the older, which says so", async () => {
  const older = new Exec(pod.attach());
  await older.wait("following");
  const newer = new Exec(pod.attach());
  await newer.wait("following");
  expect((await older.wait("ended")).end).toEqual({ reason: "superseded" });
  expect(clients().length).toBe(1);
  await newer.settle();
});

test("[M2] many at once: one stays, there is one session, all others are superseded", async () => {
  const execs = Array.from({ length: 5 }, () => new Exec(pod.attach()));
  await until(() => execs.filter(({ effects }) => effects.some(({ type }) => type === "ended")).length === 4);
  for (const { effects } of execs) {
    for (const effect of effects) if (effect.type === "ended") expect(effect.end).toEqual({ reason: "superseded" });
  }
  expect(pod.tmux("list-sessions", "-F", "#{session_name}").trim()).toBe("limpet");
  await until(() => clients().length === 1);
});

test("[M2] a client that was cut in a flood, blocked in writing, is ended, and the job goes on", async () => {
  const stuck = new Exec(pod.attach());
  await stuck.wait("following");
  const pane = await openPane(pod, stuck, "seq 1 100000000");
  await stuck.show(pane);
  stuck.child.stdout?.pause();
  const [pid] = clients();
  await new Promise((wake) => setTimeout(wake, 500));
  const next = new Exec(pod.attach());
  const { panes } = await next.wait("following");
  expect(panes.some((known) => known.pane === pane)).toBe(true);
  expect(alive(Number(pid))).toBe(false);
  expect(clients()).not.toContain(pid);
  await next.show(pane);
  await next.wait("output", (effect) => effect.pane === pane);
});

test("[M3] the server keeps neither the exec's stdin nor the lock of the attach that started it", async () => {
  const held = (pid: number): readonly string[] =>
    readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const exec = new Exec(pod.attach());
  await exec.wait("following");
  const server = Number(pod.tmux("display-message", "-p", "#{pid}"));
  const stdin = readlinkSync(`/proc/${clients()[0]}/fd/0`);
  // The client's own, which it hands to its server, goes with it.
  await exec.kill();
  await new Exec(pod.attach()).wait("following");
  expect(held(server)).not.toContain(stdin);
  expect(held(server)).not.toContain(join(pod.run, "lock"));
});

test("[M2] a person's own client is left alone", async () => {
  const first = new Exec(pod.attach());
  await first.wait("following");
  const own = pod.spawn("tmux", ["-S", join(pod.run, "tmux"), "-u", "-C", "attach-session", "-t", "=limpet"]);
  await until(() => clients().length === 2);
  const second = new Exec(pod.attach());
  await second.wait("following");
  expect((await first.wait("ended")).end.reason).toBe("superseded");
  expect(own.exitCode).toBe(null);
  expect(clients()).toContain(String(own.pid));
  own.stdin?.end();
});

test("[M2] a record of a process that is another one by now ends nobody", async () => {
  const bystander = pod.spawn("sleep", ["1000"]);
  mkdirSync(pod.run, { mode: 0o700 });
  writeFileSync(join(pod.run, "client"), `${bystander.pid} 1\n`);
  const exec = new Exec(pod.attach());
  await exec.wait("following");
  expect(alive(bystander.pid ?? 0)).toBe(true);
  bystander.kill("SIGKILL");
});

test("[M3] the socket of a server that is no more is in nobody's way", async () => {
  const first = new Exec(pod.attach());
  await first.wait("following");
  process.kill(Number(pod.tmux("display-message", "-p", "#{pid}")), "SIGKILL");
  const { end } = await first.wait("ended");
  expect(end.reason).toBe("exited");
  expect(existsSync(join(pod.run, "tmux"))).toBe(true);
  const second = new Exec(pod.attach());
  expect((await second.wait("following")).panes.length).toBe(1);
});

test("[M1] an end of stdin ends tmux's client and nothing else; a detach asks for a new exec", async () => {
  const first = new Exec(pod.attach());
  await first.wait("following");
  first.child.stdin?.end();
  expect((await first.wait("ended")).end.reason).toBe("confused");
  const second = new Exec(pod.attach());
  expect((await second.wait("following")).panes.map(({ pane }) => pane)).toEqual(["%0"]);
});

test("[M1] the last program's end is the shell's end", async () => {
  const exec = new Exec(pod.attach());
  const { pane } = await exec.firstPane();
  exec.run(exec.multiplexer.input({ pane, viewer: "0".repeat(32), bytes: Buffer.from("exit\r"), end: 5 }));
  expect((await exec.wait("ended")).end).toEqual({ reason: "exited", code: null });
});

test("the session's first window greets, and runs a login shell at home", async () => {
  const exec = new Exec(pod.attach());
  const { pane } = await exec.firstPane();
  await until(() => pod.tmux("capture-pane", "-pt", pane).includes("Welcome to Limpet."));
  await until(() => pod.tmux("display-message", "-pt", pane, "#{pane_current_command}").trim() === "bash");
  expect(pod.tmux("display-message", "-pt", pane, "#{pane_current_path}").trim()).toBe(pod.home);
});

test("on a person's own machine the greeting says that there is no isolation", async () => {
  const local = new Pod({ env: { LIMPET_LOCAL: "1" } });
  try {
    const { pane } = await new Exec(local.attach()).firstPane();
    await until(() => local.tmux("capture-pane", "-pt", pane).includes("without isolation"));
  } finally {
    local.close();
  }
});

test.for(["a home", "#(touch owned)", "it's $HOME", "日本", "line\nfeed", "-n"])(
  "works with HOME named %j",
  async (home) => {
    const odd = new Pod({ home });
    try {
      const exec = new Exec(odd.attach());
      await exec.wait("following");
      expect(odd.tmux("display-message", "-p", "#{session_path}")).toBe(`${odd.home}\n`);
      expect(readdirSync(dirname(odd.home)).includes("owned")).toBe(false);
    } finally {
      odd.close();
    }
  },
);

test("works where HOME is not there and SHELL cannot be run", async () => {
  const bare = new Pod({ env: { HOME: "/nonexistent", SHELL: "/usr/sbin/nologin" } });
  try {
    await new Exec(bare.attach()).wait("following");
  } finally {
    bare.close();
  }
});

test("[M3] the folder of the socket belongs to this account alone", async () => {
  mkdirSync(pod.run, { mode: 0o755 });
  await new Exec(pod.attach()).wait("following");
  expect(statSync(pod.run).mode & 0o777).toBe(0o700);
});

test("[M3] a folder that somebody else may have put there is refused", async () => {
  mkdirSync(join(pod.home, "elsewhere"));
  symlinkSync(join(pod.home, "elsewhere"), pod.run);
  const { end } = await new Exec(pod.attach()).wait("ended");
  expect(end).toMatchObject({ reason: "failed", message: expect.stringContaining("belongs to this account alone") });
});

test("[M3] a path too long for a socket is said so", async () => {
  const deep = new Pod({ env: { LIMPET_RUN: `/tmp/${"x".repeat(110)}` } });
  try {
    const { end } = await new Exec(deep.attach()).wait("ended");
    expect(end).toMatchObject({ reason: "failed", message: expect.stringContaining("107 bytes") });
    spawnSync("rmdir", [`/tmp/${"x".repeat(110)}`]);
  } finally {
    deep.close();
  }
});

test.for([
  ["tmux 3.1c", "no-tmux"],
  ["tmux 2.9a", "no-tmux"],
  ["nothing", "no-tmux"],
] as const)("[M1] an image with %s is told: %s", async ([version, reason]) => {
  const bin = join(pod.home, "bin");
  mkdirSync(bin);
  const fake = version === "nothing" ? "exit 127" : `echo ${version}`;
  writeFileSync(join(bin, "tmux"), `#!/bin/sh\n${fake}\n`);
  chmodSync(join(bin, "tmux"), 0o755);
  const old = new Pod({ env: { PATH: `${bin}:${process.env["PATH"]}` } });
  try {
    expect((await new Exec(old.attach()).wait("ended")).end).toEqual({ reason });
    const plain = old.attach("plain");
    let said = "";
    plain.stdout?.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    plain.stdin?.end("echo $((6 * 7)) in $PWD\n");
    await until(() => said.includes(`42 in ${old.home}`));
  } finally {
    old.close();
  }
});
