// Owns HTTP: from a request to the resource that answers it, and every answer's form.
// Must not know how resources do their part.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { FaultBoard, RequestFault } from "../faults.ts";
import type { PodEvent } from "../pods/event-recorder.ts";
import { patchTypes } from "../pods/patch-pod.ts";
import type { Pod } from "../pods/pod.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Authenticate } from "./authenticate.ts";
import { readBody } from "./body.ts";
import { parseEventSelector } from "./events-resource.ts";
import type { ExecResource } from "./exec-resource.ts";
import type { FaultRoutes } from "./fault-routes.ts";
import { listObjects } from "./list.ts";
import { type Answer, type PodsResource, parsePodSelector } from "./pods-resource.ts";
import { parseTarget, type Target } from "./request-target.ts";
import { badRequest, forbidden, methodNotAllowed, notFound, Refusal, unknownPath } from "./status.ts";
import { watchObjects } from "./watch.ts";

export interface ApiServerOptions {
  readonly pods: ObjectStore<Pod>;
  readonly events: ObjectStore<PodEvent>;
  readonly podsResource: PodsResource;
  readonly execResource: ExecResource;
  readonly authenticate: Authenticate;
  readonly namespaces: readonly string[];
  readonly faults: FaultBoard;
  readonly faultRoutes: FaultRoutes;
  readonly log: (line: string) => void;
}

const version = { major: "1", minor: "34", gitVersion: "v1.34.0-limpet-local", platform: "linux" };
const bodyTypes = ["application/json", ...patchTypes] as const;

type ResourceTarget = Extract<Target, { kind: "resource" }>;

export class ApiServer {
  readonly #options: ApiServerOptions;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  #draining = false;
  #address: { readonly host: string; readonly port: number } | undefined;

  constructor(options: ApiServerOptions) {
    this.#options = options;
    // Small answers must not wait for more (Nagle); ws sets the same on its sockets.
    this.#server = createServer({ noDelay: true, keepAliveTimeout: 65_000 });
    this.#server.on("connection", (socket: Socket) => {
      this.#connections.add(socket);
      socket.once("close", () => this.#connections.delete(socket));
    });
    this.#server.on("request", (request, response) => {
      response.setHeader("date", this.#date());
      this.#serve(request, response).catch((error: unknown) => this.#failed(error, response));
    });
    this.#server.on("upgrade", (request, socket, head) => {
      socket.on("error", () => undefined);
      this.#upgrade(request, socket, head).catch((error: unknown) => {
        options.log(`upgrade failed: ${String(error)}`);
        socket.destroy();
      });
    });
  }

  /** The port that was bound; the same again after `down`. */
  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
    const bound = (this.#server.address() as AddressInfo).port;
    this.#address = { host, port: bound };
    return `http://${host}:${bound}`;
  }

  /** From now on nothing new is begun (503); what is open goes on. */
  drain(): void {
    this.#draining = true;
  }

  /** Refuses connections and resets those that are open. */
  async down(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#connections) socket.resetAndDestroy();
    await closed;
  }

  async up(): Promise<void> {
    if (this.#address !== undefined && !this.#server.listening)
      await this.listen(this.#address.host, this.#address.port);
  }

  /** The cluster's own time, as an answer's `Date` says it. */
  #date(): string {
    return new Date(Date.now() + this.#options.faults.clockOffsetMs()).toUTCString();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { path, query } = split(request);
    const target = parseTarget(path);
    if (target.kind === "health") return void response.writeHead(200, { "content-type": "text/plain" }).end("ok");
    if (target.kind === "version") return send(response, 200, version);
    if (target.kind === "faults") return this.#options.faultRoutes.serve(request, response, target.id);
    const allowed = await this.#admit(request, target);
    if (allowed instanceof Refusal) return refuse(response, allowed);
    const method = request.method ?? "";
    const { faults } = this.#options;
    const chance = faults.byChance(method, request.url ?? "");
    const fault = faults.strike(["answer", "hang", "cut-body"], method, request.url ?? "") ?? chance;
    if (fault?.type === "hang") return;
    if (fault?.type === "answer") return refuse(response, injected(fault));
    if (fault?.type === "cut-body") cutBody(response);
    const answer = await this.#answer(request, response, allowed, query);
    if (answer instanceof Refusal) refuse(response, answer);
    else if (answer !== undefined) send(response, answer.code, answer.object, answer.warnings);
  }

  /** Undefined where the answer is a stream that has begun. */
  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    target: ResourceTarget,
    query: URLSearchParams,
  ): Promise<Answer | Refusal | undefined> {
    const { podsResource } = this.#options;
    const { namespace, name, resource, subresource } = target;
    if (subresource === "exec") return badRequest("Upgrade request required");
    if (request.method === "GET") return this.#read(response, target, query);
    // A shell's role has no other verbs, as on a real cluster (RBAC).
    if (resource === "events") return this.#forbid(target, verbOf(request.method, name));
    const body = await readBody(request, bodyTypes);
    if (body instanceof Refusal) return body;
    if (name === undefined) {
      if (request.method === "POST") return podsResource.create(namespace, body.json, query);
      if (request.method === "DELETE") return this.#forbid(target, "deletecollection");
      return methodNotAllowed();
    }
    if (request.method === "PATCH") return podsResource.patch(namespace, name, body.mediaType, body.json);
    if (request.method === "DELETE") return podsResource.delete(namespace, name, query, body.json);
    if (request.method === "PUT") return this.#forbid(target, "update");
    return methodNotAllowed();
  }

  #read(response: ServerResponse, target: ResourceTarget, query: URLSearchParams): Answer | Refusal | undefined {
    const { pods, events, podsResource } = this.#options;
    const { namespace, name, resource } = target;
    const watching = query.get("watch") === "true" || query.get("watch") === "1";
    if (resource === "events") {
      if (name !== undefined) return found(events.get(namespace, name), notFound("events", name));
      const selector = parseEventSelector(query);
      if (selector instanceof Refusal) return selector;
      if (watching) return watchObjects({ store: events, namespace, kind: "Event", query, selector }, response);
      return found(listObjects(events, namespace, "Event", query, selector), undefined);
    }
    if (name !== undefined) return podsResource.get(namespace, name);
    const selector = parsePodSelector(query);
    if (selector instanceof Refusal) return selector;
    if (watching) return watchObjects({ store: pods, namespace, kind: "Pod", query, selector }, response);
    return found(listObjects(pods, namespace, "Pod", query, selector), undefined);
  }

  async #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { path, query } = split(request);
    const target = parseTarget(path);
    const allowed = await this.#admit(request, target);
    if (allowed instanceof Refusal) return refuseUpgrade(socket, allowed, this.#date());
    const fault = this.#options.faults.strike(["answer", "hang"], "GET", request.url ?? "");
    if (fault?.type === "hang") return;
    if (fault?.type === "answer") return refuseUpgrade(socket, injected(fault), this.#date());
    if (allowed.subresource !== "exec" || allowed.name === undefined)
      return refuseUpgrade(socket, methodNotAllowed(), this.#date());
    const pod = this.#options.pods.get(allowed.namespace, allowed.name);
    const refusal =
      pod === undefined
        ? notFound("pods", allowed.name)
        : this.#options.execResource.upgrade(pod, query, request, socket, head);
    if (refusal !== undefined) refuseUpgrade(socket, refusal, this.#date());
  }

  /** Who asks, then whether such a thing exists and may be asked for. */
  async #admit(request: IncomingMessage, target: Target): Promise<ResourceTarget | Refusal> {
    const pod = target.kind === "resource" && target.resource === "pods" ? target.name : undefined;
    if (this.#draining) return new Refusal(503, "ServiceUnavailable", "the server is shutting down", {});
    const caller = await this.#options.authenticate(request, pod);
    if (caller instanceof Refusal) return caller;
    if (target.kind !== "resource") return unknownPath();
    if (this.#options.namespaces.includes(target.namespace)) return target;
    return this.#forbid(target, verbOf(request.method, target.name));
  }

  #forbid({ resource, namespace, name }: ResourceTarget, verb: string): Refusal {
    const explanation = `User "limpet" cannot ${verb} resource "${resource}" in API group "" in the namespace "${namespace}"`;
    return forbidden(resource, name, explanation);
  }

  #failed(error: unknown, response: ServerResponse): void {
    this.#options.log(`request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    if (response.headersSent) response.destroy();
    else refuse(response, new Refusal(500, "InternalError", "Internal error occurred"));
  }
}

function split(request: IncomingMessage): { readonly path: string; readonly query: URLSearchParams } {
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  return { path, query: new URLSearchParams(query) };
}

function verbOf(method: string | undefined, name: string | undefined): string {
  if (method === "GET") return name === undefined ? "list" : "get";
  const verbs: Readonly<Record<string, string>> = { POST: "create", PUT: "update", PATCH: "patch", DELETE: "delete" };
  return verbs[method ?? ""] ?? "get";
}

function found(object: object | undefined, otherwise: Refusal | undefined): Answer | Refusal | undefined {
  if (object === undefined) return otherwise;
  return object instanceof Refusal ? object : { code: 200, object, warnings: [] };
}

function send(response: ServerResponse, code: number, object: object, warnings: readonly string[] = []): void {
  const headers = { "content-type": "application/json", "cache-control": "no-cache, private" };
  if (warnings.length > 0)
    response.setHeader(
      "warning",
      warnings.map((text) => `299 - ${JSON.stringify(text)}`),
    );
  response.writeHead(code, headers).end(JSON.stringify(object));
}

function refuse(response: ServerResponse, { code, status }: Refusal): void {
  const retry = status.details?.retryAfterSeconds;
  if (retry !== undefined) response.setHeader("retry-after", String(retry));
  send(response, code, status);
}

function refuseUpgrade(socket: Duplex, { code, status }: Refusal, date: string): void {
  const body = JSON.stringify(status);
  const length = Buffer.byteLength(body);
  socket.end(
    `HTTP/1.1 ${code} ${status.reason}\r\ndate: ${date}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n` +
      `connection: close\r\n\r\n${body}`,
  );
}

const injectedReasons = {
  401: "Unauthorized",
  403: "Forbidden",
  404: "NotFound",
  409: "Conflict",
  410: "Expired",
  429: "TooManyRequests",
  500: "InternalError",
  503: "ServiceUnavailable",
} as const;

function injected({ status, message }: Extract<RequestFault, { type: "answer" }>): Refusal {
  const details = status === 429 ? { retryAfterSeconds: 1 } : {};
  return new Refusal(status, injectedReasons[status], message ?? "asked for by a test", details);
}

/** The answer's head promises more than comes. */
function cutBody(response: ServerResponse): void {
  const end = response.end.bind(response);
  response.end = (chunk?: unknown) => {
    const text = typeof chunk === "string" ? chunk : "";
    response.write(text.slice(0, text.length / 2), () => response.socket?.resetAndDestroy());
    return text === "" ? end() : response;
  };
}
