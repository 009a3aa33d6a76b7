// Owns the few words that this process says to its own API server: is it ready, what are its nodes, apply these objects.
// Must not know what the objects are for.

import { execFile } from "node:child_process";
import { Agent, request } from "node:https";
import { text } from "node:stream/consumers";

export interface ApiOptions {
  /** `https://127.0.0.1:PORT` */
  readonly server: string;
  readonly admin: { readonly ca: string; readonly cert: string; readonly key: string };
  readonly kubectl: string;
  readonly kubeconfig: string;
  /** Nothing is awaited any longer. */
  readonly signal: AbortSignal;
}

/** How often it is asked again while something is awaited. */
const lookAgainMs = 250;

export class Api {
  readonly #options: ApiOptions;
  readonly #agent: Agent;

  constructor(options: ApiOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, ...options.admin });
  }

  /** @returns `null` where there is no answer, or not 200 */
  async get(path: string): Promise<unknown> {
    return await new Promise((resolve) => {
      const asked = request(`${this.#options.server}${path}`, { agent: this.#agent, timeout: 5_000 });
      asked.once("error", () => resolve(null));
      asked.once("timeout", () => asked.destroy());
      asked.once("response", (response) => {
        text(response)
          .then((body) => resolve(response.statusCode === 200 ? parse(body) : null))
          .catch(() => resolve(null));
      });
      asked.end();
    });
  }

  /** @throws Error with what kubectl said */
  async apply(objects: readonly object[]): Promise<void> {
    const list = JSON.stringify({ apiVersion: "v1", kind: "List", items: objects });
    const args = ["--kubeconfig", this.#options.kubeconfig, "apply", "--server-side", "-f", "-"];
    await new Promise<void>((resolve, reject) => {
      const child = execFile(this.#options.kubectl, args, (error) => (error === null ? resolve() : reject(error)));
      child.stdin?.end(list);
    });
  }

  /** @throws Error that says what was awaited and for how long */
  async until(what: string, timeoutMs: number, path: string, isSo: (body: unknown) => boolean): Promise<void> {
    const untilMs = Date.now() + timeoutMs;
    while (!isSo(await this.get(path))) {
      this.#options.signal.throwIfAborted();
      if (Date.now() > untilMs) throw new Error(`${what} did not come within ${timeoutMs / 1000} s.`);
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
    }
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** /readyz answers in words. */
function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
