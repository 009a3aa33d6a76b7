// Owns a real git server over http on loopback: `git http-backend` behind Basic sign-in, over TLS where it is given.
// Must not know what is in its repositories or who tests what with them.

import { execFileSync } from "node:child_process";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { runCgi } from "./cgi.ts";

export interface HttpGitUser {
  readonly name: string;
  /** What a forge calls a token. */
  readonly password: string;
  /** May push; false: may only read. */
  readonly write: boolean;
}

export interface HttpGitServerWish {
  /** A folder of bare repositories: `NAME.git`, also deeper. */
  readonly root: string;
  /** None: everybody may read, and nobody may push. */
  readonly users: readonly HttpGitUser[];
  /** PEM; undefined: plain http. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface HttpGitRequest {
  readonly method: string;
  /** Path and query, as they came. */
  readonly target: string;
  /** Null: nobody signed in. */
  readonly user: string | null;
  readonly status: number;
}

export interface HttpGitServer {
  readonly port: number;
  /** `http://127.0.0.1:PORT/NAME.git` */
  url(name: string): string;
  /** Every request so far, oldest first. */
  readonly requests: readonly HttpGitRequest[];
  /** Answers instead of git, until it is taken away: false leaves the request to git. */
  intercept(listener: ((request: IncomingMessage, response: ServerResponse) => boolean) | null): void;
  close(): Promise<void>;
}

export async function startHttpGitServer({ root, users, tls }: HttpGitServerWish): Promise<HttpGitServer> {
  const backend = join(execFileSync("git", ["--exec-path"], { encoding: "utf8" }).trim(), "git-http-backend");
  const requests: HttpGitRequest[] = [];
  let intercept: ((request: IncomingMessage, response: ServerResponse) => boolean) | null = null;

  const listener: RequestListener = (request, response) => {
    const target = request.url ?? "/";
    const user = signedIn(request, users);
    response.once("close", () =>
      requests.push({
        method: request.method ?? "",
        target,
        user: user?.name ?? null,
        status: response.statusCode,
      }),
    );
    if (intercept?.(request, response) === true) return;
    if (users.length > 0 && user === null) {
      const words = request.headers.authorization === undefined ? "sign in" : "invalid credentials";
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"', "content-type": "text/plain" }).end(words);
      return;
    }
    if (target.includes("git-receive-pack") && user?.write !== true) {
      response.writeHead(403, { "content-type": "text/plain" }).end("this account may only read");
      return;
    }
    void runCgi([backend], cgiEnvironment(root, request, user), request, response, () => {});
  };

  const server = tls === undefined ? createServer(listener) : createTlsServer({ ...tls }, listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: (name) => `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}/${name}.git`,
    requests,
    intercept: (chosen) => {
      intercept = chosen;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function signedIn(request: IncomingMessage, users: readonly HttpGitUser[]): HttpGitUser | null {
  const [scheme, encoded] = (request.headers.authorization ?? "").split(" ");
  if (scheme !== "Basic" || encoded === undefined) return null;
  const given = Buffer.from(encoded, "base64").toString("utf8");
  return users.find(({ name, password }) => `${name}:${password}` === given) ?? null;
}

/** git-http-backend(1) and RFC 3875. REMOTE_USER is what lets receive-pack pass. */
function cgiEnvironment(root: string, request: IncomingMessage, user: HttpGitUser | null): Record<string, string> {
  const { pathname, search } = new URL(request.url ?? "/", "http://loopback");
  const header = (name: string): string => {
    const value = request.headers[name];
    return typeof value === "string" ? value : "";
  };
  return {
    PATH: process.env["PATH"] ?? "",
    HOME: root,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: "1",
    GIT_PROTOCOL: header("git-protocol"),
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_PROTOCOL: "HTTP/1.1",
    REQUEST_METHOD: request.method ?? "GET",
    PATH_INFO: decodeURIComponent(pathname),
    QUERY_STRING: search.replace(/^\?/, ""),
    CONTENT_TYPE: header("content-type"),
    HTTP_CONTENT_ENCODING: header("content-encoding"),
    REMOTE_ADDR: "127.0.0.1",
    // Without one (a chunked body) git reads to the end.
    ...(header("content-length") === "" ? {} : { CONTENT_LENGTH: header("content-length") }),
    ...(user === null ? {} : { REMOTE_USER: user.name }),
  };
}
