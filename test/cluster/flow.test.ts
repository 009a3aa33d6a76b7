// Owns that an exec holds a process whose reader is slow, and a client whose process is slow, and loses nothing.
// Must not know what is written.

import { afterAll, beforeAll, expect, test } from "vitest";
import { type Exec, openExec } from "../contract/exec-client.ts";
import { readyPod } from "../contract/pods.ts";
import { type Server, startServer } from "./server.ts";

let server: Server;
let pod: string;

beforeAll(async () => {
  server = await startServer();
  pod = await readyPod(server);
});

afterAll(() => server.close());

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const total = 40_000_000;

/** Writes `total` zeros in pieces of 1 MB and notes on stderr, or beside a tty in a file, how many it got rid of. */
const writer = (tty: boolean) => [
  "sh",
  "-c",
  `${tty ? "stty raw -echo; " : ""}i=0; while [ $i -lt 40 ]; do head -c 1000000 /dev/zero; i=$((i+1)); echo $i > $HOME/written; done`,
];

async function written(): Promise<number> {
  const exec = await openExec(server.client, pod, { command: ["sh", "-c", "cat $HOME/written 2>/dev/null || echo 0"] });
  await exec.ended;
  return Number(exec.text());
}

/** What was written once that has not grown for a while: a busy machine takes its time to fill the buffers. */
async function untilSteady(): Promise<number> {
  let before = -1;
  for (;;) {
    const now = await written();
    if (now === before) return now;
    before = now;
    await pause(700);
  }
}

async function count(exec: Exec): Promise<number> {
  await exec.ended;
  return exec.messages.reduce((sum, message) => sum + (message[0] === 1 ? message.length - 1 : 0), 0);
}

test.each([false, true])(
  "a reader that stops holds the process; one that goes on gets every byte (tty: %s)",
  async (tty) => {
    const exec = await openExec(server.client, pod, { command: writer(tty), tty });
    exec.socket.pause();
    const held = await untilSteady();
    // The kernel's buffers and ours, on both sides of the connection.
    expect(held).toBeLessThan(20);
    exec.socket.resume();
    expect(await count(exec)).toBe(total);
  },
);

test.each([false, true])(
  "what a process wrote last is not lost on a reader that is slow then (tty: %s)",
  async (tty) => {
    const size = 6_000_000;
    const command = ["sh", "-c", `${tty ? "stty raw -echo; " : ""}head -c ${size} /dev/zero`];
    const exec = await openExec(server.client, pod, { command, tty });
    exec.socket.pause();
    await pause(500);
    for (let step = 0; step < 6; step += 1) {
      exec.socket.resume();
      await pause(5);
      exec.socket.pause();
      await pause(300);
    }
    exec.socket.resume();
    expect(await count(exec)).toBe(size);
    expect((await exec.ended).status).toEqual({ metadata: {}, status: "Success" });
  },
);

test("a process that does not read holds the client; once it reads, all of it arrives", async () => {
  const script = 'read -r go < "$HOME/go"; wc -c';
  const make = await openExec(server.client, pod, { command: ["sh", "-c", "mkfifo $HOME/go"] });
  await make.ended;
  const exec = await openExec(server.client, pod, { command: ["sh", "-c", script] });
  for (let sent = 0; sent < total; sent += 1_000_000) exec.send(0, Buffer.alloc(1_000_000));
  exec.send(255, Buffer.from([0]));
  await pause(500);
  expect(exec.socket.bufferedAmount).toBeGreaterThan(total / 2);
  await (await openExec(server.client, pod, { command: ["sh", "-c", "echo > $HOME/go"] })).ended;
  await exec.ended;
  expect(exec.text().trim()).toBe(String(total));
});

test("a process that ends while its output is held still ends with its own code, after its output", async () => {
  const exec = await openExec(server.client, pod, { command: ["sh", "-c", "head -c 60000 /dev/zero; exit 9"] });
  exec.socket.pause();
  await pause(400);
  exec.socket.resume();
  expect(await count(exec)).toBe(60_000);
  expect((await exec.ended).status?.details.causes[0].message).toBe("9");
});

test("a daemon that keeps the output open does not keep the exec from ending", async () => {
  const exec = await openExec(server.client, pod, { command: ["sh", "-c", "sleep 30 & echo started"] });
  const before = Date.now();
  expect((await exec.ended).status).toEqual({ metadata: {}, status: "Success" });
  expect(Date.now() - before).toBeLessThan(5_000);
  expect(exec.text()).toBe("started\n");
});
