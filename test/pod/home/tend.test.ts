// Owns which job counts as alive, what the edge hears of it and how often, and that work is saved on time.
// Must not know what a save holds. Two seconds stand for the ten minutes.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Home } from "./home.ts";
import { PodEdge } from "./pod-edge.ts";

let edge: PodEdge;
let home: Home;

beforeEach(async () => {
  edge = await PodEdge.start();
  home = new Home(edge);
});
afterEach(async () => {
  tmux("kill-server");
  home.close();
  await edge.close();
});

function tmux(...args: readonly string[]): string {
  const all = ["-S", join(home.run, "tmux"), "-f", "/dev/null", ...args];
  try {
    return execFileSync("tmux", all, { cwd: home.path, env: home.env, encoding: "utf8", stdio: "pipe" });
  } catch {
    return "";
  }
}

/** A window of the session with this command typed into its shell. */
async function type(command: string): Promise<void> {
  if (tmux("has-session") === "" && tmux("list-sessions") === "")
    tmux("new-session", "-d", "-s", "limpet", "bash --norc");
  else tmux("new-window", "-t", "limpet", "bash --norc");
  await sleep(200);
  tmux("send-keys", "-t", "limpet", command, "Enter");
  await sleep(500);
}

const tend = (env: Readonly<Record<string, string>> = {}) =>
  home.start("tend", [], "", { LIMPET_ALIVE_SECONDS: "2", LIMPET_TELL_SECONDS: "0", ...env }).ended;

/** What the edge heard at the last turn; undefined where it heard nothing. */
async function heard() {
  const before = edge.activities.length;
  await tend();
  return edge.activities[before];
}

test("a prompt, an editor and a sleep are not alive once the time is over; a sleep is at its start", async () => {
  await type("");
  await type("bash -c 'stty -icanon; read x'");
  expect(await heard()).toMatchObject({ busy: true, commands: ["bash"], ending: false });
  await type("sleep 100000");
  expect((await heard())?.commands).toContain("sleep");
  await sleep(3_500);
  expect(await heard()).toEqual({ busy: false, commands: [], ending: false });
  // Once, when it stopped.
  expect(await heard()).toBeUndefined();
});

test("a job that computes is alive, one that only writes too, and a child of it that left its group", async () => {
  await type("while :; do :; done & sleep 100000");
  await type("bash -c 'while :; do :; done'");
  await type("bash -c 'while sleep 0.5; do printf .; done'");
  await type("bash -c 'setsid sh -c \"while :; do :; done\"; :'");
  await heard();
  await sleep(3_500);
  const word = await heard();
  // The first is in the background of its shell: what is in the foreground there sleeps.
  expect(word).toMatchObject({ busy: true, commands: ["bash"] });
  expect(execFileSync("ls", [join(home.state, "tend")], { encoding: "utf8" }).match(/job-/g)).toHaveLength(4);
  tmux("send-keys", "-t", "limpet:1", "C-c", "");
  tmux("send-keys", "-t", "limpet:2", "C-c", "");
  tmux("kill-window", "-t", "limpet:3");
  await sleep(3_000);
  expect(await heard()).toMatchObject({ busy: false });
});

test("well-known programs are named with what they do, and no program with its arguments", async () => {
  // A shell under another name, which runs the script that its first argument names.
  home.sh(
    "mkdir bin && cp /bin/bash bin/terraform && cp /bin/bash bin/deploy && echo 'read x' | tee apply SECRET-1 >SECRET_2",
  );
  await type("bin/terraform apply -var token=SECRET-3");
  await type("bin/terraform SECRET_2");
  await type("bin/deploy SECRET-1");
  expect((await heard())?.commands).toEqual(["deploy", "terraform", "terraform apply"]);
  expect(JSON.stringify(edge.activities)).not.toContain("SECRET");
});

test("a pipe whose first program ended goes by another one", async () => {
  await type("true | bash -c 'while :; do :; done'");
  await heard();
  await sleep(3_000);
  expect(await heard()).toMatchObject({ busy: true, commands: ["bash"] });
});

test("a busy shell is reported every few minutes, not at each turn; a report that failed comes again", async () => {
  await type("bash -c 'while :; do :; done'");
  const slow = { LIMPET_TELL_SECONDS: "4" };
  edge.fail({ path: "/api/pod/activity", do: 500 }, { path: "/api/pod/activity", do: 500 });
  await tend(slow);
  expect(edge.activities).toEqual([]);
  await tend(slow);
  await tend(slow);
  expect(edge.activities).toHaveLength(1);
  await sleep(4_000);
  await tend(slow);
  expect(edge.activities).toHaveLength(2);
});

test("work is saved when the time has come, by one turn alone, and not when the shell ends", async () => {
  home.configure(edge, { everySeconds: 3 });
  home.write("file");
  await Promise.all([tend(), tend()]);
  expect(edge.snapshots.size).toBe(1);
  expect(readFileSync(join(home.state, "tend/pause"), "utf8")).toBe("3\n");
  home.write("file", "changed");
  await tend();
  expect(edge.snapshots.size).toBe(1);
  await sleep(3_000);
  await tend();
  expect(edge.snapshots.size).toBe(2);
  await sleep(3_000);
  home.write("file", "changed again");
  home.sh('touch "$LIMPET_RUN/ending"');
  await tend();
  expect(edge.snapshots.size).toBe(2);
});

test("the main script calls it by itself, and ends at once with all of it when it is told to", async () => {
  home.configure(edge, { everySeconds: 1 });
  home.write("file");
  // As `tend` leaves it after its first turn.
  home.sh('mkdir -p "$HOME/.local/state/limpet/tend" && echo 1 >"$HOME/.local/state/limpet/tend/pause"');
  edge.fail({ path: "/api/pod/snapshot", do: "hang" });
  const { child, ended } = home.start("shell");
  await expect.poll(() => edge.count("PUT /api/pod/snapshot"), { timeout: 20_000 }).toBe(1);
  const begun = performance.now();
  child.kill("SIGTERM");
  expect((await ended).code).toBe(0);
  expect(performance.now() - begun).toBeLessThan(1_000);
  const ours = `HOME=${home.path}`;
  await expect.poll(() => running(ours), { timeout: 5_000 }).toEqual([]);
});

/** The commands of processes whose environment holds `mark`. */
function running(mark: string): readonly string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, "latin1").split("\0");
      return environment.includes(mark) ? [readFileSync(`/proc/${pid}/cmdline`, "latin1")] : [];
    } catch {
      // No process, or not ours to read.
      return [];
    }
  });
}
