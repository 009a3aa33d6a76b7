// Owns the proof that the ingress lets Limpet's own requests through and none of an attacker's.
// Must not know HAProxy's rules.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificate } from "../git-servers/certificate.ts";
import { findHaproxy } from "./harness/haproxy.ts";
import { apiServerName, Ingress, type LogLine, settings } from "./harness/ingress.ts";
import { sendRaw } from "./harness/raw-client.ts";
import { makeSigner } from "./harness/tokens.ts";
import { startUpstream, type Upstream } from "./harness/upstream.ts";
import { goodRequest, hostileBytes, hostileRequests, isRefused, type Stage } from "./hostile-requests.ts";

const haproxy = findHaproxy();
const missing = "missing" in haproxy ? haproxy.missing : null;

const signer = makeSigner("edge-1");
const stage: Stage = {
  ...settings,
  host: "cluster.limpet.test",
  pod: "limpet-0123456789abcdefghjk",
  signer,
  stranger: makeSigner("edge-1"),
};

describe.skipIf(missing !== null)(`ingress${missing === null ? "" : `: ${missing}`}`, () => {
  let upstream: Upstream;
  let ingress: Ingress;

  beforeAll(async () => {
    if ("missing" in haproxy) return;
    const certificate = makeCertificate([apiServerName]);
    upstream = await startUpstream(certificate);
    ingress = await Ingress.start({
      haproxy,
      apiServer: { port: upstream.port, cert: certificate.cert },
      certificate: makeCertificate(),
      signers: [signer],
      credential: "the-service-accounts-token\n",
    });
  });

  afterAll(async () => {
    await ingress?.close();
    await upstream?.close();
  });

  test.each(["get", "list", "create", "patch", "delete", "events", "exec"] as const)(
    "a request as Limpet makes it passes, with the ingress's credential: %s",
    async (of) => {
      const before = upstream.received.length;
      const answer = await sendRaw(ingress.place, hostileBytes({ of }, stage));
      expect(answer?.code, answer?.body).toBe(of === "exec" ? 101 : 200);
      const received = upstream.received.slice(before);
      const { method, target, body } = goodRequest(of, stage);
      expect(received).toMatchObject([
        { method, target, body, headers: { authorization: "Bearer the-service-accounts-token" } },
      ]);
    },
  );

  test.each(hostileRequests.map((hostile) => [hostile.name, hostile] as const))("refused: %s", async (_, hostile) => {
    const before = upstream.received.length;
    const logged = ingress.log.length;
    const answer = await sendRaw(ingress.place, hostileBytes(hostile, stage)).catch(() => null);
    if (answer === null && hostile.parser === true) {
      const refused = ({ event, status, refused }: LogLine) =>
        event === "request" && refused === "-" && isRefused(hostile, Number(status));
      await ingress.until(() => ingress.log.slice(logged).find(refused));
    } else {
      expect(isRefused(hostile, answer?.code), `${answer?.code} ${answer?.body}`).toBe(true);
      // A rule gives its reason; the parser has this one for all.
      if (hostile.parser !== true) expect(answer?.body).not.toContain("it is no request of HTTP/1.1");
    }
    if (hostile.cause !== undefined) {
      expect(JSON.parse(answer?.body ?? "")).toMatchObject({
        kind: "Status",
        code: hostile.code,
        details: { causes: [{ reason: "LimpetIngress", message: hostile.cause }] },
      });
      expect(Date.parse(answer?.headers["date"] ?? "")).toBeGreaterThan(Date.now() - 5_000);
    }
    expect(upstream.received.slice(before)).toEqual([]);
  });

  test("there are at least 60 of them, each with a name of its own", () => {
    expect(new Set(hostileRequests.map(({ name }) => name)).size).toBe(hostileRequests.length);
    expect(hostileRequests.length).toBeGreaterThanOrEqual(60);
  });

  test("no token is in the log", () => {
    expect(ingress.said).not.toMatch(/eyJ/);
    expect(ingress.said).not.toContain("the-service-accounts-token");
  });
});
