// Owns the Worker's environment: every variable, parsed once into one value, each fault named with what to do.
// Must not know who uses a setting.

import { LimpetError } from "./errors.ts";

/** A private ES256 key of the edge, as it stands in `SIGNING_KEYS`. */
export interface SigningKey {
  readonly kty: "EC";
  readonly crv: "P-256";
  readonly alg: "ES256";
  readonly kid: string;
  readonly x: string;
  readonly y: string;
  readonly d: string;
}

/** Who may come in. A person passes when one of the three lists has them. */
export interface AccessRule {
  /** Whole addresses, lower case. */
  readonly emails: ReadonlySet<string>;
  /** Mail domains, lower case. `*` (local only) lets everybody in, with or without a verified address. */
  readonly domains: ReadonlySet<string>;
  /** Values of the groups claim, as the issuer writes them. */
  readonly groups: ReadonlySet<string>;
  /** Whom a person who is refused should ask: free text for the page. */
  readonly contact: string;
}

export interface Config {
  /** Origin that people reach Limpet at: no path, no trailing slash. Also the edge's own issuer name. */
  readonly publicUrl: string;
  /** Locally the shell is an unisolated process of the person, and page and greeting say so; http is allowed. */
  readonly local: boolean;
  readonly oidc: {
    readonly issuer: URL;
    readonly clientId: string;
    /** `null`: a public client (PKCE alone). */
    readonly clientSecret: string | null;
    readonly scopes: string;
    readonly groupsClaim: string;
  };
  readonly access: AccessRule;
  readonly sessionMs: number;
  readonly cluster: {
    /** Without a trailing slash; may have a path. */
    readonly url: string;
    readonly audience: string;
    readonly namespace: string;
  };
  /** The first one signs; all are published. */
  readonly signingKeys: readonly [SigningKey, ...SigningKey[]];
  readonly installId: string;
  readonly shellImage: string;
  /** A shell that nobody uses ends after this long … */
  readonly shellIdleMs: number;
  /** … and every shell after this long. */
  readonly shellLifeMs: number;
}

const hourMs = 3_600_000;
const loopbackHosts: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);
const dnsLabel = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Parses the Worker's bindings (`env`).
 * @throws LimpetError `MISCONFIGURED`; the message has one line for each variable that is missing or wrong and never a value.
 */
export function parseConfig(env: object): Config {
  const faults: string[] = [];
  const fault = (name: string, what: string): void => {
    faults.push(`${name} ${what}`);
  };

  const optional = (name: string): string | null => {
    const value: unknown = Reflect.get(env, name);
    if (value === undefined || value === null || value === "") return null;
    if (typeof value !== "string") {
      fault(name, "must be text.");
      return null;
    }
    return value.trim() === "" ? null : value.trim();
  };
  const required = (name: string, what: string): string => {
    const value = optional(name);
    if (value === null) fault(name, `is not set: give it ${what}.`);
    return value ?? "";
  };
  const hours = (name: string, fallback: number, most: number): number => {
    const value = optional(name);
    if (value === null) return fallback * hourMs;
    const number = Number(value);
    if (!(number > 0 && number <= most)) fault(name, `must be a number of hours, above 0 and at most ${most}.`);
    return number * hourMs;
  };
  const label = (name: string, what: string): string => {
    const value = required(name, what);
    if (value !== "" && !dnsLabel.test(value)) {
      fault(
        name,
        "must be lower-case letters, digits and dashes, at most 63, and start and end with a letter or digit.",
      );
    }
    return value;
  };

  const local = optional("LOCAL") === "true";
  const address = (name: string, what: string): URL => {
    const value = required(name, what);
    const url = URL.parse(value);
    if (value !== "" && url === null) fault(name, `must be a URL: ${what}.`);
    if (url !== null && url.protocol !== "https:" && !(url.protocol === "http:" && local)) {
      fault(name, "must start with https:// (http:// is for the local environment only).");
    }
    if (url !== null && (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")) {
      fault(name, "must have no user, password, query or fragment.");
    }
    return url ?? new URL("https://invalid.invalid");
  };

  const publicUrl = address("PUBLIC_URL", "the origin that people open, as https://limpet.example.com");
  if (publicUrl.pathname !== "/") fault("PUBLIC_URL", "must be an origin: scheme and host, without a path.");
  if (local && !loopbackHosts.has(publicUrl.hostname)) {
    fault("LOCAL", "is for a PUBLIC_URL on this machine (localhost): take it away.");
  }

  const domains = list(optional("ALLOWED_DOMAINS"), true);
  const access: AccessRule = {
    emails: list(optional("ALLOWED_EMAILS"), true),
    domains,
    groups: list(optional("ALLOWED_GROUPS"), false),
    contact: optional("ACCESS_CONTACT") ?? "the people who run this installation",
  };
  if (access.emails.size + access.domains.size + access.groups.size === 0) {
    fault("ALLOWED_DOMAINS", "(or ALLOWED_EMAILS, or ALLOWED_GROUPS) is not set: say who may come in.");
  }
  for (const domain of domains) {
    if (domain === "*" ? !local : !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)) {
      fault(
        "ALLOWED_DOMAINS",
        "must be a comma list of mail domains, as example.com (* is for the local environment only).",
      );
      break;
    }
  }
  for (const email of access.emails) {
    if (!/^[^@\s]+@[^@\s]+$/.test(email)) {
      fault("ALLOWED_EMAILS", "must be a comma list of mail addresses.");
      break;
    }
  }

  const clusterUrl = address("CLUSTER_URL", "the address of the cluster's ingress");
  const shellIdleMs = hours("SHELL_IDLE_HOURS", 6, 168);
  const shellLifeMs = hours("SHELL_LIFE_HOURS", 24, 168);
  if (shellIdleMs > shellLifeMs) fault("SHELL_IDLE_HOURS", "must not be above SHELL_LIFE_HOURS.");

  const config = {
    publicUrl: publicUrl.origin,
    local,
    oidc: {
      issuer: address("OIDC_ISSUER", "the issuer's URL, without /.well-known"),
      clientId: required("OIDC_CLIENT_ID", "this installation's client id at the issuer"),
      clientSecret: optional("OIDC_CLIENT_SECRET"),
      scopes: optional("OIDC_SCOPES") ?? "openid email profile",
      groupsClaim: optional("OIDC_GROUPS_CLAIM") ?? "groups",
    },
    access,
    sessionMs: hours("SESSION_HOURS", 12, 720),
    cluster: {
      url: `${clusterUrl.origin}${clusterUrl.pathname}`.replace(/\/+$/, ""),
      audience: required("CLUSTER_AUDIENCE", "the audience that the cluster's side expects in a token"),
      namespace: label("CLUSTER_NAMESPACE", "the namespace of the shells"),
    },
    installId: label("INSTALL_ID", "a short name of this installation"),
    shellImage: required("SHELL_IMAGE", "the image of the shells"),
    shellIdleMs,
    shellLifeMs,
  };
  const [first, ...others] = parseSigningKeys(required("SIGNING_KEYS", "a JWK Set with a private ES256 key"), fault);
  if (first === undefined || faults.length > 0) {
    throw new LimpetError("MISCONFIGURED", `Limpet is not set up yet. ${faults.join(" ")}`);
  }
  return { ...config, signingKeys: [first, ...others] };
}

const parsed = new WeakMap<object, Config>();

/** The configuration of this environment, parsed at the first call. @throws LimpetError `MISCONFIGURED`, at every call. */
export function configOf(env: object): Config {
  const known = parsed.get(env);
  if (known !== undefined) return known;
  const config = parseConfig(env);
  parsed.set(env, config);
  return config;
}

function list(value: string | null, lowerCase: boolean): ReadonlySet<string> {
  const entries = (value ?? "").split(",").map((entry) => entry.trim());
  return new Set(entries.filter((entry) => entry !== "").map((entry) => (lowerCase ? entry.toLowerCase() : entry)));
}

function parseSigningKeys(text: string, fault: (name: string, what: string) => void): SigningKey[] {
  if (text === "") return [];
  const wrong = (): SigningKey[] => {
    fault("SIGNING_KEYS", 'must be a JWK Set: {"keys":[…]} with private P-256 keys, each with its own kid.');
    return [];
  };
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    return wrong();
  }
  if (typeof set !== "object" || set === null || !("keys" in set) || !Array.isArray(set.keys)) return wrong();
  const keys: SigningKey[] = [];
  for (const entry of set.keys) {
    const key = parseSigningKey(entry);
    if (key === null || keys.some((other) => other.kid === key.kid)) return wrong();
    keys.push(key);
  }
  return keys.length === 0 ? wrong() : keys;
}

function parseSigningKey(value: unknown): SigningKey | null {
  if (typeof value !== "object" || value === null) return null;
  const text = (name: string): string | null => {
    const field: unknown = Reflect.get(value, name);
    return typeof field === "string" && field !== "" ? field : null;
  };
  const [kid, x, y, d] = [text("kid"), text("x"), text("y"), text("d")];
  if (text("kty") !== "EC" || text("crv") !== "P-256" || (text("alg") ?? "ES256") !== "ES256") return null;
  if (kid === null || x === null || y === null || d === null) return null;
  return { kty: "EC", crv: "P-256", alg: "ES256", kid, x, y, d };
}
