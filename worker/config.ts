// Owns the Worker's settings: every variable, parsed once into one value, each fault named with what to do.
// Must not know who uses a setting.

import { Environment } from "./environment.ts";
import { LimpetError } from "./errors.ts";
import type { PodResources } from "./kubernetes/pod-manifest.ts";
import { parseSealKeys, type SealKeys } from "./sealing/seal-keys.ts";
import { parseSigningKeys, type SigningKeys } from "./signing-keys.ts";

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
  /** On the machine of whoever looks at it: http is allowed. */
  readonly local: boolean;
  /** False: shells are processes of this machine (the local cluster), and page and greeting say so. */
  readonly isolated: boolean;
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
  readonly signingKeys: SigningKeys;
  readonly installId: string;
  readonly shellImage: string;
  readonly shellResources: { readonly requests: PodResources; readonly limits: PodResources };
  /** Labels of the nodes that shells run on; empty: any. */
  readonly shellNodeSelector: Readonly<Record<string, string>>;
  /** The PriorityClass of their pods; null: the cluster's default. */
  readonly shellPriorityClass: string | null;
  /** A shell that nobody uses ends after this long … */
  readonly shellIdleMs: number;
  /** … and every shell after this long. */
  readonly shellLifeMs: number;
  /** How long before its end the people who look at it are warned, the longest first. */
  readonly warnMs: readonly number[];
  /** From the wish to end to the kill: the interrupt, the save and the hang-up are parts of it. */
  readonly graceSeconds: number;
  /** Most shells that may run at a time in this installation; null: as many as the cluster takes. */
  readonly shellLimit: number | null;
  /** Who may see everybody's shells. Both empty: nobody. */
  readonly administrators: { readonly emails: ReadonlySet<string>; readonly groups: ReadonlySet<string> };
  /** Seal secrets at rest: the first seals, all of them open. */
  readonly sealKeys: SealKeys;
  /** Where a pod reaches this edge: an origin. */
  readonly podEdgeUrl: string;
  readonly save: SavePolicy;
  /** What the company's network wants of every shell. */
  readonly company: {
    /** PEM; null: the image's own certificates. */
    readonly caBundle: string | null;
    readonly httpsProxy: string | null;
    readonly httpProxy: string | null;
    readonly noProxy: string | null;
    /** Lines of an ssh known_hosts file beside those of the large forges. */
    readonly knownHosts: string | null;
  };
}

/** What is saved of the work, and how. */
export interface SavePolicy {
  /** False: nothing is ever pushed to a person's repository; its work goes into the snapshot at the edge. */
  readonly upstream: boolean;
  readonly everySeconds: number;
  /** A file above it is left out, and said to be. */
  readonly fileLimitBytes: number;
  /** A whole snapshot of a home, compressed. */
  readonly homeLimitBytes: number;
  /** Ignored files that are saved all the same (names as the shell matches them, `*.tfstate*`). */
  readonly include: readonly string[];
  readonly keepMs: number;
}

/** Small to ask for, roomy to use: most shells wait for a key most of the time. */
const requests: PodResources = { cpu: "100m", memory: "256Mi", "ephemeral-storage": "512Mi" };
const limits: PodResources = { cpu: "2", memory: "2Gi", "ephemeral-storage": "10Gi" };
/** A node's label as Kubernetes has it: a name with a domain before it or without, and a value that may be empty. */
const labelKey = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const labelValue = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;
/** Most of Kubernetes' names (RFC 1123). */
const subdomain = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/;
/** Kubernetes' decimal and binary suffixes; exponents are left out. */
const quantity = /^\d+(\.\d+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$/;

const loopbackHosts: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Parses the Worker's bindings (`env`).
 * @throws LimpetError `MISCONFIGURED`; the message names each variable that is missing or wrong, and never a value.
 */
export function parseConfig(variables: object): Config {
  const env = new Environment(variables);
  const place = env.optional("LOCAL");
  if (place !== null && place !== "true" && place !== "isolated") env.fault("LOCAL", "must be true or isolated.");
  const local = place !== null;
  const signingKeys = readSigningKeys(env);
  const sealKeys = readSealKeys(env);
  const clusterUrl = env.address("CLUSTER_URL", "the address of the cluster's ingress", local);
  const config = {
    publicUrl: readPublicUrl(env, local),
    local,
    isolated: place !== "true",
    oidc: {
      issuer: env.address("OIDC_ISSUER", "the issuer's URL, without /.well-known", local),
      clientId: env.required("OIDC_CLIENT_ID", "this installation's client id at the issuer"),
      clientSecret: env.optional("OIDC_CLIENT_SECRET"),
      scopes: env.optional("OIDC_SCOPES") ?? "openid email profile",
      groupsClaim: env.optional("OIDC_GROUPS_CLAIM") ?? "groups",
    },
    access: readAccessRule(env, local),
    sessionMs: env.hours("SESSION_HOURS", 12, 720),
    cluster: {
      url: `${clusterUrl.origin}${clusterUrl.pathname}`.replace(/\/+$/, ""),
      audience: env.required("CLUSTER_AUDIENCE", "the audience that the cluster's side expects in a token"),
      namespace: env.label("CLUSTER_NAMESPACE", "the namespace of the shells"),
    },
    installId: env.label("INSTALL_ID", "a short name of this installation"),
    shellImage: env.required("SHELL_IMAGE", "the image of the shells"),
    shellResources: {
      requests: readResources(env, "SHELL_REQUESTS", requests),
      limits: readResources(env, "SHELL_LIMITS", limits),
    },
    shellNodeSelector: readNodeSelector(env),
    shellPriorityClass: readPriorityClass(env),
    shellIdleMs: env.hours("SHELL_IDLE_HOURS", 6, 168),
    shellLifeMs: env.hours("SHELL_LIFE_HOURS", 24, 168),
    warnMs: readWarnings(env),
    graceSeconds: env.whole("SHELL_GRACE_SECONDS", 300, 20, 3_600),
    shellLimit: env.optional("SHELL_LIMIT") === null ? null : env.whole("SHELL_LIMIT", 1, 1, 1_000_000),
    administrators: {
      emails: new Set(env.list("ADMIN_EMAILS").map((entry) => entry.toLowerCase())),
      groups: new Set(env.list("ADMIN_GROUPS")),
    },
    podEdgeUrl:
      env.optional("POD_EDGE_URL") === null
        ? readPublicUrl(env, local)
        : env.address("POD_EDGE_URL", "the origin by which a pod reaches Limpet", local).origin,
    save: readSavePolicy(env),
    company: {
      caBundle: env.optional("COMPANY_CA_BUNDLE"),
      httpsProxy: env.optional("COMPANY_HTTPS_PROXY"),
      httpProxy: env.optional("COMPANY_HTTP_PROXY"),
      noProxy: env.optional("COMPANY_NO_PROXY"),
      knownHosts: env.optional("COMPANY_KNOWN_HOSTS"),
    },
  };
  if (config.shellIdleMs > config.shellLifeMs) env.fault("SHELL_IDLE_HOURS", "must not be above SHELL_LIFE_HOURS.");
  if (signingKeys === null || sealKeys === null || env.faults.length > 0) {
    throw new LimpetError("MISCONFIGURED", `Limpet is not set up yet. ${env.faults.join(" ")}`);
  }
  return { ...config, signingKeys, sealKeys };
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

function readPublicUrl(env: Environment, local: boolean): string {
  const url = env.address("PUBLIC_URL", "the origin that people open, as https://limpet.example.com", local);
  if (url.pathname !== "/") env.fault("PUBLIC_URL", "must be an origin: scheme and host, without a path.");
  if (local && !loopbackHosts.has(url.hostname)) {
    env.fault("LOCAL", "is for a PUBLIC_URL on this machine (localhost): take it away.");
  }
  return url.origin;
}

function readAccessRule(env: Environment, local: boolean): AccessRule {
  const lowerCase = (name: string): ReadonlySet<string> => new Set(env.list(name).map((entry) => entry.toLowerCase()));
  const rule: AccessRule = {
    emails: lowerCase("ALLOWED_EMAILS"),
    domains: lowerCase("ALLOWED_DOMAINS"),
    groups: new Set(env.list("ALLOWED_GROUPS")),
    contact: env.optional("ACCESS_CONTACT") ?? "the people who run this installation",
  };
  if (rule.emails.size + rule.domains.size + rule.groups.size === 0) {
    env.fault("ALLOWED_DOMAINS", "(or ALLOWED_EMAILS, or ALLOWED_GROUPS) is not set: say who may come in.");
  }
  if ([...rule.domains].some((domain) => (domain === "*" ? !local : !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)))) {
    env.fault(
      "ALLOWED_DOMAINS",
      "must be a comma list of mail domains, as example.com (* is for the local environment).",
    );
  }
  if ([...rule.emails].some((email) => !/^[^@\s]+@[^@\s]+$/.test(email))) {
    env.fault("ALLOWED_EMAILS", "must be a comma list of mail addresses.");
  }
  return rule;
}

function readResources(env: Environment, name: string, otherwise: PodResources): PodResources {
  const given = env.pairs(name, "cpu=2,memory=2Gi,ephemeral-storage=10Gi");
  for (const [key, value] of given) {
    if (!Object.hasOwn(otherwise, key) || !quantity.test(value)) {
      env.fault(name, "must give Kubernetes quantities of cpu, memory and ephemeral-storage, as memory=2Gi.");
    }
  }
  return {
    cpu: given.get("cpu") ?? otherwise.cpu,
    memory: given.get("memory") ?? otherwise.memory,
    "ephemeral-storage": given.get("ephemeral-storage") ?? otherwise["ephemeral-storage"],
  };
}

function readNodeSelector(env: Environment): Readonly<Record<string, string>> {
  const name = "SHELL_NODE_SELECTOR";
  const labels = env.pairs(name, "limpet.dev/pool=shells");
  const wrong = [...labels].some(([key, value]) => !labelKey.test(key) || !labelValue.test(value));
  if (wrong) env.fault(name, "must be labels of nodes as Kubernetes has them, as limpet.dev/pool=shells.");
  return Object.fromEntries(labels);
}

function readPriorityClass(env: Environment): string | null {
  const name = env.optional("SHELL_PRIORITY_CLASS");
  if (name !== null && !subdomain.test(name)) {
    env.fault("SHELL_PRIORITY_CLASS", "must be the name of a PriorityClass, as limpet-shell.");
  }
  return name;
}

function readSigningKeys(env: Environment): SigningKeys | null {
  const text = env.required("SIGNING_KEYS", "a JWK Set with a private ES256 key");
  const keys = parseSigningKeys(text);
  if (keys === null && text !== "") {
    env.fault("SIGNING_KEYS", 'must be a JWK Set: {"keys":[…]} with private P-256 keys, each with its own kid.');
  }
  return keys;
}

function readSealKeys(env: Environment): SealKeys | null {
  const text = env.required("SEAL_KEYS", "a JWK Set with a key that seals secrets (npm run rotate makes one)");
  const keys = parseSealKeys(text);
  if (keys === null && text !== "") {
    env.fault("SEAL_KEYS", 'must be a JWK Set: {"keys":[…]} with symmetric keys of 256 bits, each with its own kid.');
  }
  return keys;
}

function readWarnings(env: Environment): readonly number[] {
  const name = "SHELL_WARN_MINUTES";
  const minutes = env.list(name).map(Number);
  if (minutes.some((minute) => !(minute > 0 && minute <= 240))) {
    env.fault(name, "must be a comma list of minutes, each above 0 and at most 240, as 15,5.");
  }
  const chosen = minutes.length === 0 ? [15, 5] : minutes;
  return chosen.toSorted((a, b) => b - a).map((minute) => minute * 60_000);
}

function readSavePolicy(env: Environment): SavePolicy {
  const upstream = env.optional("SAVE_UPSTREAM") ?? "allowed";
  if (upstream !== "allowed" && upstream !== "off") env.fault("SAVE_UPSTREAM", "must be allowed or off.");
  const include = env.list("SAVE_INCLUDE");
  const mebibyte = 1024 * 1024;
  return {
    upstream: upstream === "allowed",
    everySeconds: env.whole("SAVE_EVERY_SECONDS", 300, 5, 86_400),
    fileLimitBytes: env.whole("SAVE_FILE_MIB", 50, 1, 1_024) * mebibyte,
    // A Worker takes a body of 100 MB on the smallest plan.
    homeLimitBytes: env.whole("SAVE_HOME_MIB", 50, 1, 95) * mebibyte,
    include: include.length === 0 ? ["*.tfstate*", "*.tfvars", ".env*"] : include,
    keepMs: env.whole("SAVE_KEEP_DAYS", 30, 1, 3_650) * 86_400_000,
  };
}
