// Owns the local environment as a whole: which parts there are, in which order they come and go, who calls whom where.
// Must not know terminals or signals.

import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Keys } from "./keys.ts";
import { Part, type PartOptions } from "./part.ts";
import type { RunFile } from "./run-file.ts";
import type { Settings } from "./settings.ts";

export interface EnvironmentOptions {
  readonly root: string;
  readonly buildDir: string;
  readonly settings: Settings;
  readonly keys: Keys;
  readonly file: RunFile;
  /** The page's port: known to be free a moment ago. */
  readonly port: number;
  /** True: the page comes from vite, which changes it in the browser as its files change. */
  readonly watching: boolean;
  tell(line: string): void;
  /** A part cannot be kept alive. */
  gaveUp(): void;
}

/** Of what a part differs from the others in. */
type PartExtras = Pick<PartOptions, "readyMs" | "again" | "env">;

/** Programs and images are there by then: three nodes, and the ingress's pods. */
const kubernetesReadyMs = 300_000;

type PartName = "cluster" | "issuer" | "page" | "edge";

export class Environment {
  readonly url: string;
  readonly #options: EnvironmentOptions;
  readonly #parts = new Map<PartName, Part>();
  #keys: Keys;
  readonly #faultsToken = randomBytes(24).toString("base64url");
  #stopping: Promise<void> | null = null;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.#keys = options.keys;
    this.url = options.settings.publicUrl ?? `http://localhost:${options.port}`;
  }

  /** Brings everything up; `done` is told each part as it becomes ready. @throws Error that names the part that did not */
  async start(done: (title: string) => void): Promise<void> {
    const { root, settings, file, port, watching } = this.#options;
    mkdirSync(join(settings.stateDir, "logs"), { recursive: true, mode: 0o700 });
    const start = async (
      name: PartName,
      title: string,
      script: string,
      configure: () => object,
      more: PartExtras = {},
    ): Promise<void> => {
      if (this.#stopping !== null) return;
      await this.#add(name, title, script, configure, more).start();
      done(title);
    };
    const beside: Promise<void>[] = [];
    if (settings.cluster.kubernetes) {
      const script = "dev/start/kubernetes-part.ts";
      // A new one would have other addresses and nobody's pods.
      const more = { readyMs: kubernetesReadyMs, again: false };
      beside.push(start("cluster", "Kubernetes", script, () => this.#kubernetesConfiguration(), more));
    } else if (settings.cluster.listen !== null) {
      beside.push(start("cluster", "Local cluster", "dev/start/cluster-part.ts", () => this.#clusterConfiguration()));
    }
    if (settings.issuer.url === null) {
      beside.push(start("issuer", "Local issuer", "dev/issuer/main.ts", () => this.#issuerConfiguration()));
    }
    if (watching)
      beside.push(start("page", "Page", "dev/start/page-part.ts", () => ({ root, port: this.#portOf("page", 0) })));
    await Promise.all(beside);
    const edge = () => this.#edgeConfiguration();
    await start("edge", "Edge", "dev/edge/main.ts", edge, { env: () => this.#edgeEnvironment() });
    const clusterUrl = this.#saidByCluster("url");
    const faulty = clusterUrl !== null && !settings.cluster.kubernetes;
    file.update({
      url: this.url,
      port,
      cluster: faulty ? { url: clusterUrl, faultsToken: this.#faultsToken } : null,
    });
  }

  /** The edge takes other keys: those that seal may change while all of it runs. */
  async changeKeys(keys: Keys): Promise<void> {
    this.#keys = keys;
    await this.restartEdge();
  }

  /** The edge with the bundle as it lies there now. */
  async restartEdge(): Promise<void> {
    await this.#parts.get("edge")?.restart();
  }

  /** Takes everything down, what is called after its callers. May be called at any time and more than once. */
  async stop(): Promise<void> {
    this.#stopping ??= (async () => {
      await this.#parts.get("edge")?.stop();
      await Promise.all(Array.from(this.#parts, async ([name, part]) => name !== "edge" && (await part.stop())));
    })();
    await this.#stopping;
  }

  #add(name: PartName, title: string, script: string, configure: () => object, more: PartExtras): Part {
    const { root, settings, tell, gaveUp } = this.#options;
    const part = new Part({
      title,
      script: join(root, script),
      logPath: join(settings.stateDir, "logs", `${name}.log`),
      configure,
      tell,
      gaveUp,
      changed: () => this.#writeDown(),
      ...more,
    });
    this.#parts.set(name, part);
    return part;
  }

  #writeDown(): void {
    const parts = Array.from(this.#parts, ([name, { mark, ready }]) =>
      mark === null ? [] : [[name, { ...mark, ready }]],
    );
    this.#options.file.update({ parts: Object.fromEntries(parts.flat()) });
  }

  /** What the cluster's part said when it was ready. */
  #saidByCluster(name: "url" | "ca" | "podEdgeUrl" | "shellImage" | "namespace"): string | null {
    const said = this.#parts.get("cluster")?.ready?.[name];
    return typeof said === "string" ? said : null;
  }

  /** Once a part had a port it keeps it: others know it by it. */
  #portOf(name: PartName, otherwise: number): number {
    const port = this.#parts.get(name)?.ready?.["port"];
    return typeof port === "number" ? port : otherwise;
  }

  #clusterConfiguration(): object {
    const { root, settings } = this.#options;
    return {
      port: this.#portOf("cluster", settings.cluster.listen?.port ?? 0),
      issuer: this.url,
      audience: settings.cluster.audience,
      namespace: settings.cluster.namespace,
      stateDir: join(settings.stateDir, "cluster"),
      imageDir: join(root, "cluster/image"),
      faultsToken: this.#faultsToken,
    };
  }

  #kubernetesConfiguration(): object {
    const { settings, port } = this.#options;
    const keys = this.#keys;
    return {
      found: settings.cluster.kubernetesFile,
      stateDir: join(settings.stateDir, "kubernetes"),
      port: settings.cluster.listen?.port ?? 0,
      edgePort: port,
      issuer: this.url,
      audience: settings.cluster.audience,
      installId: keys.installId,
      signingKeys: keys.signing.keys,
    };
  }

  #issuerConfiguration(): object {
    const { settings } = this.#options;
    const keys = this.#keys;
    return {
      port: this.#portOf("issuer", settings.issuer.listen.port),
      issuer: `${this.url}/oidc`,
      client: {
        id: settings.issuer.clientId,
        secret: settings.issuer.clientSecret,
        redirectUri: `${this.url}/auth/callback`,
      },
      signingKeys: keys.issuer,
      cookieKey: keys.cookie,
    };
  }

  /** miniflare trusts what Node trusts beside the public authorities: that of the ingress, which nobody else knows. */
  #edgeEnvironment(): Readonly<Record<string, string>> {
    const ca = this.#saidByCluster("ca");
    if (ca === null) return {};
    const path = join(this.#options.settings.stateDir, "cluster-ca.pem");
    writeFileSync(path, ca, { mode: 0o600 });
    return { NODE_EXTRA_CA_CERTS: path };
  }

  #edgeConfiguration(): object {
    const { root, buildDir, settings, port, watching } = this.#options;
    const keys = this.#keys;
    const { issuer, cluster } = settings;
    const podEdgeUrl = this.#saidByCluster("podEdgeUrl");
    return {
      root,
      buildDir,
      persistDir: join(settings.stateDir, "edge"),
      port,
      publicUrl: this.url,
      issuerAddress: issuer.url === null ? `127.0.0.1:${this.#portOf("issuer", 0)}` : null,
      pageAddress: watching ? `127.0.0.1:${this.#portOf("page", 0)}` : null,
      podHost: podEdgeUrl === null ? null : new URL(podEdgeUrl).host,
      bindings: {
        // First: what the local environment itself decides cannot be set.
        ...settings.variables,
        LOCAL: cluster.kubernetes ? "isolated" : "true",
        PUBLIC_URL: this.url,
        OIDC_ISSUER: issuer.url ?? `${this.url}/oidc`,
        OIDC_CLIENT_ID: issuer.clientId,
        ...(issuer.clientSecret === null ? {} : { OIDC_CLIENT_SECRET: issuer.clientSecret }),
        ALLOWED_EMAILS: "",
        ALLOWED_DOMAINS: "*",
        ALLOWED_GROUPS: "",
        ACCESS_CONTACT: "whoever started this Limpet",
        CLUSTER_URL: cluster.url ?? this.#saidByCluster("url") ?? "",
        CLUSTER_AUDIENCE: cluster.audience,
        CLUSTER_NAMESPACE: this.#saidByCluster("namespace") ?? cluster.namespace,
        SIGNING_KEYS: JSON.stringify(keys.signing),
        SEAL_KEYS: JSON.stringify(keys.seal),
        POD_EDGE_URL: podEdgeUrl ?? `http://127.0.0.1:${port}`,
        INSTALL_ID: keys.installId,
        SHELL_IMAGE: this.#saidByCluster("shellImage") ?? cluster.shellImage,
      },
    };
  }
}
