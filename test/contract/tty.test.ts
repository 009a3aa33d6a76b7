// Owns what Limpet relies on of pods/exec with a tty: it is one, it has sizes, it hears nothing of a cut.
// Must not know which server it is held against.

import { afterAll, beforeAll, expect, test } from "vitest";
import { openExec, run } from "./exec-client.ts";
import { readyPod, removeAll } from "./pods.ts";
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

const sh = (script: string) => ["sh", "-c", script];
/** Prints the size whenever a line is typed. */
const askSize = sh('while read -r line; do echo "$line size=$(stty size)."; done');

for (const protocol of ["v5.channel.k8s.io", "v4.channel.k8s.io"]) {
  test(`${protocol}: a tty for stdin, stdout and stderr, with echo, and TERM`, async () => {
    const command = sh(
      "test -t 0 && test -t 1 && test -t 2 && echo tty=$TERM; echo to-stderr >&2; read -r line; exit 7",
    );
    const exec = await openExec(target.client, pod, { command, tty: true, protocols: [protocol] });
    await exec.until(/to-stderr\r\n/);
    exec.type("typed\n");
    const end = await exec.ended;
    expect(exec.text(1)).toBe("tty=xterm\r\nto-stderr\r\ntyped\r\n");
    expect(exec.bytes(2)).toHaveLength(0);
    expect(end.status?.details.causes).toEqual([{ reason: "ExitCode", message: "7" }]);
  });
}

test("the size is 0 by 0 until it is told, and then what was told last", async () => {
  const exec = await openExec(target.client, pod, { command: askSize, tty: true });
  exec.type("a\n");
  await exec.until(/a size=0 0\./);
  exec.resize({ Width: 101, Height: 37 });
  exec.type("b\n");
  await exec.until(/b size=37 101\./);
  exec.resize({ Width: 60, Height: 20 });
  exec.type("c\n");
  await exec.until(/c size=20 60\./);
  exec.socket.close();
});

test("a size sent at once on open works", async () => {
  const exec = await openExec(target.client, pod, { command: askSize, tty: true });
  exec.resize({ Width: 90, Height: 30 });
  exec.type("first\n");
  await exec.until(/first size=30 90\./);
  exec.socket.close();
});

test("the keys of a size count in any case", async () => {
  const exec = await openExec(target.client, pod, { command: askSize, tty: true });
  exec.resize({ width: 91, HEIGHT: 31 });
  exec.type("any\n");
  await exec.until(/any size=31 91\./);
  exec.socket.close();
});

test.each([['{"Width":0,"Height":0}'], ["{}"], ['{"width":5,"colour":1}']])(
  "a size of %s changes nothing",
  async (size) => {
    const exec = await openExec(target.client, pod, { command: askSize, tty: true });
    exec.resize({ Width: 90, Height: 30 });
    exec.resize(size);
    exec.type("still\n");
    await exec.until(/still size=30 90\./);
    exec.socket.close();
  },
);

test.each([["nonsense"], ['{"Width":-1,"Height":24}'], ['{"Width":65536,"Height":24}']])(
  "a size of %s hangs stdin for good, and says nothing: it must never be sent",
  async (size) => {
    const exec = await openExec(target.client, pod, { command: askSize, tty: true });
    exec.type("before\n");
    await exec.until(/before size/);
    exec.resize(size);
    await new Promise((resolve) => setTimeout(resolve, 200));
    exec.resize({ Width: 90, Height: 30 });
    exec.type("after\n");
    await expect(exec.until(/after size/, 1_500)).rejects.toThrow("did not come");
    expect(exec.socket.readyState).toBe(exec.socket.OPEN);
    exec.socket.terminate();
  },
);

test("v5: a half-close means nothing to a tty", async () => {
  const exec = await openExec(target.client, pod, { command: askSize, tty: true, protocols: ["v5.channel.k8s.io"] });
  exec.send(255, Buffer.from([0]));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(exec.socket.readyState).toBe(exec.socket.OPEN);
  exec.socket.close();
});

test("Ctrl-C interrupts, through the tty's own line discipline", async () => {
  const command = sh("trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.05; done");
  const exec = await openExec(target.client, pod, { command, tty: true });
  await exec.until(/ready/);
  exec.type("\u0003");
  const { status } = await exec.ended;
  expect(exec.text()).toContain("interrupted");
  expect(status?.details.causes[0].message).toBe("5");
});

test("a cut tells a process with a tty nothing; without one its input ends", async () => {
  const mark = "$HOME/mark";
  const waits = (name: string) =>
    sh(`trap 'echo hup > ${mark}-${name}' HUP; echo ready; read -r x; echo ended > ${mark}-${name}`);
  const withTty = await openExec(target.client, pod, { command: waits("tty"), tty: true });
  const without = await openExec(target.client, pod, { command: waits("pipe") });
  await Promise.all([withTty.until(/ready/), without.until(/ready/)]);
  withTty.socket.terminate();
  without.socket.terminate();
  const look = sh(
    `for i in 1 2 3 4 5 6 7 8 9 10; do test -e ${mark}-pipe && break; sleep 0.2; done; sleep 0.5; cat ${mark}-*; rm -f ${mark}-*`,
  );
  expect((await run(target.client, pod, { command: look })).text()).toBe("ended\n");
});
