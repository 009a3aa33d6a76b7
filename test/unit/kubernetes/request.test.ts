import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { decodeJwt, exportJWK, generateKeyPair } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { clusterError } from "../../../worker/kubernetes/failure.ts";
import { podManifest } from "../../../worker/kubernetes/pod-manifest.ts";
import { PodClient } from "../../../worker/kubernetes/pods.ts";
import { ClusterClient, type ClusterRequest } from "../../../worker/kubernetes/request.ts";
import type { ClusterSettings } from "../../../worker/kubernetes/settings.ts";
import { podName, readyPod, uid, userId } from "./build.ts";

// Answers that no Kubernetes would give on request are given by a server of the test's own.

interface Seen {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

let server: Server;
let settings: ClusterSettings;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
const seen: Seen[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url: target = "", headers } = request;
      seen.push({ method, target, headers, body: Buffer.concat(chunks).toString() });
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const {
    x = "",
    y = "",
    d = "",
  } = await exportJWK((await generateKeyPair("ES256", { extractable: true })).privateKey);
  settings = {
    url: `http://127.0.0.1:${port}/edge`,
    audience: "cluster",
    issuer: "https://limpet.example.com",
    namespace: "shells",
    signingKey: { kty: "EC", crv: "P-256", alg: "ES256", kid: "k", x, y, d },
  };
});

afterEach(() => {
  seen.length = 0;
  server.closeAllConnections();
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

function client(): ClusterClient {
  return new ClusterClient(settings, `limpet:${userId}`, Date.now);
}

function replies(status: number, body: unknown, headers: Record<string, string> = {}): void {
  answer = (_, response) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  };
}

function status(code: number, reason: string, message: string, more: object = {}): object {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, code, ...more };
}

const get: ClusterRequest = { method: "GET", path: `/pods/${podName}`, pod: podName, timeoutMs: 300 };

describe("a request to the cluster", () => {
  it("carries a token for exactly what goes over the wire", async () => {
    replies(200, { kind: "PodList", items: [] });
    const query = [
      ["labelSelector", "limpet.dev/install=a b,x in (ä,'~!*)"],
      ["limit", "5"],
    ] as const;
    await client().ask({ method: "GET", path: "/pods", query, pod: null, timeoutMs: 1_000 });
    const [request] = seen;
    expect(request?.target).toMatch(/^\/edge\/api\/v1\/namespaces\/shells\/pods\?labelSelector=/);
    const claims = decodeJwt((request?.headers.authorization ?? "").replace("Bearer ", ""));
    expect(claims["path_sha256"]).toBe(
      createHash("sha256")
        .update(request?.target ?? "")
        .digest("hex"),
    );
    expect(claims).toMatchObject({ method: "GET", sub: `limpet:${userId}`, aud: "cluster" });
    expect(claims).not.toHaveProperty("pod");
  });

  it("has a token of its own each time", async () => {
    replies(200, readyPod());
    const cluster = client();
    await cluster.ask(get);
    await cluster.ask(get);
    expect(new Set(seen.map(({ headers }) => headers.authorization)).size).toBe(2);
  });

  interface Row {
    readonly name: string;
    readonly given: () => void;
    readonly kind: string;
    readonly status: number | null;
    readonly reason?: string;
    readonly code: string;
    readonly retryAfterMs?: number;
  }

  const rows: readonly Row[] = [
    {
      name: "401 with a Status",
      given: () => replies(401, status(401, "Unauthorized", "Unauthorized")),
      kind: "refused",
      status: 401,
      reason: "Unauthorized",
      code: "CLUSTER_REFUSED",
    },
    {
      name: "403 with a Status",
      given: () => replies(403, status(403, "Forbidden", 'pods "x" is forbidden')),
      kind: "refused",
      status: 403,
      reason: "Forbidden",
      code: "CLUSTER_REFUSED",
    },
    {
      name: "403 of a quota",
      given: () =>
        replies(403, status(403, "Forbidden", 'pods "x" is forbidden: exceeded quota: shells, used: pods=10')),
      kind: "refused",
      status: 403,
      reason: "Forbidden",
      code: "CLUSTER_QUOTA",
    },
    {
      name: "404 with a Status",
      given: () => replies(404, status(404, "NotFound", 'pods "x" not found')),
      kind: "refused",
      status: 404,
      reason: "NotFound",
      code: "CLUSTER_REFUSED",
    },
    {
      name: "409 with a Status",
      given: () => replies(409, status(409, "AlreadyExists", 'pods "x" already exists')),
      kind: "refused",
      status: 409,
      reason: "AlreadyExists",
      code: "CLUSTER_UNAVAILABLE",
    },
    {
      name: "429 with details",
      given: () => replies(429, status(429, "TooManyRequests", "slow down", { details: { retryAfterSeconds: 3 } })),
      kind: "refused",
      status: 429,
      reason: "TooManyRequests",
      code: "CLUSTER_UNAVAILABLE",
      retryAfterMs: 3_000,
    },
    {
      name: "429 with a header",
      given: () => replies(429, "", { "retry-after": "9999" }),
      kind: "refused",
      status: 429,
      code: "CLUSTER_UNAVAILABLE",
      retryAfterMs: 60_000,
    },
    {
      name: "500 of a proxy, in HTML",
      given: () => replies(500, "<html>oops</html>"),
      kind: "refused",
      status: 500,
      code: "CLUSTER_UNAVAILABLE",
    },
    {
      name: "503 and garbage",
      given: () => replies(503, '{"kind":"Status","message":7'),
      kind: "refused",
      status: 503,
      code: "CLUSTER_UNAVAILABLE",
    },
    {
      name: "200 and no JSON",
      given: () => replies(200, "<html>Welcome</html>"),
      kind: "garbled",
      status: 200,
      code: "CLUSTER_UNAVAILABLE",
    },
    {
      name: "a redirect",
      given: () => replies(302, "", { location: "https://elsewhere.example.com/" }),
      kind: "garbled",
      status: 302,
      code: "CLUSTER_UNAVAILABLE",
    },
    {
      name: "an answer without an end",
      given: () => {
        answer = (_, response) => {
          response.writeHead(200);
          response.on("error", () => undefined);
          const more = () => {
            if (response.destroyed) return;
            response.write(" ".repeat(1024 * 1024), () => setImmediate(more));
          };
          more();
        };
      },
      kind: "garbled",
      status: 200,
      code: "CLUSTER_UNAVAILABLE",
    },
    {
      name: "a cut answer",
      given: () => {
        answer = (_, response) => {
          response.writeHead(200, { "content-length": "1000" });
          response.write('{"kind":"Pod"');
          setTimeout(() => response.destroy(), 20);
        };
      },
      kind: "garbled",
      status: 200,
      code: "CLUSTER_UNAVAILABLE",
    },
    {
      name: "no answer",
      given: () => {
        answer = () => undefined;
      },
      kind: "timeout",
      status: null,
      code: "CLUSTER_UNAVAILABLE",
    },
    {
      name: "an answer that stops in the middle",
      given: () => {
        answer = (_, response) => {
          response.writeHead(200, { "content-length": "1000" });
          response.write('{"kind":"Pod"');
        };
      },
      kind: "timeout",
      status: null,
      code: "CLUSTER_UNAVAILABLE",
    },
    {
      name: "a connection that is cut",
      given: () => {
        answer = (request) => request.socket.destroy();
      },
      kind: "unreachable",
      status: null,
      code: "CLUSTER_UNAVAILABLE",
    },
  ];

  it.each(rows)("$name: $kind, $code", async ({ given, kind, status: code, reason, code: error, retryAfterMs }) => {
    given();
    const limit = kind === "timeout" ? 300 : 5_000;
    const answered = await client().ask({ ...get, timeoutMs: limit });
    if (answered.ok) throw new Error("it was taken for an answer");
    expect(answered.failure).toMatchObject({
      kind,
      status: code,
      reason: reason ?? null,
      retryAfterMs: retryAfterMs ?? null,
    });
    const told = clusterError(answered.failure);
    expect(told.code).toBe(error);
    expect(told.message).toMatch(/Limpet|shell/);
  });

  it("never tells the token, whatever the cluster echoes", async () => {
    answer = (request, response) => {
      response.writeHead(400);
      response.end(JSON.stringify(status(400, "BadRequest", `bad header ${request.headers.authorization}`)));
    };
    const answered = await client().ask(get);
    if (answered.ok) throw new Error("it was taken for an answer");
    expect(answered.failure.message).toMatch(/bad header/);
    for (const part of (seen[0]?.headers.authorization ?? "").replace("Bearer ", "").split(".")) {
      expect(answered.failure.message).not.toContain(part);
    }
  });
});

describe("pods", () => {
  const pods = () => new PodClient(client());

  it("deletes exactly this pod, with its grace and a content length", async () => {
    replies(200, readyPod());
    expect(await pods().delete(podName, uid, 42)).toEqual({ ok: true, value: null });
    const [request] = seen;
    expect(request).toMatchObject({ method: "DELETE", target: `/edge/api/v1/namespaces/shells/pods/${podName}` });
    expect(JSON.parse(request?.body ?? "")).toMatchObject({ gracePeriodSeconds: 42, preconditions: { uid } });
    expect(Number(request?.headers["content-length"])).toBeGreaterThan(0);
  });

  it("marks exactly this pod, by a merge patch that takes away what is null", async () => {
    replies(200, readyPod());
    const marks = { labels: { "limpet.dev/expires-at": "17" }, annotations: { "karpenter.sh/do-not-disrupt": null } };
    await pods().mark(podName, uid, marks);
    expect(seen[0]?.headers["content-type"]).toBe("application/merge-patch+json");
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ metadata: { uid, ...marks } });
  });

  it("lists in pages", async () => {
    replies(200, { kind: "PodList", metadata: { continue: "t/2" }, items: [{ ...readyPod(), kind: undefined }] });
    const page = await pods().list("limpet.dev/install=here", 100, "t/1");
    expect(page).toMatchObject({ ok: true, value: { next: "t/2", pods: [{ name: podName, uid }] } });
    expect(seen[0]?.target).toContain("?labelSelector=limpet.dev%2Finstall%3Dhere&limit=100&continue=t%2F1");
  });

  it("creates what the standard restricted admits", async () => {
    replies(201, readyPod());
    const manifest = podManifest(
      {
        image: "shell:1",
        installId: "here",
        resources: {
          requests: { cpu: "1", memory: "1Gi", "ephemeral-storage": "512Mi" },
          limits: { cpu: "1", memory: "1Gi", "ephemeral-storage": "1Gi" },
        },
        nodeSelector: {},
        priorityClass: null,
        graceSeconds: 60,
      },
      { name: podName, userId, expiresAtMs: 1_800_000_000_999, longestLifeMs: 86_400_000 },
    );
    expect(await pods().create(manifest)).toMatchObject({ ok: true, value: { uid } });
    const sent: unknown = JSON.parse(seen[0]?.body ?? "");
    expect(sent).toMatchObject({
      metadata: {
        name: podName,
        labels: {
          "app.kubernetes.io/name": "limpet-shell",
          "limpet.dev/install": "here",
          "limpet.dev/user": userId,
          "limpet.dev/expires-at": "1800000000",
        },
      },
      spec: {
        restartPolicy: "Always",
        activeDeadlineSeconds: 86_400,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: "shell",
            // Most of the grace is the interrupt's: terraform must get to letting go of its lock.
            env: expect.arrayContaining([{ name: "LIMPET_GRACE_SECONDS", value: "60" }]),
            resources: {
              requests: { cpu: "1", memory: "1Gi", "ephemeral-storage": "512Mi" },
              limits: { cpu: "1", memory: "1Gi", "ephemeral-storage": "1Gi" },
            },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
            lifecycle: { preStop: { exec: { command: ["/usr/local/lib/limpet/shutdown"] } } },
          },
        ],
      },
    });
  });

  it.each([
    ["another pod", readyPod({ name: "limpet-other" })],
    ["a Status of success", { kind: "Status", status: "Success" }],
    ["a list", []],
    ["null", null],
  ])("does not take %s for the pod that it asked for", async (_, body) => {
    replies(200, body);
    expect(await pods().get(podName)).toMatchObject({ ok: false, failure: { kind: "garbled" } });
  });

  it("does not take a list with something else in it", async () => {
    replies(200, { kind: "PodList", items: [readyPod(), { kind: "Secret" }] });
    expect(await pods().list("a=b", 1, null)).toMatchObject({ ok: false, failure: { kind: "garbled" } });
  });
});
