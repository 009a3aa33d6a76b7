// Owns that a pod reaches the edge through a company's network: its certificates and its proxies, and says what is wrong there.
// Must not know what is sent.

import { createServer, request as httpRequest, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, expect, test } from "vitest";
import { makeCertificate } from "../../git-servers/certificate.ts";
import { Home } from "./home.ts";
import { PodEdge } from "./pod-edge.ts";

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

async function edgeWith(...certificate: Parameters<typeof PodEdge.start>): Promise<PodEdge> {
  const edge = await PodEdge.start(...certificate);
  closing.push(() => edge.close());
  return edge;
}

function homeOf(edge: PodEdge, ...settings: readonly [ConstructorParameters<typeof Home>[1]?]): Home {
  const home = new Home(edge, ...settings);
  closing.push(() => home.close());
  home.write("file");
  return home;
}

/** A proxy for both schemes; `seen` has what it was asked for, with who asked. */
async function startProxy(): Promise<{ readonly authority: string; readonly seen: string[] }> {
  const seen: string[] = [];
  const note = (line: string, authorization: string | undefined): void => {
    seen.push(`${line} ${Buffer.from(authorization?.replace("Basic ", "") ?? "", "base64").toString()}`);
  };
  const server: Server = createServer((request, response) => {
    note(`${request.method} ${request.url}`, request.headers["proxy-authorization"]);
    const { method, headers } = request;
    const onward = httpRequest(request.url ?? "", { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  });
  server.on("connect", (request, client, head) => {
    note(`CONNECT ${request.url}`, request.headers["proxy-authorization"]);
    const [host = "", port = ""] = (request.url ?? "").split(":");
    const onward = connect(Number(port), host, () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.write(head);
      client.pipe(onward).pipe(client);
    });
    onward.on("error", () => client.destroy());
    client.on("error", () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { authority: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

test("a certificate of the company's own is trusted where the company says so, and only there", async () => {
  const certificate = makeCertificate();
  const edge = await edgeWith(certificate);
  const stranger = homeOf(edge);
  const refused = await stranger.save();
  expect(refused.last.edge).toMatchObject({
    state: "failed",
    text: expect.stringMatching(/not reached: .*certificate/i),
  });
  expect(refused.ms).toBeLessThan(10_000);
  const home = homeOf(edge, { company: { caBundle: certificate.cert } });
  expect((await home.save()).last.edge?.state).toBe("saved");
});

test("the proxies of the company are used for their schemes, with their sign-in, but for the hosts that need none", async () => {
  const certificate = makeCertificate();
  const [plain, secure, proxy] = [await edgeWith(), await edgeWith(certificate), await startProxy()];
  const url = `http://user:pass%22word@${proxy.authority}`;
  const company = { caBundle: certificate.cert, httpProxy: url, httpsProxy: url };
  expect((await homeOf(plain, { company }).save()).last.edge?.state).toBe("saved");
  expect(proxy.seen[0]).toBe(`PUT ${plain.url}/api/pod/snapshot user:pass"word`);
  proxy.seen.length = 0;
  expect((await homeOf(secure, { company }).save()).last.edge?.state).toBe("saved");
  expect(proxy.seen[0]).toBe(`CONNECT ${secure.url.replace("https://", "")} user:pass"word`);
  proxy.seen.length = 0;
  expect((await homeOf(secure, { company: { ...company, noProxy: "127.0.0.1" } }).save()).last.edge?.state).toBe(
    "saved",
  );
  expect(proxy.seen).toEqual([]);
});

test("a proxy that is not there is said", async () => {
  const edge = await edgeWith();
  const { last } = await homeOf(edge, { company: { httpProxy: "http://127.0.0.1:1" } }).save("--budget", "6");
  expect(last.edge?.text).toMatch(/^The home was not saved: Limpet was not reached: .*\. It is tried again\.$/);
});
