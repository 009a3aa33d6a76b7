// Owns the proof of what the ingress does with good requests: what goes on, what comes back, limits, logs, metrics.
// Must not know HAProxy's rules.

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clusterError, refusal } from "../../worker/kubernetes/failure.ts";
import { makeCertificate } from "../git-servers/certificate.ts";
import { findHaproxy } from "./harness/haproxy.ts";
import { apiServerName, Ingress, settings } from "./harness/ingress.ts";
import { RawConnection, sendRaw } from "./harness/raw-client.ts";
import { makeSigner } from "./harness/tokens.ts";
import { startUpstream, type Upstream } from "./harness/upstream.ts";
import { goodRequest, hostileBytes, type Stage, type Wire } from "./hostile-requests.ts";

const haproxy = findHaproxy();
const missing = "missing" in haproxy ? haproxy.missing : null;
const signer = makeSigner("edge-1");
const stage: Stage = {
  ...settings,
  host: "cluster.limpet.test",
  pod: "limpet-0123456789abcdefghjk",
  signer,
  stranger: makeSigner("x"),
};

describe.skipIf(missing !== null)(`ingress${missing === null ? "" : `: ${missing}`}`, () => {
  const apiCertificate = makeCertificate([apiServerName]);
  let upstream: Upstream;
  let ingress: Ingress;

  const start = async (settings: Readonly<Record<string, string>> = {}, port = upstream.port): Promise<Ingress> => {
    if ("missing" in haproxy) throw new Error(haproxy.missing);
    return Ingress.start({
      haproxy,
      apiServer: { port, cert: apiCertificate.cert },
      certificate: makeCertificate(),
      signers: [signer],
      credential: "credential-1",
      settings,
    });
  };

  beforeAll(async () => {
    if (missing !== null) return;
    upstream = await startUpstream(apiCertificate);
    ingress = await start();
  });

  afterAll(async () => {
    await ingress?.close();
    await upstream?.close();
  });

  test("of the client's header fields only those go on that a request needs", async () => {
    const foreign = [
      ["X-Remote-User", "system:admin"],
      ["X-Remote-Group", "system:masters"],
      ["X_Remote_User", "system:admin"],
      ["X-Remote-Extra-Scopes", "all"],
      ["Impersonate-User", "system:admin"],
      ["Impersonate-Group", "system:masters"],
      ["X-Forwarded-For", "10.0.0.1"],
      ["Cookie", "a=b"],
      ["TE", "trailers"],
      ["Trailer", "Authorization"],
      ["Expect", "100-continue"],
      ["Proxy-Authorization", "Bearer x"],
      ["Connection", "close, Authorization"],
      ["User-Agent", "somebody else"],
      ["Accept-Encoding", "gzip"],
    ] as const;
    for (const of of ["get", "patch", "exec"] as const) {
      const before = upstream.received.length;
      const extra = of === "exec" ? foreign.filter(([name]) => name !== "Connection") : foreign;
      const later = ({ headers }: Wire) => ({
        headers: [...headers, ...extra],
      });
      const answer = await sendRaw(ingress.place, hostileBytes({ of, later }, stage));
      expect(answer?.code).toBe(of === "exec" ? 101 : 200);
      const [received, ...more] = upstream.received.slice(before);
      expect(more).toEqual([]);
      const names = received?.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
      const always = ["authorization", "host", "user-agent"];
      const own = {
        get: ["accept"],
        patch: ["accept", "content-length", "content-type"],
        exec: ["connection", "sec-websocket-key", "sec-websocket-protocol", "sec-websocket-version", "upgrade"],
      }[of];
      expect(names?.toSorted()).toEqual([...always, ...own].toSorted());
      expect(received?.headers).toMatchObject({
        host: apiServerName,
        authorization: "Bearer credential-1",
        "user-agent": "limpet-ingress (limpet:0123456789abcdefghjk)",
      });
    }
  });

  test("a connection's second request is looked at like its first", async () => {
    const connection = await RawConnection.open(ingress.place);
    const before = upstream.received.length;
    // Both at once, as one write.
    connection.send(hostileBytes({}, stage) + hostileBytes({ claims: (claims) => ({ ...claims, exp: 1 }) }, stage));
    expect((await connection.answer())?.code).toBe(200);
    expect((await connection.answer())?.code).toBe(401);
    connection.send(hostileBytes({ of: "patch" }, stage));
    expect((await connection.answer())?.code).toBe(200);
    expect(upstream.received.length).toBe(before + 2);
    connection.close();
  });

  test("a token is of no use once it has expired", async () => {
    const expiring = (claims: Readonly<Record<string, unknown>>) => ({
      ...claims,
      exp: Math.floor(Date.now() / 1000) + 2,
    });
    const text = hostileBytes({ claims: expiring }, stage);
    expect((await sendRaw(ingress.place, text))?.code).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    const answer = await sendRaw(ingress.place, text);
    expect(answer?.code).toBe(401);
    expect(answer?.body).toContain("its token has expired");
  });

  test("a tunnel outlives its token", async () => {
    const tunnel = await RawConnection.open(ingress.place);
    const expiring = (claims: Readonly<Record<string, unknown>>) => ({
      ...claims,
      exp: Math.floor(Date.now() / 1000) + 1,
    });
    tunnel.send(hostileBytes({ of: "exec", claims: expiring }, stage));
    expect((await tunnel.answer())?.code).toBe(101);
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    const bytes = Array.from({ length: 256 }, (_, value) => String.fromCharCode(value)).join("");
    tunnel.send(bytes);
    expect(await tunnel.bytes(256)).toBe(bytes);
    tunnel.close();
  });

  test("HTTP/2 is not spoken, whoever offers it", async () => {
    // A wish to upgrade is refused, or (HAProxy 3) passed over: it never goes on.
    const h2c = ({ headers }: Wire) => ({
      headers: [
        ...headers,
        ["Connection", "Upgrade, HTTP2-Settings"] as const,
        ["Upgrade", "h2c"] as const,
        ["HTTP2-Settings", "AAMAAABkAAQAAP__"] as const,
      ],
    });
    const before = upstream.received.length;
    const answer = await sendRaw(ingress.place, hostileBytes({ later: h2c }, stage));
    expect([200, 400]).toContain(answer?.code);
    for (const { headers } of upstream.received.slice(before)) {
      expect(headers).not.toHaveProperty("upgrade");
      expect(headers).not.toHaveProperty("http2-settings");
    }
    const both = await RawConnection.open(ingress.place, ["h2", "http/1.1"]);
    expect(both.socket.alpnProtocol).toBe("http/1.1");
    both.close();
    const only = await RawConnection.open(ingress.place, ["h2"]).catch(() => null);
    expect(only?.socket.alpnProtocol ?? false).toBe(false);
    only?.close();
  });

  test("the edge understands a refusal, and tells apart clocks that differ", async () => {
    const expired = (claims: Readonly<Record<string, unknown>>) => {
      const then = Math.floor(Date.now() / 1000) - 600;
      return { ...claims, iat: then - 30, nbf: then - 30, exp: then + 60 };
    };
    const answer = await sendRaw(ingress.place, hostileBytes({ claims: expired }, stage));
    if (answer === null) throw new Error("no answer");
    const headers = new Headers(answer.headers);
    const why = refusal(answer.code, headers, answer.body, Date.now());
    expect(why).toMatchObject({
      status: 401,
      reason: "Unauthorized",
      message: "The ingress refused this: its token has expired.",
    });
    expect(why.clocks).toBeUndefined();
    const late = refusal(answer.code, headers, answer.body, Date.now() - 600_000);
    expect(clusterError(late)).toMatchObject({ code: "CLUSTER_CLOCK" });
  });

  test("an API server that is away: 503 in the form of a Status", async () => {
    const lonely = await start({}, 9);
    try {
      const answer = await sendRaw(lonely.place, hostileBytes({}, stage), 20_000);
      expect(answer?.code).toBe(503);
      expect(JSON.parse(answer?.body ?? "")).toMatchObject({ kind: "Status", reason: "ServiceUnavailable" });
    } finally {
      await lonely.close();
    }
  });

  test("an API server with another certificate, or another name, is not spoken to", async () => {
    for (const impostor of [makeCertificate([apiServerName]), null]) {
      // A certificate of another authority; then the right one, of another name.
      const other = impostor === null ? null : await startUpstream(impostor);
      const wary = await start(impostor === null ? { LIMPET_API_NAME: "other.example.com" } : {}, other?.port);
      const before = upstream.received.length;
      try {
        expect((await sendRaw(wary.place, hostileBytes({}, stage), 20_000))?.code).toBe(503);
        expect(other?.received ?? []).toEqual([]);
        expect(upstream.received.length).toBe(before);
      } finally {
        await wary.close();
        await other?.close();
      }
    }
  });

  test("limits: requests of one person, connections, and requests without a good token, which shut nobody else out", async () => {
    const strict = await start({
      LIMPET_SUBJECT_REQUESTS: "5",
      LIMPET_SOURCE_REFUSALS: "5",
      LIMPET_SOURCE_CONNECTIONS: "3",
    });
    try {
      const codes: (number | undefined)[] = [];
      for (let count = 0; count < 7; count += 1)
        codes.push((await sendRaw(strict.place, hostileBytes({}, stage)))?.code);
      expect(codes).toEqual([200, 200, 200, 200, 200, 429, 429]);
      const other = { claims: (claims: object) => ({ ...claims, sub: "limpet:another" }) };
      expect((await sendRaw(strict.place, hostileBytes(other, stage)))?.code).toBe(200);

      const open = await Promise.all([1, 2, 3].map(() => RawConnection.open(strict.place)));
      await expect(sendRaw(strict.place, hostileBytes(other, stage))).rejects.toThrow();
      for (const connection of open) connection.close();

      const none = { authorization: () => [] };
      let last = await sendRaw(strict.place, hostileBytes(none, stage));
      for (let count = 0; count < 7; count += 1) last = await sendRaw(strict.place, hostileBytes(none, stage));
      expect(last?.code).toBe(429);
      expect(last?.headers["retry-after"]).toBe("5");
      const why = refusal(429, new Headers(last?.headers), last?.body ?? "", Date.now());
      expect(why).toMatchObject({ reason: "TooManyRequests", retryAfterMs: 5_000 });

      // From the same address, as behind a load balancer: whoever has no token shuts nobody else out.
      const third = { claims: (claims: object) => ({ ...claims, sub: "limpet:third" }) };
      expect((await sendRaw(strict.place, hostileBytes(third, stage)))?.code).toBe(200);
      // A wrong signature and a key that is not known are no tokens either.
      for (const wrong of [{ by: "stranger" }, { sealing: "flipped" }] as const)
        expect((await sendRaw(strict.place, hostileBytes(wrong, stage)))?.code).toBe(429);
    } finally {
      await strict.close();
    }
  });

  test("a head that trickles is given up after ten seconds", async () => {
    const slow = await RawConnection.open(ingress.place);
    const text = hostileBytes({}, stage);
    const started = Date.now();
    let sent = 0;
    const trickle = setInterval(() => slow.send(text.charAt(sent++)), 200);
    const answer = await slow.answer(15_000);
    clearInterval(trickle);
    slow.close();
    expect(answer?.code).toBe(408);
    expect(Date.now() - started).toBeGreaterThan(9_000);
  }, 20_000);

  test("every line of the log is JSON, with who, which pod, what and how it ended; never a query", async () => {
    const log = await start();
    try {
      await sendRaw(log.place, hostileBytes({ of: "list" }, stage));
      await sendRaw(log.place, hostileBytes({ of: "exec" }, stage));
      await sendRaw(log.place, hostileBytes({ wish: () => ({ target: '/api/v1/"\\eyJhbGciOiJFUzI1NiJ9' }) }, stage));
      const { target } = goodRequest("exec", stage);
      const path = target.slice(0, target.indexOf("?"));
      const common = { subject: "limpet:0123456789abcdefghjk", method: "GET", source: "127.0.0.1" };
      await log.until(() => log.log.filter(({ event }) => event === "request").at(2));
      const lines = log.log.filter(({ event }) => event === "request" || event === "opened");
      expect(lines).toHaveLength(4);
      expect(lines).toMatchObject([
        { ...common, event: "request", pod: "-", path: path.replace(/\/[^/]+\/exec$/, ""), status: 200, refused: "-" },
        // When it opens, and again when it is over.
        { ...common, event: "opened", pod: stage.pod, path, status: 101 },
        { ...common, event: "request", pod: stage.pod, path, status: 101, refused: "-" },
        { event: "request", subject: "-", path: '/api/v1/"\\TOKEN', status: 404, refused: "malformed" },
      ]);
      expect(
        log.stdout
          .trim()
          .split("\n")
          .every((line) => line.startsWith("{")),
      ).toBe(true);
      expect(log.said).not.toMatch(/eyJ|labelSelector|credential-1/);
    } finally {
      await log.close();
    }
  });

  test("health for everybody, metrics on a port of their own", async () => {
    const health = await sendRaw(ingress.place, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(health).toMatchObject({ code: 200, body: "ok" });
    expect((await sendRaw(ingress.place, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"))?.code).toBe(404);
    const metrics = await fetch(`${ingress.statusUrl}/metrics`);
    expect(await metrics.text()).toContain('haproxy_frontend_http_responses_total{proxy="edge",code="4xx"}');
    expect((await fetch(`${ingress.statusUrl}/api/v1/pods`)).status).toBe(404);
  });
});
