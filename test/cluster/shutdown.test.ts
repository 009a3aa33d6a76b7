// Owns that the image's `shutdown` ends a shell as a person would: interrupt, time, hang-up, save, and then the server.
// Must not know how a pod's grace is enforced, or what a save holds beyond a file by which it is known.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { findPodProcesses } from "../../dev/cluster/runtime/pod-processes.ts";
import { openExec, run } from "../contract/exec-client.ts";
import { readyPod, removePod, untilGone } from "../contract/pods.ts";
import { fileIn } from "../pod/home/home.ts";
import { capability, PodEdge } from "../pod/home/pod-edge.ts";
import { type Server, startServer } from "./server.ts";

let server: Server;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

const shutdown = ["/usr/local/lib/limpet/shutdown"];
const tmux = 'tmux -S "$LIMPET_RUN/tmux" -f /dev/null';

/** A shell with a session in which each of these commands runs in a window of its own; they write to `$HOME/log`. */
async function shellWith(commands: readonly string[], seconds = 5): Promise<string> {
  return shellIn({ LIMPET_INTERRUPT_SECONDS: String(seconds) }, commands);
}

/** The same with an environment of its own; with an edge it is one that was set up. */
async function shellIn(
  environment: Readonly<Record<string, string>>,
  commands: readonly string[],
  edge?: PodEdge,
): Promise<string> {
  const env = Object.entries(environment).map(([name, value]) => ({ name, value }));
  const lifecycle = { preStop: { exec: { command: shutdown } } };
  const container = { command: ["/usr/local/lib/limpet/shell"], env, lifecycle };
  const pod = await readyPod(server, { grace: Number(environment["LIMPET_GRACE_SECONDS"] ?? 30), container });
  if (edge !== undefined) {
    const state = "$HOME/.local/state/limpet";
    const config = JSON.stringify({
      edge: { url: edge.url, capability },
      company: {},
      git: null,
      save: { everySeconds: 3600, fileLimitBytes: 1_000_000, homeLimitBytes: 1_000_000, include: [] },
    });
    await inPod(
      pod,
      `mkdir -p ${state}/setup && : >${state}/setup/home && printf %s ${quote(config)} >${state}/config.json`,
    );
  }
  await inPod(pod, `${tmux} new-session -d -s limpet -x 80 -y 24 bash`);
  for (const [index, command] of commands.entries()) {
    if (index > 0) await inPod(pod, `${tmux} new-window -t limpet bash`);
    await inPod(pod, `${tmux} send-keys -t limpet:${index} ${quote(command)} Enter`);
  }
  return pod;
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

async function inPod(pod: string, script: string): Promise<string> {
  const exec = await run(server.client, pod, { command: ["sh", "-c", script] });
  return exec.text() + exec.text(2);
}

async function untilLogged(pod: string, pattern: RegExp): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    if (pattern.test(await inPod(pod, "cat $HOME/log 2>/dev/null"))) return;
    await sleep(50);
  }
  throw new Error(`${pattern} was not logged`);
}

test("each foreground job gets one interrupt, and the time that it needs to end cleanly", async () => {
  const job = (name: string) =>
    `bash -c 'trap "echo ${name} interrupted >> ~/log; sleep 1; echo ${name} done >> ~/log; exit" INT; ` +
    `echo ${name} ready >> ~/log; while :; do sleep 0.1; done'`;
  const pod = await shellWith([job("one"), job("two")]);
  await untilLogged(pod, /one ready/);
  await untilLogged(pod, /two ready/);
  const { end } = await run(server.client, pod, { command: shutdown });
  expect(end.status?.status).toBe("Success");
  const log = (await inPod(pod, "cat $HOME/log")).trim().split("\n").slice(2);
  expect(log.toSorted()).toEqual(["one done", "one interrupted", "two done", "two interrupted"]);
  expect(await inPod(pod, `${tmux} list-sessions`)).toMatch(/no server running|error connecting/);
  await removePod(server, pod);
});

test("what ignores the interrupt, and the wish to end, is hung up when the time is over", async () => {
  const job = `bash -c 'trap "" INT TERM; trap "echo hung up >> ~/log; exit" HUP; echo ready >> ~/log; while :; do sleep 0.1; done'`;
  const pod = await shellWith([job], 1);
  await untilLogged(pod, /ready/);
  const before = Date.now();
  await run(server.client, pod, { command: shutdown });
  expect(Date.now() - before).toBeGreaterThan(900);
  // The terminal that goes hangs up once more: a trap may run twice.
  expect(await inPod(pod, "uniq $HOME/log")).toBe("ready\nhung up\n");
  await removePod(server, pod);
});

test("who waits for keys is not waited for: an editor, a prompt that outlives its interrupt", async () => {
  const log = 'trap "echo $0 hung up >> ~/log; exit" HUP; echo $0 ready >> ~/log';
  const editor = `bash -c 'stty -icanon; trap "" INT; ${log}; while :; do sleep 0.1; done' editor`;
  const prompt = `bash -c 'trap "stty -icanon" INT; ${log}; while :; do sleep 0.1; done' prompt`;
  const pod = await shellWith([editor, prompt], 20);
  await untilLogged(pod, /editor ready/);
  await untilLogged(pod, /prompt ready/);
  const before = Date.now();
  await run(server.client, pod, { command: shutdown });
  expect(Date.now() - before).toBeLessThan(8_000);
  expect(await inPod(pod, "sort -u $HOME/log")).toBe("editor hung up\neditor ready\nprompt hung up\nprompt ready\n");
  await removePod(server, pod);
});

test("a shell at its prompt ends at once, with its history written", async () => {
  const pod = await shellWith(["echo remember-me >> ~/log"], 20);
  await untilLogged(pod, /remember-me/);
  const before = Date.now();
  await run(server.client, pod, { command: shutdown });
  expect(Date.now() - before).toBeLessThan(2_500);
  expect(await inPod(pod, "cat $HOME/.bash_history")).toContain("remember-me");
  await removePod(server, pod);
});

test("a control client that is stuck in writing does not keep the server alive", async () => {
  const pod = await shellWith(["seq 1 100000000"], 1);
  const attach = ["sh", "-c", `exec ${tmux} -C attach-session -t limpet`];
  const client = await openExec(server.client, pod, { command: attach });
  await client.until(/%output/);
  client.socket.pause();
  await sleep(300);
  client.socket.terminate();
  const before = Date.now();
  await run(server.client, pod, { command: shutdown });
  expect(Date.now() - before).toBeLessThan(8_000);
  const { body } = await server.client.call("GET", server.client.pods(`/${pod}`));
  const commands = findPodProcesses(body.metadata.uid).map(({ pid }) => readFileSync(`/proc/${pid}/comm`, "utf8"));
  expect(commands.filter((command) => command.startsWith("tmux"))).toEqual([]);
  await removePod(server, pod);
});

test("without a session there is nothing to do", async () => {
  const pod = await readyPod(server, { container: { command: ["/usr/local/lib/limpet/shell"] } });
  const { end } = await run(server.client, pod, { command: shutdown });
  expect(end.status?.status).toBe("Success");
  await removePod(server, pod);
});

/** Takes a lock at its start, and once interrupted needs `seconds` to give it back: a second interrupt makes it leave it. */
const terraform = (seconds: number): string =>
  `bash -c 'on() { trap "echo twice >> ~/log; exit 1" INT TERM; echo interrupted >> ~/log; ` +
  `for i in $(seq ${seconds * 10}); do sleep 0.1; done; rm ~/lock; echo released >> ~/log; exit; }; ` +
  `trap on INT; touch ~/lock; echo ready >> ~/log; while :; do sleep 0.1; done'`;

test("a program that needs 20 s to give its lock back gets them, is spoken of, and what it wrote last is saved", async () => {
  const edge = await PodEdge.start();
  const pod = await shellIn({ LIMPET_GRACE_SECONDS: "60" }, [terraform(20)], edge);
  await untilLogged(pod, /ready/);
  const begun = Date.now();
  await server.client.call("DELETE", server.client.pods(`/${pod}`));
  await untilGone(server, pod);
  expect(Date.now() - begun).toBeGreaterThan(20_000);
  expect(Date.now() - begun).toBeLessThan(35_000);
  expect(fileIn(edge.newest, "home/log").toString()).toBe("ready\ninterrupted\nreleased\n");
  expect(edge.activities[0]).toEqual({ busy: true, commands: ["bash"], ending: true });
  expect(edge.receipts.at(-1)).toMatchObject({ kind: "edge", state: "saved" });
  // One save began while it was waited for.
  expect(edge.snapshots.size).toBe(2);
  await edge.close();
});

test("who ignores the interrupt is told to end, and what it wrote then is saved too", async () => {
  const edge = await PodEdge.start();
  const job = `bash -c 'trap "" INT; trap "echo told to end >> ~/log; exit" TERM; echo ready >> ~/log; while :; do sleep 0.1; done'`;
  const pod = await shellIn({ LIMPET_GRACE_SECONDS: "60", LIMPET_INTERRUPT_SECONDS: "1" }, [job], edge);
  await untilLogged(pod, /ready/);
  await run(server.client, pod, { command: shutdown });
  expect(fileIn(edge.newest, "home/log").toString()).toBe("ready\ntold to end\n");
  await removePod(server, pod);
  await edge.close();
});

test("the node's notice is kept where it is shorter than the grace, and half of it is the save's", async () => {
  const edge = await PodEdge.start();
  const pod = await shellIn({ LIMPET_GRACE_SECONDS: "300", LIMPET_NOTICE_SECONDS: "17" }, [terraform(100)], edge);
  await untilLogged(pod, /ready/);
  const begun = Date.now();
  await run(server.client, pod, { command: shutdown });
  expect(Date.now() - begun).toBeLessThan(12_000);
  expect(edge.receipts.at(-1)).toMatchObject({ kind: "edge", state: "saved" });
  await removePod(server, pod);
  await edge.close();
});

test("an edge that hangs keeps nothing past the grace", async () => {
  const edge = await PodEdge.start();
  edge.fail(...Array.from({ length: 50 }, () => ({ path: "/", do: "hang" }) as const));
  const pod = await shellIn({ LIMPET_GRACE_SECONDS: "17" }, [terraform(1)], edge);
  await untilLogged(pod, /ready/);
  const begun = Date.now();
  await run(server.client, pod, { command: shutdown });
  expect(Date.now() - begun).toBeLessThan(16_000);
  expect(await inPod(pod, "cat $HOME/log")).toMatch(/released/);
  expect(await inPod(pod, `${tmux} list-sessions`)).toMatch(/no server running|error connecting/);
  await removePod(server, pod);
  await edge.close();
});

test("a save that was under way does not keep the last one from its turn, nor a shell without programs from a save", async () => {
  const edge = await PodEdge.start();
  const pod = await shellIn({ LIMPET_GRACE_SECONDS: "40" }, [], edge);
  edge.fail({ path: "/api/pod/snapshot", do: "hang" });
  const other = openExec(server.client, pod, { command: ["/usr/local/lib/limpet/save"] });
  await expect.poll(() => edge.count("PUT"), { timeout: 20_000 }).toBe(1);
  await run(server.client, pod, { command: shutdown });
  expect(edge.receipts.at(-1)).toMatchObject({ kind: "edge", state: "saved" });
  (await other).socket.terminate();
  await removePod(server, pod);
  await edge.close();
});
