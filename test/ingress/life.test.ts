// Owns the proof that the ingress lives through changes: credential, keys, certificates, reloads and its own end.
// Must not know Kubernetes: files change here as the kubelet changes them there.

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { makeCertificate } from "../git-servers/certificate.ts";
import { findHaproxy, type Haproxy } from "./harness/haproxy.ts";
import { apiServerName, Ingress, settings } from "./harness/ingress.ts";
import { type Place, RawConnection, sendRaw } from "./harness/raw-client.ts";
import { startSteady } from "./harness/steady.ts";
import { makeSigner } from "./harness/tokens.ts";
import { startUpstream, type Upstream } from "./harness/upstream.ts";
import { hostileBytes, type Stage } from "./hostile-requests.ts";

const haproxy = findHaproxy();
const missing = "missing" in haproxy ? haproxy.missing : null;

const first = makeSigner("edge-1");
const second = makeSigner("edge-2");
const base = {
  ...settings,
  host: "cluster.limpet.test",
  pod: "limpet-0123456789abcdefghjk",
  stranger: makeSigner("x"),
};
const stage: Stage = { ...base, signer: first };
const later: Stage = { ...base, signer: second };

/** A reload reads the configuration anew: on two busy cores some seconds. */
const soon = { timeout: 15_000, interval: 50 };

/** A tunnel whose other end gives back what it is given. */
async function openTunnel(place: Place, by: Stage): Promise<RawConnection> {
  const tunnel = await RawConnection.open(place);
  tunnel.send(hostileBytes({ of: "exec" }, by));
  expect((await tunnel.answer())?.code).toBe(101);
  return tunnel;
}

async function echo(tunnel: RawConnection, text: string): Promise<string> {
  tunnel.send(text);
  return tunnel.bytes(text.length);
}

describe.skipIf(missing !== null)(`ingress${missing === null ? "" : `: ${missing}`}`, () => {
  const apiCertificate = makeCertificate([apiServerName]);
  let upstream: Upstream;
  let ingress: Ingress;

  const start = (program: Haproxy): Promise<Ingress> =>
    Ingress.start({
      haproxy: program,
      apiServer: { port: upstream.port, cert: apiCertificate.cert },
      certificate: makeCertificate(),
      signers: [first],
      credential: "credential-1",
      settings: { LIMPET_DRAIN_SECONDS: "60" },
    });

  beforeAll(async () => {
    upstream = await startUpstream(apiCertificate);
  });

  afterAll(() => upstream.close());

  beforeEach(async () => {
    if ("missing" in haproxy) return;
    ingress = await start(haproxy);
  });

  afterEach(async () => {
    upstream.answerWith(200);
    await ingress.close();
  });

  const ask = (by = stage) => sendRaw(ingress.place, hostileBytes({}, by));
  const lastCredential = () => upstream.received.at(-1)?.headers.authorization;

  test("a rotated credential is read again, without one lost request", async () => {
    const steady = startSteady(
      () => ingress.place,
      () => hostileBytes({}, stage),
    );
    const started = Date.now();
    ingress.putCredential("credential-2\n");
    while (lastCredential() !== "Bearer credential-2") {
      expect(Date.now() - started).toBeLessThan(15_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const then = steady.answered();
    await expect.poll(steady.answered, soon).toBeGreaterThan(then + 10);
    const { answered, lost } = await steady.stop();
    expect(lost).toEqual([]);
    expect(answered).toBeGreaterThan(10);
  });

  test("without a credential: 503 with the reason, not ready, and well again when there is one", async () => {
    for (const text of ["", "no token\r\nX-Remote-User: admin"]) {
      ingress.putCredential(text);
      await expect.poll(async () => (await ask())?.code, soon).toBe(503);
      const before = upstream.received.length;
      expect((await ask())?.body).toContain("The ingress has no credential for the API server yet");
      expect(upstream.received.length).toBe(before);
      expect((await fetch(`${ingress.statusUrl}/readyz`)).status).toBe(503);
      expect((await fetch(`${ingress.statusUrl}/healthz`)).status).toBe(200);
    }
    ingress.putCredential("credential-3");
    await expect.poll(async () => (await ask())?.code, soon).toBe(200);
    expect((await fetch(`${ingress.statusUrl}/readyz`)).status).toBe(200);
  });

  test("an API server that refuses the ingress is not taken for one that refuses the edge", async () => {
    upstream.answerWith(401);
    const answer = await ask();
    expect(answer?.code).toBe(503);
    expect(answer?.body).toContain("The ingress has a credential that the API server refuses");
    upstream.answerWith(404);
    expect(JSON.parse((await ask())?.body ?? "")).toMatchObject({ kind: "Pod" });
  });

  test("the edge's key rotates without one lost request or tunnel", async () => {
    const tunnel = await openTunnel(ingress.place, stage);
    let by = stage;
    const steady = startSteady(
      () => ingress.place,
      () => hostileBytes({}, by),
    );
    expect((await ask(later))?.body).toContain("a key that the ingress has");
    await ingress.reloaded(() => ingress.putKeys([first, second]));
    await expect.poll(async () => (await ask(later))?.code, soon).toBe(200);
    // The edge signs with the new one, and only then the old one goes.
    by = later;
    await new Promise((resolve) => setTimeout(resolve, 300));
    await ingress.reloaded(() => ingress.putKeys([second]));
    await expect.poll(async () => (await ask(stage))?.code, soon).toBe(401);
    const { answered, lost } = await steady.stop();
    expect(lost).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect(await echo(tunnel, "still here")).toBe("still here");
    tunnel.close();
  });

  test("a key that was taken away opens nothing within three seconds, on connections that were held open neither", async () => {
    // The worker that a reload replaces stays for them, with the keys that it began with.
    const held = await Promise.all([1, 2, 3].map(() => RawConnection.open(ingress.place)));
    const use = async (connection: RawConnection, of: "get" | "exec", by: Stage) => {
      connection.send(hostileBytes({ of }, by));
      return (await connection.answer())?.code;
    };
    for (const connection of held) expect(await use(connection, "get", stage)).toBe(200);
    const started = Date.now();
    await ingress.reloaded(() => ingress.putKeys([second]));
    await expect.poll(async () => (await ask(later))?.code, soon).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, 3_000 - (Date.now() - started))));
    const before = upstream.received.length;
    for (const connection of held) {
      expect(await use(connection, "exec", stage)).toBe(401);
      connection.close();
    }
    expect(upstream.received.length).toBe(before);
  });

  test("a key is taken away in a second, though a certificate that does not fit keeps HAProxy from a reload", async () => {
    ingress.putCertificate({ cert: "no certificate", key: "no key" });
    await ingress.until(() => ingress.log.find(({ event }) => event === "reload-refused"));
    const held = await RawConnection.open(ingress.place);
    expect((await ask())?.code).toBe(200);
    const started = Date.now();
    ingress.putKeys([]);
    await expect.poll(async () => (await ask())?.code, { timeout: 5_000, interval: 20 }).toBe(401);
    console.log(`· Ingress: a key that was taken away is refused after ${Date.now() - started} ms`);
    held.send(hostileBytes({ of: "exec" }, stage));
    expect((await held.answer())?.body).toContain("a key that the ingress has");
    held.close();
    // Another key under the same name is another key.
    ingress.putKeys([{ ...second, kid: first.kid }]);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await ask())?.code).toBe(401);
    ingress.putKeys([first]);
    await expect.poll(async () => (await ask())?.code, soon).toBe(200);
    expect(ingress.log.filter(({ event }) => event === "reload")).toEqual([]);
  });

  test("a certificate rotates without one lost request or tunnel", async () => {
    const tunnel = await openTunnel(ingress.place, stage);
    const certificate = makeCertificate();
    // Clients trust both for as long as they cannot know which they meet.
    const both: Place = { ...ingress.place, ca: ingress.place.ca + certificate.cert };
    const steady = startSteady(
      () => both,
      () => hostileBytes({}, stage),
    );
    await ingress.reloaded(() => ingress.putCertificate(certificate));
    const renewed: Place = { ...ingress.place, ca: certificate.cert };
    await expect
      .poll(async () => (await sendRaw(renewed, hostileBytes({}, stage)).catch(() => null))?.code, soon)
      .toBe(200);
    const { answered, lost } = await steady.stop();
    expect(lost).toEqual([]);
    expect(answered).toBeGreaterThan(50);
    expect(await echo(tunnel, "still here")).toBe("still here");
    tunnel.close();
  });

  test("keys and certificates that are none change nothing", async () => {
    ingress.putKeys([first], { "notes.txt": "x", "bad name.pem": first.publicPem, "private.pem": "-----BEGIN EC" });
    await ingress.until(() => ingress.log.find(({ event }) => event === "reload"));
    expect(ingress.log.filter(({ event }) => event === "key-refused")).toHaveLength(2);
    expect((await ask())?.code).toBe(200);
    ingress.putCertificate({ cert: "no certificate", key: "no key" });
    await ingress.until(() => ingress.log.find(({ event }) => event === "reload-refused"));
    expect((await ask())?.code).toBe(200);
  });

  test("a reload that failed is tried again until it succeeds, and told once for the same files", async () => {
    if ("missing" in haproxy) return;
    // A program that fails to look at a configuration for as long as a file is there: no memory, a disk that is full.
    const folder = mkdtempSync(join(tmpdir(), "limpet-haproxy-"));
    const fault = join(folder, "fault");
    const program = join(folder, "haproxy");
    const lines = [
      "#!/bin/sh",
      `if [ "$1" = -c ] && [ -e '${fault}' ]; then exit 1; fi`,
      `exec '${haproxy.program}' "$@"`,
    ];
    writeFileSync(program, `${lines.join("\n")}\n`, { mode: 0o755 });
    const faulty = await start({ ...haproxy, program });
    const askThere = async (by: Stage) => (await sendRaw(faulty.place, hostileBytes({}, by)))?.code;
    const refusals = () => faulty.log.filter(({ event }) => event === "reload-refused").length;
    try {
      writeFileSync(fault, "");
      faulty.putKeys([first, second]);
      await faulty.until(() => (refusals() > 0 ? true : undefined));
      // Some looks more.
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      expect(refusals()).toBe(1);
      expect([await askThere(stage), await askThere(later)]).toEqual([200, 401]);
      await faulty.reloaded(() => rmSync(fault));
      expect(await askThere(later)).toBe(200);
    } finally {
      await faulty.close();
      rmSync(folder, { recursive: true });
    }
  });

  test("new keys are not said to be in use before HAProxy has taken them", async () => {
    const reloads = () => ingress.log.filter(({ event }) => event === "reload");
    process.kill(ingress.master, "SIGSTOP");
    try {
      ingress.putKeys([first, second]);
      await expect.poll(ingress.hasSwapped, soon).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      expect(reloads()).toEqual([]);
      expect((await ask(later))?.code).toBe(401);
    } finally {
      process.kill(ingress.master, "SIGCONT");
    }
    // A master that was stopped in the middle of its start may miss the signal: then it is told again after 30 s.
    await ingress.until(() => reloads().at(0), 50_000);
    expect((await ask(later))?.code).toBe(200);
  });

  test("told to end: requests still pass for a while, a tunnel goes on, then it ends", async () => {
    const tunnel = await openTunnel(ingress.place, stage);
    const steady = startSteady(
      () => ingress.place,
      () => hostileBytes({}, stage),
    );
    const left = ingress.leave();
    await ingress.until(() => ingress.log.find(({ event }) => event === "leaving"));
    const { answered, lost } = await steady.stop();
    expect(lost).toEqual([]);
    expect(answered).toBeGreaterThan(0);
    // The listener is closed now; the tunnel is not.
    await expect.poll(() => ask().catch(() => "refused"), soon).toBe("refused");
    expect(await echo(tunnel, "still here")).toBe("still here");
    tunnel.close();
    const before = Date.now();
    await left;
    // Not after the whole time to drain: nothing was left to wait for.
    expect(Date.now() - before).toBeLessThan(15_000);
  });

  test("without a setting that only the installation knows it does not start, and names it", async () => {
    const script = resolve(import.meta.dirname, "../../cluster/ingress/run");
    for (const name of ["LIMPET_ISSUER", "LIMPET_AUDIENCE", "LIMPET_NAMESPACE"]) {
      const all = { LIMPET_ISSUER: "https://x.example.com", LIMPET_AUDIENCE: "x", LIMPET_NAMESPACE: "x" };
      const env = { ...process.env, ...all, [name]: "" };
      const { status, stderr } = spawnSync("sh", [script], { env, encoding: "utf8" });
      expect(status).not.toBe(0);
      expect(stderr).toContain(`${name}: is not set`);
    }
  });
});
