// Owns what an attacker may send to the ingress, as data: each begins as a request of Limpet's own and has one thing wrong.
// Must not know where the ingress runs: the tests on loopback and those on a real Kubernetes send the same.

import {
  type EdgeSigner,
  encode,
  makeToken,
  type Part,
  rightParts,
  type Sealing,
  type TokenParts,
} from "./harness/tokens.ts";

export interface Wire {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/** The installation that is attacked, and what the attacker has: the edge's own key, and another one. */
export interface Stage {
  readonly issuer: string;
  readonly audience: string;
  readonly namespace: string;
  readonly host: string;
  /** The name of a pod that is the caller's. */
  readonly pod: string;
  readonly signer: EdgeSigner;
  readonly stranger: EdgeSigner;
}

type Good = "get" | "list" | "create" | "patch" | "delete" | "events" | "exec";

export interface Hostile {
  readonly name: string;
  /** The HTTP status; several where HAProxy's own parser refuses, and its versions name it differently. */
  readonly code: number | readonly number[];
  /** The cause that the ingress names (`details.causes[0].message`), where it is the ingress's rules that refuse. */
  readonly cause?: string;
  /**
   * HAProxy's parser refuses it before any rule, in one of its versions at least. It closes with bytes unread, and so the reset
   * may overtake the answer.
   */
  readonly parser?: true;
  /** `get` where it is not said. */
  readonly of?: Good;
  /** Changes the request before its token is made: as one who has the edge's key. */
  readonly wish?: (wire: Wire, stage: Stage) => Partial<Wire>;
  readonly claims?: (claims: Part, stage: Stage) => Part;
  readonly header?: (header: Part, stage: Stage) => Part;
  readonly by?: "stranger";
  readonly sealing?: Sealing;
  readonly token?: (token: string, stage: Stage) => string;
  /** The Authorization fields; one with the token where it is not said. */
  readonly authorization?: (token: string) => readonly string[];
  /** Changes the request after its token was made: as one who took the token on its way. */
  readonly later?: (wire: Wire, stage: Stage) => Partial<Wire>;
  /** Changes the bytes. */
  readonly bytes?: (text: string, stage: Stage) => string;
}

const json = "application/json";
const script = "%2Fusr%2Flocal%2Flib%2Flimpet%2F";
const streams = "stdin=true&stdout=true&stderr=true&tty=false";

/** What worker/kubernetes sends. */
export function goodRequest(of: Good, { namespace, host, pod }: Stage): Wire {
  const base = `/api/v1/namespaces/${namespace}`;
  const wire = (method: string, path: string, body = "", type = json): Wire => ({
    method,
    target: `${base}${path}`,
    version: "HTTP/1.1",
    headers: [
      ["Host", host],
      ["Accept", json],
      ...(body === ""
        ? []
        : ([
            ["Content-Type", type],
            ["Content-Length", String(Buffer.byteLength(body))],
          ] as const)),
    ],
    body,
  });
  if (of === "create") return wire("POST", "/pods?dryRun=All", '{"apiVersion":"v1","kind":"Pod"}');
  if (of === "patch") return wire("PATCH", `/pods/${pod}`, '{"metadata":{}}', "application/merge-patch+json");
  if (of === "delete") return wire("DELETE", `/pods/${pod}`, '{"gracePeriodSeconds":30}');
  if (of === "list") return wire("GET", "/pods?labelSelector=limpet.dev%2Finstall%3Dlimpet&limit=100");
  if (of === "events") {
    return wire("GET", "/events?fieldSelector=involvedObject.uid%3D00000000-0000-4000-8000-000000000000&limit=50");
  }
  if (of === "exec") {
    const exec = wire("GET", `/pods/${pod}/exec?container=shell&command=${script}attach&command=control&${streams}`);
    return {
      ...exec,
      headers: [
        ["Host", host],
        ["Connection", "Upgrade"],
        ["Upgrade", "websocket"],
        ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
        ["Sec-WebSocket-Version", "13"],
        ["Sec-WebSocket-Protocol", "v5.channel.k8s.io, v4.channel.k8s.io"],
      ],
    };
  }
  return wire("GET", `/pods/${pod}`);
}

/** The bytes of a hostile request, its token made now. */
export function hostileBytes(hostile: Partial<Hostile>, stage: Stage): string {
  const good = goodRequest(hostile.of ?? "get", stage);
  const wished = { ...good, ...hostile.wish?.(good, stage) };
  const { issuer, audience } = stage;
  const right = rightParts(stage.signer, { issuer, audience, method: wished.method, target: wished.target });
  const parts: TokenParts = {
    header: hostile.header?.(right.header, stage) ?? right.header,
    claims: hostile.claims?.(right.claims, stage) ?? right.claims,
  };
  const signer = hostile.by === "stranger" ? stage.stranger : stage.signer;
  const made = makeToken(parts, signer, hostile.sealing ?? "es256");
  const token = hostile.token?.(made, stage) ?? made;
  const authorizations = hostile.authorization?.(token) ?? [`Bearer ${token}`];
  const signed: Wire = {
    ...wished,
    headers: [...wished.headers, ...authorizations.map((value) => ["Authorization", value] as const)],
  };
  const sent = { ...signed, ...hostile.later?.(signed, stage) };
  const lines = sent.headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const text = `${sent.method} ${sent.target} ${sent.version}\r\n${lines}\r\n${sent.body}`;
  return hostile.bytes?.(text, stage) ?? text;
}

const without =
  (name: string) =>
  (part: Part): Part =>
    Object.fromEntries(Object.entries(part).filter(([key]) => key !== name));
const set =
  (name: string, value: unknown) =>
  (part: Part): Part => ({ ...part, [name]: value });
/** Relative to this moment, in seconds. */
const at =
  (offsets: Readonly<Record<string, number>>) =>
  (claims: Part): Part => {
    const nowSeconds = Math.floor(Date.now() / 1000);
    return { ...claims, ...Object.fromEntries(Object.entries(offsets).map(([name, by]) => [name, nowSeconds + by])) };
  };
const target =
  (path: string) =>
  (_: Wire, { namespace }: Stage) => ({ target: path.replace("NS", namespace) });
const podTarget =
  (suffix: string) =>
  ({ target: was }: Wire) => ({ target: `${was}${suffix}` });
const exec =
  (query: string) =>
  (_: Wire, { namespace, pod }: Stage) => ({
    target: `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`,
  });
const more =
  (...added: readonly (readonly [string, string])[]) =>
  ({ headers }: Wire) => ({ headers: [...headers, ...added] });
const instead =
  (name: string, ...values: readonly string[]) =>
  ({ headers }: Wire) => ({
    headers: [...headers.filter(([key]) => key !== name), ...values.map((value) => [name, value] as const)],
  });

const token: readonly Hostile[] = [
  { name: "no token", code: 401, cause: "token", authorization: () => [] },
  { name: "an empty Authorization", code: 401, cause: "token", authorization: () => [""] },
  { name: "Basic instead of Bearer", code: 401, cause: "token", authorization: () => ["Basic bGltcGV0OmxpbXBldA=="] },
  { name: "Bearer in lower case", code: 401, cause: "token", authorization: (token) => [`bearer ${token}`] },
  {
    name: "two Authorization fields",
    code: 401,
    cause: "token",
    authorization: (token) => [`Bearer ${token}`, `Bearer ${token}`],
  },
  {
    name: "two tokens in one field",
    code: 401,
    cause: "token",
    authorization: (token) => [`Bearer ${token}, Bearer ${token}`],
  },
  {
    name: "a token of more than 4,096 characters",
    code: 401,
    cause: "token",
    claims: set("padding", "x".repeat(3_200)),
  },
  { name: "a token of two parts", code: 401, cause: "token", token: (token) => token.split(".").slice(0, 2).join(".") },
  { name: "a token of four parts", code: 401, cause: "token", token: (token) => `${token}.${token.split(".")[2]}` },
  {
    name: "an encrypted token (five parts)",
    code: 401,
    cause: "token",
    token: () => "eyJhbGciOiJFQ0RILUVTIn0.a.b.c.d",
  },
  { name: "a token with padding", code: 401, cause: "token", token: (token) => `${token}==` },
  { name: "alg none, without a signature", code: 401, cause: "token", header: set("alg", "none"), sealing: "none" },
  { name: "alg none, with the signature of another time", code: 401, cause: "key", header: set("alg", "none") },
  { name: "alg None in other letters", code: 401, cause: "key", header: set("alg", "nOnE") },
  {
    name: "HS256 keyed with the public key",
    code: 401,
    cause: "token",
    header: set("alg", "HS256"),
    sealing: "hs256-of-public-key",
  },
  { name: "HS256 in the header of a token with ES256", code: 401, cause: "key", header: set("alg", "HS256") },
  { name: "RS256 in the header", code: 401, cause: "key", header: set("alg", "RS256") },
  { name: "ES384 in the header", code: 401, cause: "key", header: set("alg", "ES384") },
  { name: "EdDSA in the header", code: 401, cause: "key", header: set("alg", "EdDSA") },
  { name: "es256 in lower case", code: 401, cause: "key", header: set("alg", "es256") },
  { name: "alg as a list", code: 401, cause: "key", header: set("alg", ["ES256"]) },
  { name: "no alg", code: 401, cause: "key", header: without("alg") },
  {
    name: "an extension that must be understood (crit)",
    code: 401,
    cause: "key",
    header: (part) => ({ ...part, crit: ["b64"], b64: false }),
  },
  { name: "no kid", code: 401, cause: "key", header: without("kid") },
  { name: "an unknown kid", code: 401, cause: "key", header: set("kid", "nobody") },
  {
    name: "a kid that climbs to another file",
    code: 401,
    cause: "key",
    header: (part) => set("kid", `../keys/${part["kid"]}`)(part),
  },
  {
    name: "a kid that is a whole path",
    code: 401,
    cause: "key",
    header: set("kid", "/etc/ssl/certs/ca-certificates.crt"),
  },
  { name: "a kid that is a number", code: 401, cause: "key", header: set("kid", 1) },
  { name: "an empty kid", code: 401, cause: "key", header: set("kid", "") },
  { name: "a stranger's signature under the edge's kid", code: 401, cause: "signature", by: "stranger" },
  {
    name: "a key of the attacker's own in the header (jwk)",
    code: 401,
    cause: "signature",
    by: "stranger",
    header: (part, { stranger }) => set("jwk", stranger.key.export({ format: "jwk" }))(part),
  },
  { name: "one bit of the signature changed", code: 401, cause: "signature", sealing: "flipped" },
  { name: "a signature of zeros", code: 401, cause: "signature", sealing: "zeros" },
  { name: "a signature in DER", code: 401, cause: "token", sealing: "der" },
  {
    name: "claims changed after they were signed",
    code: 401,
    cause: "signature",
    token: (token) => {
      const [header, claims = "", signature] = token.split(".");
      const changed: unknown = JSON.parse(Buffer.from(claims, "base64url").toString("utf8"));
      const part = typeof changed === "object" && changed !== null ? Object.fromEntries(Object.entries(changed)) : {};
      return `${header}.${encode({ ...part, sub: "limpet:reaper" })}.${signature}`;
    },
  },
  { name: "a token of another issuer", code: 401, cause: "issuer", claims: set("iss", "https://evil.example.com") },
  {
    name: "an issuer with a slash more",
    code: 401,
    cause: "issuer",
    claims: (part) => set("iss", `${part["iss"]}/`)(part),
  },
  { name: "no issuer", code: 401, cause: "issuer", claims: without("iss") },
  { name: "a token for another cluster", code: 401, cause: "audience", claims: set("aud", "another-cluster") },
  {
    name: "a list of audiences, ours among them",
    code: 401,
    cause: "audience",
    claims: (part) => set("aud", [part["aud"], "x"])(part),
  },
  { name: "no audience", code: 401, cause: "audience", claims: without("aud") },
  { name: "no subject", code: 401, cause: "claims", claims: without("sub") },
  { name: "a subject of the cluster's own", code: 401, cause: "claims", claims: set("sub", "system:masters") },
  {
    name: "a subject that would write lines of its own into the log",
    code: 401,
    cause: "claims",
    claims: set("sub", 'limpet:a"}\n{"x":"'),
  },
  { name: "no id", code: 401, cause: "claims", claims: without("jti") },
  { name: "no exp", code: 401, cause: "claims", claims: without("exp") },
  { name: "exp as text", code: 401, cause: "claims", claims: (part) => set("exp", String(part["exp"]))(part) },
  { name: "exp below zero", code: 401, cause: "claims", claims: set("exp", -1) },
  { name: "no iat", code: 401, cause: "claims", claims: without("iat") },
  { name: "no nbf", code: 401, cause: "claims", claims: without("nbf") },
  { name: "a life of 121 seconds", code: 401, cause: "life", claims: at({ iat: -60, nbf: -60, exp: 61 }) },
  { name: "a life of a year", code: 401, cause: "life", claims: at({ exp: 31_536_000 }) },
  { name: "exp beyond what numbers hold", code: 401, claims: set("exp", 1e300) },
  { name: "an end before its beginning", code: 401, cause: "life", claims: at({ exp: -40 }) },
  { name: "a token that expired a second ago", code: 401, cause: "expired", claims: at({ exp: -1 }) },
  {
    name: "a token of an hour ago",
    code: 401,
    cause: "expired",
    claims: at({ iat: -3_690, nbf: -3_690, exp: -3_600 }),
  },
  { name: "a token of the next minute (iat)", code: 401, cause: "early", claims: at({ iat: 40, nbf: -30, exp: 60 }) },
  { name: "a token of the next minute (nbf)", code: 401, cause: "early", claims: at({ nbf: 40 }) },
];

const binding: readonly Hostile[] = [
  { name: "a token for another method", code: 403, cause: "binding", claims: set("method", "DELETE") },
  { name: "no method claim", code: 403, cause: "binding", claims: without("method") },
  { name: "no path claim", code: 403, cause: "binding", claims: without("path_sha256") },
  { name: "an empty path claim", code: 403, cause: "binding", claims: set("path_sha256", "") },
  {
    name: "a path claim in capitals",
    code: 403,
    cause: "binding",
    claims: (part) => set("path_sha256", String(part["path_sha256"]).toUpperCase())(part),
  },
  { name: "a token for another pod", code: 403, cause: "binding", claims: set("pod", "limpet-zzzzzzzzzzzzzzzzzzzz") },
  { name: "no pod claim", code: 403, cause: "binding", claims: without("pod") },
  {
    name: "a look's token used on a foreign pod",
    code: 403,
    cause: "binding",
    later: ({ target: was }) => ({ target: `${was.slice(0, -1)}z` }),
  },
  {
    name: "a look's token used to delete",
    code: 403,
    cause: "binding",
    later: (_, stage) => {
      const { method, body } = goodRequest("delete", stage);
      return { method, body };
    },
    bytes: (text) => text.replace("Accept: ", "Content-Type: application/json\r\nContent-Length: 25\r\nAccept: "),
  },
  {
    name: "a try's token used to create",
    code: 403,
    cause: "binding",
    of: "create",
    later: ({ target: was }) => ({ target: was.replace("?dryRun=All", "") }),
  },
  {
    name: "a list's token used for a longer page",
    code: 403,
    cause: "binding",
    of: "list",
    later: ({ target: was }) => ({ target: was.replace("100", "999") }),
  },
  {
    name: "an exec's token used for another command",
    code: 403,
    cause: "binding",
    of: "exec",
    later: ({ target: was }) => ({ target: was.replace("=control", "=plain") }),
  },
];

const place: readonly Hostile[] = [
  { name: "another namespace", code: 403, cause: "request", wish: target("/api/v1/namespaces/kube-system/pods/etcd") },
  { name: "secrets", code: 404, cause: "malformed", wish: target("/api/v1/namespaces/NS/secrets") },
  { name: "all pods of the cluster", code: 404, cause: "malformed", wish: target("/api/v1/pods") },
  {
    name: "another group of the API",
    code: 404,
    cause: "malformed",
    wish: target("/apis/apps/v1/namespaces/NS/deployments"),
  },
  { name: "the API's own documents", code: 404, cause: "malformed", wish: target("/openapi/v2") },
  { name: "a pod's log", code: 404, cause: "malformed", wish: podTarget("/log") },
  { name: "a pod's attach", code: 404, cause: "malformed", wish: podTarget("/attach") },
  { name: "a pod's ports", code: 404, cause: "malformed", wish: podTarget("/portforward") },
  { name: "a pod's proxy", code: 404, cause: "malformed", wish: podTarget("/proxy/metrics") },
  { name: "a pod's eviction", code: 404, cause: "malformed", wish: podTarget("/eviction") },
  { name: "a pod's debugger", code: 404, cause: "malformed", wish: podTarget("/ephemeralcontainers") },
  { name: "a pod's status", code: 404, cause: "malformed", wish: podTarget("/status") },
  { name: "a way up (..)", code: 404, cause: "malformed", wish: target("/api/v1/namespaces/NS/pods/../secrets") },
  {
    name: "a way up, encoded (%2e%2e)",
    code: 404,
    cause: "malformed",
    wish: target("/api/v1/namespaces/NS/pods/%2e%2e/secrets"),
  },
  { name: "an encoded slash (%2f)", code: 404, cause: "malformed", wish: target("/api/v1/namespaces/NS/pods%2fx") },
  { name: "an encoded letter", code: 404, cause: "malformed", wish: target("/api/v1/namespaces/NS/%70ods/x") },
  { name: "a doubled slash", code: 404, cause: "malformed", wish: target("//api/v1/namespaces/NS/pods/x") },
  { name: "a slash at the end", code: 404, cause: "malformed", wish: podTarget("/") },
  { name: "a parameter of the path (;)", code: 404, cause: "malformed", wish: podTarget(";a=b") },
  { name: "a backslash", code: 404, cause: "malformed", wish: target("/api/v1/namespaces/NS/pods\\x") },
  { name: "a pod's name in capitals", code: 404, cause: "malformed", wish: target("/api/v1/namespaces/NS/pods/X") },
  {
    name: "the absolute form with its own host",
    code: 404,
    cause: "malformed",
    wish: ({ target: was }, { host }) => ({ target: `https://${host}${was}` }),
  },
  {
    name: "the absolute form with another host",
    parser: true,
    code: 400,
    wish: ({ target: was }) => ({ target: `https://kubernetes.default.svc${was}` }),
  },
  {
    name: "a query with an encoded line feed in a path's place",
    code: 404,
    cause: "malformed",
    wish: podTarget("%0d%0aX-Remote-User:%20admin"),
  },
  { name: "an endless target", code: 404, cause: "malformed", wish: podTarget(`?a=${"a".repeat(6_000)}`) },
  { name: "a watch", code: 403, cause: "request", wish: target("/api/v1/namespaces/NS/pods?watch=true") },
  { name: "a list of everybody's pods", code: 403, cause: "request", wish: target("/api/v1/namespaces/NS/pods") },
  { name: "a list with a parameter twice", code: 403, cause: "request", of: "list", wish: podTarget("&limit=1") },
  { name: "a list that also watches", code: 403, cause: "request", of: "list", wish: podTarget("&watch=1") },
  {
    name: "a create with another parameter",
    code: 403,
    cause: "request",
    of: "create",
    wish: target("/api/v1/namespaces/NS/pods?fieldManager=x"),
  },
  {
    name: "a create in the place of one pod",
    code: 403,
    cause: "request",
    of: "create",
    wish: target("/api/v1/namespaces/NS/pods/x"),
  },
  {
    name: "a deletion of all pods",
    code: 403,
    cause: "request",
    of: "delete",
    wish: target("/api/v1/namespaces/NS/pods"),
  },
  {
    name: "a deletion with parameters",
    code: 403,
    cause: "request",
    of: "delete",
    wish: podTarget("?gracePeriodSeconds=0"),
  },
  {
    name: "a patch of another kind",
    code: 403,
    cause: "request",
    of: "patch",
    wish: instead("Content-Type", "application/apply-patch+yaml"),
  },
  {
    name: "a create in YAML",
    code: 403,
    cause: "request",
    of: "create",
    wish: instead("Content-Type", "application/yaml"),
  },
  { name: "events of everybody", code: 403, cause: "request", wish: target("/api/v1/namespaces/NS/events") },
  { name: "a method of no use (PUT)", code: 405, cause: "malformed", of: "patch", wish: () => ({ method: "PUT" }) },
  { name: "HEAD", code: 405, wish: () => ({ method: "HEAD" }) },
  { name: "OPTIONS *", code: 405, cause: "malformed", wish: () => ({ method: "OPTIONS", target: "*" }) },
  { name: "TRACE", code: 405, cause: "malformed", wish: () => ({ method: "TRACE" }) },
  { name: "a method in lower case", code: 405, cause: "malformed", wish: () => ({ method: "get" }) },
  {
    name: "CONNECT to the API server",
    code: 405,
    wish: () => ({ method: "CONNECT", target: "kubernetes.default.svc:443" }),
    later: instead("Host", "kubernetes.default.svc:443"),
  },
];

const execs: readonly Hostile[] = [
  {
    name: "an exec of a shell",
    code: 403,
    cause: "request",
    of: "exec",
    wish: exec(`container=shell&command=sh&command=-c&command=id&${streams}`),
  },
  {
    name: "an exec in another container",
    code: 403,
    cause: "request",
    of: "exec",
    wish: exec(`container=other&command=${script}setup&${streams}`),
  },
  {
    name: "an exec without a container",
    code: 403,
    cause: "request",
    of: "exec",
    wish: exec(`command=${script}setup&${streams}`),
  },
  {
    name: "an exec of another script",
    code: 403,
    cause: "request",
    of: "exec",
    wish: exec(`container=shell&command=${script}tend&${streams}`),
  },
  {
    name: "an exec of a script by way of another folder",
    code: 403,
    cause: "request",
    of: "exec",
    wish: exec(`container=shell&command=${script}..%2Fsetup&${streams}`),
  },
  {
    name: "attach with a word more",
    code: 403,
    cause: "request",
    of: "exec",
    wish: exec(`container=shell&command=${script}attach&command=control&command=x&${streams}`),
  },
  {
    name: "attach in a way of its own",
    code: 403,
    cause: "request",
    of: "exec",
    wish: exec(`container=shell&command=${script}attach&command=other&${streams}`),
  },
  {
    name: "an exec with a parameter more",
    code: 403,
    cause: "request",
    of: "exec",
    wish: podTarget("&container=other"),
  },
  {
    name: "an exec that is no WebSocket",
    code: 400,
    cause: "malformed",
    of: "exec",
    wish: (wire) => ({ headers: wire.headers.slice(0, 1) }),
  },
  { name: "an exec over SPDY", code: 400, cause: "malformed", of: "exec", wish: instead("Upgrade", "SPDY/3.1") },
  { name: "an exec by POST", code: 400, cause: "malformed", of: "exec", wish: () => ({ method: "POST" }) },
  { name: "an exec with two upgrades", code: 400, of: "exec", wish: instead("Upgrade", "websocket", "other") },
  { name: "an exec of an old WebSocket", code: 400, of: "exec", wish: instead("Sec-WebSocket-Version", "8") },
  {
    name: "an exec without a WebSocket's key",
    parser: true,
    code: 400,
    of: "exec",
    wish: instead("Sec-WebSocket-Key"),
  },
  {
    name: "a bearer token in the WebSocket's protocols",
    code: 403,
    cause: "malformed",
    of: "exec",
    wish: instead("Sec-WebSocket-Protocol", "v5.channel.k8s.io, base64url.bearer.authorization.k8s.io.dG9rZW4"),
  },
  {
    name: "a look that upgrades to a WebSocket",
    code: 400,
    wish: more(
      ["Connection", "Upgrade"],
      ["Upgrade", "websocket"],
      ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["Sec-WebSocket-Version", "13"],
    ),
  },
];

const smuggled = "0\r\n\r\nGET /api/v1/secrets HTTP/1.1\r\nHost: x\r\n\r\n";
const forms: readonly Hostile[] = [
  {
    name: "both lengths",
    code: 400,
    of: "create",
    later: (wire) => ({ ...more(["Transfer-Encoding", "chunked"])(wire), body: smuggled }),
  },
  {
    name: "chunks alone",
    code: 400,
    cause: "malformed",
    of: "create",
    later: (wire) => ({
      ...instead("Content-Length")(wire),
      ...more(["Transfer-Encoding", "chunked"])({
        ...wire,
        headers: wire.headers.filter(([key]) => key !== "Content-Length"),
      }),
      body: smuggled,
    }),
  },
  {
    name: "a coding that is none (xchunked)",
    parser: true,
    code: 400,
    of: "create",
    later: (wire) => ({ ...more(["Transfer-Encoding", "xchunked"])(wire), body: smuggled }),
  },
  {
    name: "chunked twice",
    parser: true,
    code: 400,
    of: "create",
    later: (wire) => ({
      ...more(["Transfer-Encoding", "chunked"], ["Transfer-Encoding", "chunked"])(wire),
      body: smuggled,
    }),
  },
  {
    name: "chunked behind a tab",
    code: 400,
    of: "create",
    later: (wire) => ({ ...more(["Transfer-Encoding", "\tchunked"])(wire), body: smuggled }),
  },
  { name: "two lengths", parser: true, code: 400, of: "create", later: more(["Content-Length", "0"]) },
  {
    name: "two lengths in one field",
    parser: true,
    code: 400,
    of: "create",
    later: instead("Content-Length", "32, 0"),
  },
  { name: "a length below zero", parser: true, code: 400, of: "create", later: instead("Content-Length", "-1") },
  { name: "a length with a sign", parser: true, code: 400, of: "create", later: instead("Content-Length", "+32") },
  { name: "a length in hex", parser: true, code: 400, of: "create", later: instead("Content-Length", "0x20") },
  {
    name: "a look with a body",
    code: 400,
    cause: "malformed",
    later: (wire) => ({ ...more(["Content-Length", String(smuggled.length)])(wire), body: smuggled }),
  },
  {
    name: "a body that is too long",
    code: 413,
    cause: "malformed",
    of: "create",
    later: instead("Content-Length", "65537"),
  },
  {
    name: "a folded field that makes two lengths",
    parser: true,
    code: 400,
    of: "create",
    bytes: (text) => text.replace("Content-Length: ", "Content-Length: 0\r\n "),
  },
  {
    name: "a folded Authorization",
    code: 401,
    cause: "token",
    bytes: (text) => text.replace("Authorization: Bearer ", "Authorization: Bearer x\r\n "),
  },
  {
    name: "a space before the colon",
    parser: true,
    code: 400,
    bytes: (text) => text.replace("Authorization:", "Authorization :"),
  },
  { name: "a field without a name", parser: true, code: 400, bytes: (text) => text.replace("Accept:", ":") },
  {
    name: "a NUL in a field that goes on",
    parser: true,
    of: "exec",
    code: 400,
    bytes: (text) => text.replace("dGhl", "dG\0l"),
  },
  {
    name: "a carriage return in a field",
    parser: true,
    code: 400,
    bytes: (text) => text.replace("Accept: ", "Accept: a\rX-Remote-User: admin\r"),
  },
  { name: "a control in the target", parser: true, code: 400, wish: podTarget("\x01") },
  { name: "a space in the target", parser: true, code: 400, wish: podTarget(" x") },
  { name: "a byte above 0x7f in the target", parser: true, code: 400, wish: podTarget("\xe9") },
  {
    name: "more than 64 fields",
    parser: true,
    code: 400,
    later: more(...Array.from({ length: 80 }, (_, index) => [`X-${index}`, "x"] as const)),
  },
  { name: "a head that is too long", parser: true, code: [400, 431], later: more(["X-Long", "x".repeat(20_000)]) },
  { name: "no Host", code: 400, later: instead("Host") },
  { name: "two Hosts", parser: true, code: 400, later: more(["Host", "kubernetes.default.svc"]) },
  { name: "a Host that is none", parser: true, code: 400, later: instead("Host", "a b") },
  { name: "a Host with a path", parser: true, code: 400, later: instead("Host", "limpet.example.com/api") },
  { name: "HTTP/1.0", code: 400, wish: () => ({ version: "HTTP/1.0" }) },
  { name: "HTTP/0.9", parser: true, code: 400, bytes: () => "GET /api/v1/secrets\r\n\r\n" },
  { name: "HTTP/3.0", code: 400, wish: () => ({ version: "HTTP/3.0" }) },
  {
    name: "HTTP/2 by its first words",
    parser: true,
    code: [400, 405],
    bytes: () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  },
  {
    name: "no HTTP at all",
    parser: true,
    code: 400,
    bytes: () => "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
  },
];

/** True where an answer is the one that is due. */
export function isRefused({ code }: Hostile, answered: number | undefined): boolean {
  return answered !== undefined && (typeof code === "number" ? [code] : code).includes(answered);
}

export const hostileRequests: readonly Hostile[] = [...token, ...binding, ...place, ...execs, ...forms];
