// Owns one HTTP request to the cluster: its address, token, time limit and the bounded reading of its answer.
// Must not know which objects are asked for, nor retry anything.

import { type ClusterFailure, failure, refusal } from "./failure.ts";
import { parseJson } from "./json.ts";
import type { ClusterSettings } from "./settings.ts";
import { createTokenMint, type MintToken } from "./token.ts";

/** Longest answer that is read, in bytes. A page of a hundred pods is about a megabyte. */
const maxBodyBytes = 4 * 1024 * 1024;
/** Longest answer to a refused upgrade or request that is read, in bytes. */
const maxRefusalBytes = 64 * 1024;

export type ClusterAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ClusterFailure };

/** What is asked. `path` begins below the namespace (`/pods/…`); every part of it is encoded already. */
export interface ClusterRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: readonly (readonly [name: string, value: string])[];
  readonly pod: string | null;
  readonly body?: { readonly contentType: string; readonly json: unknown };
  /** Until the whole answer is read, in milliseconds. */
  readonly timeoutMs: number;
}

/** Speaks to one namespace of one cluster in one name. */
export class ClusterClient {
  readonly #settings: ClusterSettings;
  readonly #subject: string;
  readonly #mint: MintToken;
  readonly #now: () => number;

  /** `subject` is the tokens' `sub`; `now` gives unix milliseconds. */
  constructor(settings: ClusterSettings, subject: string, now: () => number) {
    this.#settings = settings;
    this.#subject = subject;
    this.#mint = createTokenMint(settings);
    this.#now = now;
  }

  /** The address of a path below the namespace. What `fetch` sends is this URL's `pathname` and `search`, unchanged. */
  url(path: string, query: ClusterRequest["query"] = []): URL {
    const search = query.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
    const base = `${this.#settings.url}/api/v1/namespaces/${encodeURIComponent(this.#settings.namespace)}`;
    return new URL(`${base}${path}${search === "" ? "" : `?${search}`}`);
  }

  /** The clock that tokens are dated by, in unix milliseconds. */
  nowMs(): number {
    return this.#now();
  }

  /** The Authorization header for exactly this request. */
  async authorization(method: string, url: URL, pod: string | null): Promise<string> {
    const purpose = { subject: this.#subject, method, pathAndQuery: url.pathname + url.search, pod };
    return `Bearer ${await this.#mint(purpose, this.#now())}`;
  }

  /** Asks, and reads the answer as JSON. Never throws for what the cluster or the network does. */
  async ask(request: ClusterRequest): Promise<ClusterAnswer<unknown>> {
    const url = this.url(request.path, request.query);
    const headers = new Headers({
      accept: "application/json",
      authorization: await this.authorization(request.method, url, request.pod),
    });
    if (request.body !== undefined) headers.set("content-type", request.body.contentType);
    const signal = AbortSignal.timeout(request.timeoutMs);
    let response: Response;
    try {
      response = await fetch(url, {
        method: request.method,
        headers,
        // The token fits this address alone: a redirect is an answer that Kubernetes does not give.
        redirect: "manual",
        signal,
        ...(request.body === undefined ? {} : { body: JSON.stringify(request.body.json) }),
      });
    } catch {
      return { ok: false, failure: networkFailure(signal, request.timeoutMs) };
    }
    return this.#read(response, signal, request.timeoutMs);
  }

  async #read(response: Response, signal: AbortSignal, timeoutMs: number): Promise<ClusterAnswer<unknown>> {
    const { status } = response;
    let body: string | null;
    try {
      body = await readBounded(response, response.ok ? maxBodyBytes : maxRefusalBytes);
    } catch {
      const why = networkFailure(signal, timeoutMs);
      return {
        ok: false,
        failure: why.kind === "timeout" ? why : failure("garbled", "its answer was cut", { status }),
      };
    }
    if (status >= 400) {
      return { ok: false, failure: refusal(status, response.headers, body ?? "", this.nowMs()) };
    }
    if (body === null) return { ok: false, failure: failure("garbled", "its answer was too long", { status }) };
    const value = response.ok ? parseJson(body) : undefined;
    if (value === undefined) {
      return { ok: false, failure: failure("garbled", "its answer was not Kubernetes' own", { status }) };
    }
    return { ok: true, value };
  }
}

/** What a `fetch` or a body that failed stands for. Names no address: a person in a shell need not know it. */
export function networkFailure(signal: AbortSignal, timeoutMs: number): ClusterFailure {
  if (signal.aborted) return failure("timeout", `no answer in ${timeoutMs / 1000} seconds`);
  return failure("unreachable", "the connection failed");
}

/** The body as text; null where it is longer than `maxBytes` (the rest is not read). Rejects where it is cut. */
export async function readBounded(response: Response, maxBytes: number): Promise<string | null> {
  if (response.body === null) return "";
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let length = 0;
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.byteLength;
    if (length > maxBytes) {
      await reader.cancel().catch(() => undefined);
      return null;
    }
    text += decoder.decode(value, { stream: true });
  }
}
