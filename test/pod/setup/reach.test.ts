// Owns the proof of what `setup` says of what no shell may reach: by real connections, and only where it is asked to.
// Must not know what is made of it; what a policy shuts is proven on a real cluster (test/kubernetes/doctor.test.ts).

import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { parseReach } from "../../../worker/doctor/network-words.ts";
import { makeLine, Pod, type Run, startEdge } from "./pod.ts";

const lib = resolve(import.meta.dirname, "../../../cluster/image/lib/setup-reach.sh");

/** What the script makes of one address. */
async function reachOf(address: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const path = { PATH: "/usr/local/bin:/usr/bin:/bin" };
  const args = ["-c", '. "$1"; reach_of "$2"', "sh", lib, address];
  const { stdout } = await promisify(execFile)("sh", args, { env: { ...path, ...env } });
  return stdout;
}

/** Takes connections and never says a word. */
async function listening(): Promise<{ readonly port: number; readonly connections: () => number; close(): void }> {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => undefined);
    socket.end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the listener has no port");
  return { port: address.port, connections: () => connections, close: () => server.close() };
}

function reaches(run: Run): readonly string[] {
  return run.stdout.split("\n").flatMap((line) => {
    const reach = parseReach(line);
    return reach === null ? [] : [`${reach.to} ${reach.state}`];
  });
}

test("what takes a connection is open, whatever it says then, and was tried again; what refuses it is not", async () => {
  const listener = await listening();
  const address = `127.0.0.1:${listener.port}`;
  // A proxy of the company's is no way around.
  expect(await reachOf(address, { http_proxy: "http://127.0.0.1:1" })).toBe("open");
  expect(listener.connections()).toBe(3);
  listener.close();
  expect(await reachOf(address)).toBe("refused");
}, 20_000);

test("is told where it is asked for alone, and not tried where pods are processes of this machine", async () => {
  const edge = await startEdge();
  const pod = new Pod({ KUBERNETES_SERVICE_HOST: "127.0.0.1", KUBERNETES_SERVICE_PORT: "1" });
  try {
    expect(reaches(await pod.setup(makeLine(edge.url)))).toEqual([]);
    const run = await pod.setup(makeLine(edge.url, { tellPrograms: true }));
    expect(reaches(run)).toEqual(["api-server local", "metadata local"]);
    expect(run).toMatchObject({ receipt: true, stderr: "" });
  } finally {
    pod.close();
    await edge.close();
  }
}, 60_000);
