// Owns what Limpet relies on of pods/exec while it runs: channels, ends, half-close, sizes.
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

for (const protocol of ["v5.channel.k8s.io", "v4.channel.k8s.io"]) {
  test(`${protocol}: stdin, stdout, stderr and a clean end`, async () => {
    const exec = await openExec(target.client, pod, {
      command: sh("echo to-stderr >&2; read line; echo got $line"),
      protocols: [protocol],
    });
    expect(exec.protocol).toBe(protocol);
    exec.type("hello\n");
    const end = await exec.ended;
    expect(exec.text(1)).toBe("got hello\n");
    expect(exec.text(2)).toBe("to-stderr\n");
    expect(end).toEqual({ code: 1000, status: { metadata: {}, status: "Success" } });
  });
}

test("v5 is taken when both are offered, in either order", async () => {
  for (const protocols of [
    ["v5.channel.k8s.io", "v4.channel.k8s.io"],
    ["v4.channel.k8s.io", "v5.channel.k8s.io"],
  ]) {
    const exec = await run(target.client, pod, { command: ["true"], protocols });
    expect(exec.protocol).toBe("v5.channel.k8s.io");
  }
});

test("the first message is empty, on the lowest output channel", async () => {
  const both = await run(target.client, pod, { command: ["true"] });
  expect(both.messages[0]).toEqual(Buffer.from([1]));
  const errorsOnly = await run(target.client, pod, { command: ["true"], stdin: false, stdout: false });
  expect(errorsOnly.messages[0]).toEqual(Buffer.from([2]));
});

test.each([
  ["exit 7", "7"],
  ["kill -9 $$", "137"],
])("%s ends with NonZeroExitCode %s", async (script, code) => {
  const { end } = await run(target.client, pod, { command: sh(script) });
  expect(end.code).toBe(1000);
  expect(end.status).toMatchObject({
    status: "Failure",
    reason: "NonZeroExitCode",
    details: { causes: [{ reason: "ExitCode", message: code }] },
  });
});

test("v5: a half-close of stdin is the end of input", async () => {
  const exec = await openExec(target.client, pod, { command: ["cat"], protocols: ["v5.channel.k8s.io"] });
  exec.type("all of it");
  exec.send(255, Buffer.from([0]));
  const end = await exec.ended;
  expect(exec.text()).toBe("all of it");
  expect(end.status).toEqual({ metadata: {}, status: "Success" });
});

test("without a tty stdin, stdout and stderr are pipes that can be opened by name", async () => {
  const exec = await openExec(target.client, pod, { command: sh("cat /dev/stdin > /dev/stdout") });
  exec.type("by name");
  exec.send(255, Buffer.from([0]));
  await exec.ended;
  expect(exec.text(2)).toBe("");
  expect(exec.text(1)).toBe("by name");
});

test("all 256 byte values pass in both directions, in messages of 32,768 bytes at most behind the channel", async () => {
  const bytes = Buffer.alloc(1_000_000, Buffer.from(Array.from({ length: 256 }, (_, value) => value)));
  const exec = await openExec(target.client, pod, { command: ["cat"] });
  for (let at = 0; at < bytes.length; at += 10_000) exec.send(0, bytes.subarray(at, at + 10_000));
  exec.send(255, Buffer.from([0]));
  await exec.ended;
  expect(exec.bytes().equals(bytes)).toBe(true);
  expect(Math.max(...exec.messages.map((message) => message.length))).toBeLessThanOrEqual(32_769);
});
