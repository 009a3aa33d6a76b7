// Owns an edge as a pod meets it: the pod API's routes over real HTTP, with the checks of worker/pod-api, and faults on demand.
// Must not know the scripts.

import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { makeEventId } from "../../../worker/db/ids.ts";
import { parseActivity, parseReceipt } from "../../../worker/pod-api/reports.ts";
import type { PodActivity, Receipt } from "../../../worker/shells/shell-setup.ts";
import type { TestCertificate } from "../../git-servers/certificate.ts";

/** Quotes and a backslash: whatever it holds, curl must send it as it is. */
export const capability = 'lc1.shell.pod.1."a\\capability"';

/** What becomes of the next request to a path that begins with `path`. `cut`: half of the body, then the connection ends. */
export interface Fault {
  readonly path: string;
  readonly do: "hang" | "cut" | number;
}

export class PodEdge {
  readonly receipts: Receipt[] = [];
  readonly activities: PodActivity[] = [];
  /** By id, in the order in which they came. */
  readonly snapshots = new Map<string, Buffer>();
  /** `PUT /api/pod/snapshot 201`; `…` in the place of the status of one that never got an answer. */
  readonly requests: string[] = [];
  /** Where set, asked before an answer is given. */
  before: ((request: IncomingMessage) => Promise<void>) | undefined;
  readonly #faults: Fault[] = [];
  readonly #server: Server;
  readonly #scheme: string;

  private constructor(server: Server, scheme: string) {
    this.#server = server;
    this.#scheme = scheme;
  }

  /** With a certificate over https. */
  static async start(certificate?: TestCertificate): Promise<PodEdge> {
    const server = certificate === undefined ? createServer() : createTlsServer({ ...certificate });
    const edge = new PodEdge(server, certificate === undefined ? "http" : "https");
    server.on("request", (request, response) => void edge.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return edge;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get newest(): Buffer {
    const newest = [...this.snapshots.values()].at(-1);
    if (newest === undefined) throw new Error("no snapshot came");
    return newest;
  }

  /** The line by which `restore-home` gets a snapshot (SetupLine.snapshot), here the newest one. */
  get wish() {
    const [id = "", body = Buffer.alloc(0)] = [...this.snapshots].at(-1) ?? [];
    return this.wishFor(id, body);
  }

  wishFor(id: string, body: Buffer) {
    const url = `${this.url}/api/pod/snapshot/${id}`;
    return { url, ticket: `lt1.${id}`, sha256: sha256(body), bytes: body.length, savedAt: 1 };
  }

  /** Keeps `body` as if a pod had sent it. */
  keep(body: Buffer): void {
    this.snapshots.set(makeEventId(Date.now()), body);
  }

  fail(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }

  mend(): void {
    this.#faults.length = 0;
  }

  count(start: string): number {
    return this.requests.filter((line) => line.startsWith(start)).length;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      this.requests.push(`${request.method} ${path} …`);
      return;
    }
    await this.before?.(request);
    const at = this.#faults.findIndex((fault) => path.startsWith(fault.path));
    const [fault] = at === -1 ? [] : this.#faults.splice(at, 1);
    if (fault?.do === "hang") {
      this.requests.push(`${request.method} ${path} …`);
      return;
    }
    const { status, body } =
      typeof fault?.do === "number"
        ? { status: fault.do, body: problem("INTERNAL", "Something went wrong here.") }
        : this.#route(request, path, Buffer.concat(chunks));
    this.requests.push(`${request.method} ${path} ${status}`);
    response.writeHead(status, { "content-length": String(body.length) });
    if (fault?.do === "cut") response.write(body.subarray(0, body.length / 2), () => response.destroy());
    else response.end(body);
  }

  #route(request: IncomingMessage, path: string, body: Buffer): { status: number; body: Buffer } {
    const said = request.headers.authorization;
    if (request.method === "GET") {
      const id = path.slice("/api/pod/snapshot/".length);
      const snapshot = this.snapshots.get(id);
      if (said !== `Bearer lt1.${id}`) return refuse(401, "INVALID_CAPABILITY", "This ticket opens nothing.");
      if (snapshot === undefined) return refuse(404, "SNAPSHOT_NOT_FOUND", "This snapshot is not there any more.");
      return { status: 200, body: snapshot };
    }
    if (said !== `Bearer ${capability}`) return refuse(401, "INVALID_CAPABILITY", "This pod is not known.");
    if (request.method === "PUT") {
      const whole = Number(request.headers["content-length"]) === body.length;
      if (!whole || request.headers["x-limpet-sha256"] !== sha256(body)) {
        return refuse(400, "BAD_REQUEST", "The snapshot is not what its headers say.");
      }
      const id = makeEventId(Date.now());
      this.snapshots.set(id, body);
      return { status: 201, body: Buffer.from(JSON.stringify({ id })) };
    }
    const value: unknown = JSON.parse(body.toString());
    if (path === "/api/pod/receipt") {
      const receipt = parseReceipt(value, Date.now());
      if (receipt === null || (receipt.snapshot !== null && !this.snapshots.has(receipt.snapshot))) {
        return refuse(400, "BAD_REQUEST", "This is no receipt.");
      }
      this.receipts.push(receipt);
    } else {
      const activity = parseActivity(value);
      if (activity === null) return refuse(400, "BAD_REQUEST", "This is no activity.");
      this.activities.push(activity);
    }
    return { status: 204, body: Buffer.alloc(0) };
  }
}

function refuse(status: number, code: string, message: string): { status: number; body: Buffer } {
  return { status, body: problem(code, message) };
}

function problem(code: string, message: string): Buffer {
  return Buffer.from(JSON.stringify({ error: { code, message } }));
}

export function sha256(body: Buffer): string {
  return createHash("sha256").update(body).digest("hex");
}
