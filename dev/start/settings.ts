// Owns every address of the local environment: each a variable, parsed once (docs/local.md lists them).
// Must not know who listens or calls.

import { resolve } from "node:path";

/** Where a part listens: this machine only; port 0: any free one. */
export interface Listen {
  readonly host: "127.0.0.1";
  readonly port: number;
}

export interface Settings {
  /** Folder of everything that outlives a run: users, shells, keys; and whether it was asked for by name. */
  readonly stateDir: string;
  readonly stateDirGiven: boolean;
  /** The first port to try for the page, and whether it was asked for by name. */
  readonly port: number;
  /** The origin that people open; `null`: http://localhost and the port that was free. */
  readonly publicUrl: string | null;
  readonly issuer: {
    /** `null`: the local issuer, under /oidc of the public origin. */
    readonly url: string | null;
    readonly listen: Listen;
    readonly clientId: string;
    readonly clientSecret: string | null;
  };
  readonly cluster: {
    /** Where the edge calls the cluster; `null`: straight to the local one. */
    readonly url: string | null;
    /** `null`: no local cluster is started. */
    readonly listen: Listen | null;
    /** A real Kubernetes takes the local cluster's place. */
    readonly kubernetes: boolean;
    /** The kubernetes.json of one that runs already; `null`: one is started. */
    readonly kubernetesFile: string | null;
    readonly audience: string;
    readonly namespace: string;
    readonly shellImage: string;
  };
  /** Variables of the Worker by their names in wrangler.toml, as given: the Worker checks them. */
  readonly variables: Readonly<Record<string, string>>;
}

/** `LIMPET_VARS_SHELL_IDLE_HOURS=1` is the Worker's `SHELL_IDLE_HOURS`. */
const variablePrefix = "LIMPET_VARS_";

const loopbackHosts: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * @param env the process's environment
 * @param root the repository's folder, against which LIMPET_STATE and LIMPET_KUBERNETES are resolved
 * @param kubernetes `--kubernetes` was given
 * @returns the settings, or one sentence for each variable that is wrong
 */
export function parseSettings(
  env: Readonly<Record<string, string | undefined>>,
  root: string,
  kubernetes = false,
): { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly faults: readonly string[] } {
  const faults: string[] = [];
  const text = (name: string): string | null => env[name]?.trim() || null;

  const url = (name: string): string | null => {
    const value = text(name);
    if (value === null) return null;
    const parsed = URL.parse(value);
    if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) {
      faults.push(`${name} must be a URL that starts with http:// or https://; it is "${value}".`);
      return null;
    }
    return value.replace(/\/+$/, "");
  };
  const listen = (name: string): Listen => {
    const value = text(name) ?? "127.0.0.1:0";
    const match = /^(?:localhost|127\.0\.0\.1):(\d{1,5})$/.exec(value);
    const port = Number(match?.[1]);
    if (match === null || port > 65_535) {
      faults.push(`${name} must be a loopback address and a port, as 127.0.0.1:8001; it is "${value}".`);
    }
    return { host: "127.0.0.1", port };
  };

  const port = Number(text("PORT") ?? 8787);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) faults.push("PORT must be a number from 1 to 65535.");

  const publicUrl = url("LIMPET_PUBLIC_URL");
  if (publicUrl !== null) {
    const parsed = new URL(publicUrl);
    if (!loopbackHosts.has(parsed.hostname)) {
      faults.push(
        "LIMPET_PUBLIC_URL must be on this machine (localhost): anybody may sign in here, and a shell is a process of yours.",
      );
    }
    if (parsed.origin !== publicUrl)
      faults.push("LIMPET_PUBLIC_URL must be an origin: scheme, host and port, no path.");
  }

  const runs = text("LIMPET_KUBERNETES");
  const settings: Settings = {
    stateDir: resolve(root, text("LIMPET_STATE") ?? ".limpet"),
    stateDirGiven: text("LIMPET_STATE") !== null,
    port,
    publicUrl,
    issuer: {
      url: url("LIMPET_ISSUER"),
      listen: listen("LIMPET_ISSUER_LISTEN"),
      clientId: text("LIMPET_CLIENT_ID") ?? "limpet-local",
      clientSecret: text("LIMPET_CLIENT_SECRET"),
    },
    cluster: {
      url: url("LIMPET_CLUSTER_URL"),
      listen: text("LIMPET_CLUSTER_LISTEN") === "off" ? null : listen("LIMPET_CLUSTER_LISTEN"),
      kubernetes,
      kubernetesFile: kubernetes && runs !== null ? resolve(root, runs) : null,
      audience: text("LIMPET_CLUSTER_AUDIENCE") ?? "limpet-cluster",
      namespace: text("LIMPET_CLUSTER_NAMESPACE") ?? "limpet-shells",
      shellImage: text("LIMPET_SHELL_IMAGE") ?? "limpet-shell:local",
    },
    variables: Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) =>
        name.startsWith(variablePrefix) && value !== undefined ? [[name.slice(variablePrefix.length), value]] : [],
      ),
    ),
  };
  if (settings.cluster.listen === null && settings.cluster.url === null) {
    faults.push("LIMPET_CLUSTER_LISTEN=off needs LIMPET_CLUSTER_URL: the cluster to use instead.");
  }
  if (settings.cluster.listen === null && kubernetes) faults.push("LIMPET_CLUSTER_LISTEN=off is not for --kubernetes.");
  return faults.length > 0 ? { ok: false, faults } : { ok: true, settings };
}
