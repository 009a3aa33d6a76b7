// Owns requests to a Kubernetes API for tests: JSON in, status and JSON out, watches as lists of events.
// Must not know which server answers.

import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Credentials } from "./credentials.ts";
import { type KubernetesObject, parseObject, parseWatchEvent, type WatchEvent } from "./kubernetes-object.ts";

export interface Answer {
  readonly code: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: KubernetesObject;
  /** As it came, JSON or not. */
  readonly text: string;
}

export interface Watch {
  readonly code: number;
  readonly events: readonly WatchEvent[];
  /** The first event that fits, from the beginning of the watch; rejects after the time. */
  until(fits: (event: WatchEvent) => boolean, limitMs?: number): Promise<WatchEvent>;
  /** Resolves when the server has ended the watch. */
  readonly ended: Promise<void>;
  close(): void;
}

export interface RequestOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  /** Replaces the credentials' own header; null sends none. */
  readonly authorization?: string | null;
}

export class ApiClient {
  readonly url: string;
  readonly namespace: string;
  readonly credentials: Credentials;

  constructor(url: string, namespace: string, credentials: Credentials) {
    this.url = url;
    this.namespace = namespace;
    this.credentials = credentials;
  }

  pods(rest = ""): string {
    return `/api/v1/namespaces/${this.namespace}/pods${rest}`;
  }

  events(rest = ""): string {
    return `/api/v1/namespaces/${this.namespace}/events${rest}`;
  }

  async headers(method: string, path: string, authorization?: string | null): Promise<Record<string, string>> {
    if (authorization === null) return {};
    return { authorization: authorization ?? (await this.credentials({ method, path, pod: podOf(path) })) };
  }

  async call(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const response = await this.#send(method, path, options);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString("utf8");
    const json = response.headers["content-type"]?.startsWith("application/json") === true;
    return { code: response.statusCode ?? 0, headers: response.headers, body: parseObject(json ? text : "{}"), text };
  }

  async watch(path: string): Promise<Watch> {
    const response = await this.#send("GET", path, {});
    const events: WatchEvent[] = [];
    const waiting = new Set<() => void>();
    const wake = () => {
      for (const look of [...waiting]) look();
    };
    let rest = "";
    response.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      events.push(...lines.filter((line) => line !== "").map(parseWatchEvent));
      wake();
    });
    const ended = new Promise<void>((resolve) => response.once("close", resolve));
    response.on("error", () => undefined);
    return {
      code: response.statusCode ?? 0,
      events,
      ended,
      until: (fits, limitMs = 30_000) =>
        new Promise((resolve, reject) => {
          const timer = setTimeout(() => {
            waiting.delete(look);
            reject(new Error(`no such event among ${events.map(({ type }) => type).join(", ")}`));
          }, limitMs);
          const look = () => {
            const event = events.find(fits);
            if (event === undefined) return;
            waiting.delete(look);
            clearTimeout(timer);
            resolve(event);
          };
          waiting.add(look);
          look();
        }),
      close: () => response.destroy(),
    };
  }

  async #send(
    method: string,
    path: string,
    { body, contentType, authorization }: RequestOptions,
  ): Promise<IncomingMessage> {
    const text = body === undefined ? undefined : typeof body === "string" ? body : JSON.stringify(body);
    const headers = {
      ...(await this.headers(method, path, authorization)),
      // Without a length Node sends no body with DELETE, and its options would be ignored without a word.
      ...(text === undefined
        ? {}
        : { "content-type": contentType ?? "application/json", "content-length": String(Buffer.byteLength(text)) }),
    };
    const send = this.url.startsWith("https:") ? httpsRequest : httpRequest;
    return new Promise((resolve, reject) => {
      const request = send(`${this.url}${path}`, { method, headers }, resolve);
      request.once("error", reject);
      request.end(text);
    });
  }
}

/** The pod that a path names, for the token's claim. */
export function podOf(path: string): string | undefined {
  const [, pod] = /^\/api\/v1\/namespaces\/[^/]+\/pods\/([^/?]+)/.exec(path) ?? [];
  return pod;
}
