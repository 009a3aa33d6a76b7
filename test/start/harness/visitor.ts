// Owns a person without a browser: cookies kept as a browser keeps them, the sign-in page filled in, GraphQL asked.
// Must not know what is tested.

/** Redirects of one sign-in at most. */
const maxHops = 10;

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

export class Visitor {
  readonly origin: string;
  readonly #cookies = new Map<string, Cookie>();

  constructor(origin: string) {
    this.origin = origin;
  }

  async fetch(target: string, init: RequestInit = {}): Promise<Response> {
    const url = new URL(target, this.origin);
    const headers = new Headers(init.headers);
    headers.set("cookie", this.cookiesFor(url.pathname));
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) this.#take(line);
    return response;
  }

  /** The header that a browser sends with a request for this path. */
  cookiesFor(pathname: string): string {
    const cookies = Array.from(this.#cookies.values()).filter(({ path }) => pathname.startsWith(path));
    return cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  /** The way of the page's "Sign in" link, through the local issuer, and back. */
  async signIn(name: string): Promise<void> {
    let response = await this.fetch("/auth/sign-in");
    for (let hop = 0; hop < maxHops; hop += 1) {
      const location = response.headers.get("location");
      if (location !== null) {
        if (new URL(location, this.origin).pathname === "/") return;
        response = await this.fetch(location);
        continue;
      }
      const form = /<form method="post" action="([^"]+)"/.exec(await response.text())?.[1];
      if (form === undefined) throw new Error(`Signing in stopped at ${response.url} (${response.status}).`);
      response = await this.fetch(form, { method: "POST", body: new URLSearchParams({ name }) });
    }
    throw new Error(`Signing in did not end after ${maxHops} steps.`);
  }

  /** @returns the field `name` of the answer's data. @throws Error with what came instead */
  async ask(query: string, name: string): Promise<unknown> {
    const headers = { "content-type": "application/json", origin: this.origin };
    const response = await this.fetch("/graphql", { method: "POST", headers, body: JSON.stringify({ query }) });
    const text = await response.text();
    const answer: unknown = response.headers.get("content-type")?.includes("json") === true ? JSON.parse(text) : null;
    const data: unknown = typeof answer === "object" && answer !== null ? Reflect.get(answer, "data") : null;
    if (typeof data !== "object" || data === null) throw new Error(`GraphQL answered ${response.status}: ${text}`);
    return Reflect.get(data, name);
  }

  #take(line: string): void {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const attribute = (wanted: string): string | undefined =>
      attributes.find((part) => part.toLowerCase().startsWith(`${wanted}=`))?.slice(wanted.length + 1);
    const at = pair.indexOf("=");
    const cookie = { name: pair.slice(0, at), value: pair.slice(at + 1), path: attribute("path") ?? "/" };
    const ended = attribute("max-age") === "0" || new Date(attribute("expires") ?? "9999").getTime() < Date.now();
    if (ended) this.#cookies.delete(`${cookie.name} ${cookie.path}`);
    else this.#cookies.set(`${cookie.name} ${cookie.path}`, cookie);
  }
}
