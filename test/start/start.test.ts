// Owns what a person may rely on of `npm start`: where it listens, whom it answers, that one runs at a time, that all of it
// ends, that nothing is forgotten, and that what dies is named and comes back.

import { once } from "node:events";
import { statSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { listProcesses } from "../browser/harness/processes.ts";
import { until } from "../browser/harness/until.ts";
import { LocalLimpet } from "./harness/local-limpet.ts";
import { Visitor } from "./harness/visitor.ts";

const readyPhase = "{ shell { phase podName } }";

describe("one that runs", () => {
  let limpet: LocalLimpet;

  beforeAll(async () => {
    limpet = await LocalLimpet.create();
    await limpet.begin();
  });
  afterAll(() => limpet.dispose());

  test("says where it is on its last line, once", () => {
    const lines = limpet.output.trimEnd().split("\n");
    expect(lines.at(-1)).toBe(`Limpet is ready: http://localhost:${limpet.port}`);
    expect(lines.filter((line) => line.includes("Limpet is ready"))).toHaveLength(1);
  });

  test.each([
    ["localhost", 200],
    ["LOCALHOST:9", 200],
    ["127.0.0.1:8787", 200],
    ["[::1]:8787", 200],
    ["limpet.example.com", 421],
    ["localhost.example.com", 421],
    ["evil@localhost", 421],
  ])("answers to Host %s with %i", async (host, status) => {
    expect(await statusFor(limpet.port, host, "/")).toBe(status);
  });

  test("refuses a foreign Host at the issuer and at the API too", async () => {
    expect(await statusFor(limpet.port, "rebound.example.com", "/oidc/.well-known/openid-configuration")).toBe(421);
    expect(await statusFor(limpet.port, "rebound.example.com", "/api/shell/socket")).toBe(421);
  });

  test("listens on loopback only", async (context) => {
    const address = Object.values(networkInterfaces())
      .flat()
      .find((found) => found !== undefined && !found.internal && found.family === "IPv4")?.address;
    if (address === undefined) return context.skip("this machine has no address but loopback");
    await expect(fetch(`http://${address}:${limpet.port}/healthz`)).rejects.toThrow("fetch failed");
  });

  test("keeps its state readable by its owner only", () => {
    for (const name of [".", "keys.json", "run.json"]) {
      expect(statSync(join(limpet.stateDir, name)).mode & 0o077, name).toBe(0);
    }
  });

  test("a second start in the same folder says where the first is, and changes nothing", async () => {
    const second = limpet.again();
    second.spawn();
    expect(await second.ended()).toBe(1);
    expect(second.output).toContain(
      `Limpet runs here already: http://localhost:${limpet.port} (pid ${limpet.supervisor})`,
    );
    expect((await fetch(`${limpet.url}/healthz`)).status).toBe(200);
  });

  test("signs anybody in by the real flow, as the same person under the same name", async () => {
    const ids: unknown[] = [];
    for (const name of ["Grace Hopper", "grace  hopper", "Ada"]) {
      const visitor = new Visitor(limpet.url);
      await visitor.signIn(name);
      ids.push(await visitor.ask("{ viewer { id } }", "viewer"));
    }
    expect(ids[0]).toEqual(ids[1]);
    expect(ids[0]).not.toEqual(ids[2]);
  });

  test("serves the page with a policy that lets no inline script run", async () => {
    const response = await fetch(limpet.url);
    expect(response.headers.get("content-security-policy")).toMatch(/script-src 'self'(;|$)/);
    expect(await response.text()).toContain("<title>Limpet</title>");
  });

  test("a part that dies is named with its last lines, and comes back", async () => {
    process.kill(limpet.partPid("cluster"), "SIGKILL");
    await limpet.says(
      /^Local cluster: ended unexpectedly; it is started again in [\d.]+ s\. (Its last lines|It said)/m,
    );
    await limpet.says(/^Local cluster: is back\./m);
    process.kill(limpet.partPid("issuer"), "SIGKILL");
    await limpet.says(/^Local issuer: is back\./m);
    await new Visitor(limpet.url).signIn("Katherine");
  });

  test("the edge may be killed with all that is in it, and comes back on the same port", async () => {
    process.kill(-limpet.partPid("edge"), "SIGKILL");
    await limpet.says(/^Edge: is back\./m);
    expect((await fetch(`${limpet.url}/healthz`)).status).toBe(200);
  });

  test("workerd may be killed: the sign-in and the shell are those of before", async () => {
    const visitor = new Visitor(limpet.url);
    await visitor.signIn("Margaret");
    await visitor.ask("mutation { createShell { id } }", "createShell");
    const before = await shellWhenReady(visitor);
    const edge = limpet.partPid("edge");
    const workerds = listProcesses().filter(({ name, parent }) => name === "workerd" && parent === edge);
    expect(workerds).toHaveLength(1);
    for (const { pid } of workerds) process.kill(pid, "SIGKILL");
    await limpet.says(/^Edge: workerd ended unexpectedly and was started again\./m);
    expect(await shellWhenReady(visitor)).toEqual(before);
  });
});

describe("ends and beginnings", () => {
  let limpet: LocalLimpet;

  afterEach(() => limpet.dispose());

  test("takes the next free port where the wanted one is taken, and says so", async () => {
    limpet = await LocalLimpet.create();
    const other = createServer().listen(limpet.port, "127.0.0.1");
    await once(other, "listening");
    try {
      await limpet.begin();
      expect(limpet.output).toMatch(new RegExp(`^Port ${limpet.port} is taken: using \\d+\\.$`, "m"));
      expect((await fetch(`${limpet.url}/healthz`)).status).toBe(200);
    } finally {
      other.close();
    }
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s ends all that was started, pods included", async (signal) => {
    limpet = await LocalLimpet.create();
    await limpet.begin();
    const visitor = new Visitor(limpet.url);
    await visitor.signIn("Somebody");
    await visitor.ask("mutation { createShell { id } }", "createShell");
    await shellWhenReady(visitor);
    expect(limpet.processes().length).toBeGreaterThan(5);
    limpet.signal(signal);
    expect(await limpet.ended()).toBe(0);
    expect(limpet.processes()).toEqual([]);
  });

  test.each([/^Limpet starts here/m, /^✓ Build/m, /^✓ Local issuer/m])(
    "Ctrl-C after %s leaves nothing",
    async (said) => {
      limpet = await LocalLimpet.create();
      limpet.spawn();
      await limpet.says(said);
      limpet.signal("SIGINT");
      expect(await limpet.ended()).toBe(0);
      expect(limpet.output).not.toContain("Limpet is ready");
      expect(limpet.processes()).toEqual([]);
    },
  );

  test("a sign-in and a shell survive a restart", async () => {
    limpet = await LocalLimpet.create();
    await limpet.begin();
    const visitor = new Visitor(limpet.url);
    await visitor.signIn("Somebody");
    await visitor.ask("mutation { createShell { id } }", "createShell");
    const shell = await shellWhenReady(visitor);
    limpet.signal("SIGINT");
    await limpet.ended();
    await limpet.begin();
    expect(await shellWhenReady(visitor)).toEqual(shell);
  });

  test("when the supervisor is killed its parts end too, and the next start is a good one", async () => {
    limpet = await LocalLimpet.create();
    await limpet.begin();
    const parts = ["cluster", "issuer", "edge"].map((part) => limpet.partPid(part));
    process.kill(limpet.supervisor, "SIGKILL");
    await until(
      "the parts to end",
      () => listProcesses().filter(({ pid }) => parts.includes(pid)),
      (left) => left.length === 0,
    );
    await limpet.ended();
    await limpet.begin();
    expect((await fetch(`${limpet.url}/healthz`)).status).toBe(200);
  });

  test("a state folder that cannot be used is named, with what to do", async () => {
    limpet = await LocalLimpet.create({ LIMPET_STATE: "/dev/null/limpet" });
    limpet.spawn();
    expect(await limpet.ended()).toBe(73);
    expect(limpet.output).toMatch(
      /Limpet cannot keep its state in \/dev\/null\/limpet: .*\n.*set LIMPET_STATE to another one/,
    );
  });

  test("a wrong setting is named before anything is started", async () => {
    limpet = await LocalLimpet.create({
      LIMPET_PUBLIC_URL: "https://limpet.example.com",
      LIMPET_CLUSTER_URL: "cluster",
    });
    limpet.spawn();
    expect(await limpet.ended()).toBe(78);
    expect(limpet.output).toContain("LIMPET_PUBLIC_URL must be on this machine");
    expect(limpet.output).toContain("LIMPET_CLUSTER_URL must be a URL");
  });
});

async function shellWhenReady(visitor: Visitor): Promise<unknown> {
  return await until(
    "the shell to be ready",
    () => visitor.ask(readyPhase, "shell"),
    (shell) => typeof shell === "object" && shell !== null && "phase" in shell && shell.phase === "READY",
  );
}

/** `fetch` sets Host by itself: this one says what it is told. */
async function statusFor(port: number, host: string, path: string): Promise<number | undefined> {
  const asked = request({ host: "127.0.0.1", port, path, headers: { host } }).end();
  const [response] = await once(asked, "response");
  response.resume();
  return response.statusCode;
}
