// Owns a browser as far as a sign-in needs one: cookies by host, redirects one at a time.
// Must not know what any address means.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { app } from "../../worker/app.ts";

/** The Worker's variables with some of them changed; an empty text means: not set. */
export function environment(changes: Readonly<Record<string, string>> = {}): Env {
  // Defined, not assigned: an assignment would pass through to the environment of all tests.
  const properties = Object.entries(changes).map(([name, value]) => [name, { value, enumerable: true }] as const);
  return Object.create(env, Object.fromEntries(properties));
}

export class Browser {
  /** May be replaced: the next request finds a Worker with other variables. */
  env: Env;
  readonly origin: string;
  /** Each is at a place of its own, as the platform tells the Worker: what one asks is not counted to another. */
  readonly #address = crypto.randomUUID();
  /** By host, then by name. */
  readonly #cookies = new Map<string, Map<string, string>>();

  constructor(changes: Readonly<Record<string, string>> = {}) {
    this.env = environment(changes);
    this.origin = this.env.PUBLIC_URL;
  }

  cookie(name: string): string | undefined {
    return this.#jar(this.origin).get(name);
  }

  setCookie(name: string, value: string): void {
    this.#jar(this.origin).set(name, value);
  }

  cookieNames(): string[] {
    return [...this.#jar(this.origin).keys()];
  }

  /** One request, no redirect followed. An address on our origin goes to the Worker, any other to the network. */
  async fetch(address: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(address, this.origin);
    const headers = new Headers(init.headers);
    const jar = this.#jar(url.origin);
    headers.set("cf-connecting-ip", this.#address);
    if (jar.size > 0) headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
    const request = new Request(url, { ...init, headers, redirect: "manual" });
    const response = await (url.origin === this.origin ? this.#askWorker(request) : fetch(request));
    for (const line of response.headers.getSetCookie()) keep(jar, line);
    return response;
  }

  /** Follows redirects until there is none, or until one leads to `stopAt`; gives the last response and its address. */
  async follow(address: string, stopAt?: string): Promise<{ response: Response; url: URL }> {
    let url = new URL(address, this.origin);
    for (let hop = 0; hop < 10; hop += 1) {
      const response = await this.fetch(url.href, { headers: { accept: "text/html" } });
      const location = response.headers.get("location");
      if (location === null) return { response, url };
      url = new URL(location, url);
      await response.body?.cancel();
      if (stopAt !== undefined && url.href.startsWith(stopAt)) return { response, url };
    }
    throw new Error("too many redirects");
  }

  /** POST from our own page, as a browser sends it. */
  post(path: string, body?: unknown): Promise<Response> {
    return this.fetch(path, {
      method: "POST",
      headers: { origin: this.origin, "sec-fetch-site": "same-origin", "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  async #askWorker(request: Request): Promise<Response> {
    const context = createExecutionContext();
    const response = await app.fetch(request, this.env, context);
    await waitOnExecutionContext(context);
    return response;
  }

  #jar(address: string): Map<string, string> {
    const { host } = new URL(address);
    const jar = this.#cookies.get(host) ?? new Map<string, string>();
    this.#cookies.set(host, jar);
    return jar;
  }
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair = "", ...flags] = line.split(";").map((part) => part.trim());
  const [name = "", value = ""] = [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)];
  const gone = flags.some((flag) => {
    const text = flag.toLowerCase();
    return text === "max-age=0" || (text.startsWith("expires=") && Date.parse(flag.slice(8)) <= Date.now());
  });
  if (gone) jar.delete(name);
  else jar.set(name, value);
}
