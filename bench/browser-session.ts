// Owns being a signed-in browser without a browser: cookies, the sign-in's redirects and forms, GraphQL.
// Must not know what is done with the session.

/** A person's session at a local Limpet. */
export class BrowserSession {
  readonly origin: string;
  readonly #cookies = new Map<string, string>();

  private constructor(origin: string) {
    this.origin = origin;
  }

  /** Signs in under `name` as a person would: from the page's button through the issuer's form and back. */
  static async signIn(origin: string, name: string): Promise<BrowserSession> {
    const session = new BrowserSession(origin);
    const form = await session.#follow("/auth/sign-in", { method: "GET" });
    const action = /<form[^>]*action="([^"]+)"/.exec(await form.text())?.[1];
    if (action === undefined) throw new Error(`No sign-in form at ${origin}: is this a local Limpet?`);
    const done = await session.#follow(action, { method: "POST", body: new URLSearchParams({ name }) });
    if (!done.ok) throw new Error(`Sign-in ended with ${done.status}: ${(await done.text()).slice(0, 300)}`);
    return session;
  }

  get cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  /** One GraphQL operation; throws with the first error's code. */
  async graphql(query: string): Promise<unknown> {
    const response = await this.#fetch("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", origin: this.origin },
      body: JSON.stringify({ query }),
    });
    const answer: unknown = await response.json();
    if (typeof answer !== "object" || answer === null || "errors" in answer || !("data" in answer)) {
      throw new Error(`GraphQL: ${response.status} ${JSON.stringify(answer)}`);
    }
    return answer.data;
  }

  async json(path: string): Promise<unknown> {
    const response = await this.#fetch(path, { method: "GET" });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }

  async #follow(path: string, init: RequestInit): Promise<Response> {
    let response = await this.#fetch(path, init);
    for (let hop = 0; hop < 10; hop += 1) {
      const location = response.headers.get("location");
      if (location === null) return response;
      response = await this.#fetch(location, { method: "GET" });
    }
    throw new Error("Sign-in goes round in circles.");
  }

  async #fetch(path: string, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set("cookie", this.cookie);
    const response = await fetch(new URL(path, this.origin), { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const match = /^([^=]+)=([^;]*)/.exec(line);
      if (match?.[1] === undefined) continue;
      if (match[2] === "" || /max-age=0/i.test(line)) this.#cookies.delete(match[1]);
      else this.#cookies.set(match[1], match[2] ?? "");
    }
    return response;
  }
}
