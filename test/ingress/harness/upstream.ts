// Owns an API server's place behind the ingress: it writes down every request that reaches it and answers all of them.
// Must not know pods.

import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { TestCertificate } from "../../git-servers/certificate.ts";

export interface Received {
  readonly method: string;
  readonly target: string;
  /** As they came: names and values in turn. */
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Upstream {
  readonly port: number;
  readonly received: Received[];
  /** The next answers have this status; 200 otherwise. */
  answerWith(code: number): void;
  /** How long an answer takes, in milliseconds. */
  delayBy(ms: number): void;
  close(): Promise<void>;
}

export async function startUpstream(certificate: TestCertificate): Promise<Upstream> {
  const received: Received[] = [];
  const sockets = new Set<Socket>();
  let status = 200;
  let delayMs = 0;
  const server = createServer({ ...certificate, keepAliveTimeout: 60_000 });
  server.on("secureConnection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const note = (request: IncomingMessage, body: string) => {
    const { method = "", url = "", rawHeaders, headers } = request;
    received.push({ method, target: url, rawHeaders, headers, body });
  };
  server.on("request", (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      note(request, Buffer.concat(chunks).toString("utf8"));
      const text = JSON.stringify({ kind: "Pod", seen: request.url });
      setTimeout(() => {
        response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
        response.end(text);
      }, delayMs);
    });
  });
  server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    note(request, "");
    socket.on("error", () => undefined);
    // RFC 6455, 4.2.2: HAProxy looks whether the key was understood.
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest("base64");
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n" +
        `sec-websocket-accept: ${accept}\r\nsec-websocket-protocol: v5.channel.k8s.io\r\n\r\n`,
    );
    // No frames: what a tunnel carries is of no concern to whoever carries it.
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    received,
    answerWith: (code) => {
      status = code;
    },
    delayBy: (ms) => {
      delayMs = ms;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
