// Owns a whole Limpet as a user starts it, `npm start`, on ports and a state folder of its own, with a proxy in each hop.
// Must not know the page, or what is tested.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../../setup/free-port.ts";
import { repositoryRoot } from "./artefacts.ts";
import { ClusterFaults, type Faults } from "./cluster-faults.ts";
import { kubernetes, targetVariables } from "./cluster-target.ts";
import { KubernetesFaults, removePodsOf } from "./kubernetes-faults.ts";
import { descendants, isAlive, type Process } from "./processes.ts";
import { TcpProxy } from "./tcp-proxy.ts";
import { until } from "./until.ts";

const readyWithinMs = 120_000;
const stoppedWithinMs = 60_000;
/** How much of what `npm start` printed is kept for a failure's message. */
const outputUnits = 64 * 1024;

/** Of wrangler.toml, by their names there: an installation with other settings. */
export type WorkerVariables = Readonly<Record<string, string>>;

export class Product {
  /** Between the browser and the edge. */
  readonly front: TcpProxy;
  /** Between the edge and the cluster's API. */
  readonly cluster: TcpProxy;
  readonly faults: Faults;
  readonly #stateDir: string;
  readonly #variables: WorkerVariables;
  readonly #edgePort: number;
  readonly #clusterPort: number;
  #child: ChildProcess | null = null;
  #output = "";

  private constructor(
    stateDir: string,
    variables: WorkerVariables,
    ports: { edge: number; cluster: number },
    front: TcpProxy,
    cluster: TcpProxy,
  ) {
    this.#stateDir = stateDir;
    this.#variables = variables;
    this.faults =
      kubernetes === null ? new ClusterFaults(join(stateDir, "run.json")) : new KubernetesFaults(kubernetes);
    this.#edgePort = ports.edge;
    this.#clusterPort = ports.cluster;
    this.front = front;
    this.cluster = cluster;
  }

  /** Started and ready. `dispose` ends it and removes its state. */
  static async start(variables: WorkerVariables = {}): Promise<Product> {
    const ports = { edge: await freePort(), cluster: await freePort() };
    const product = new Product(
      mkdtempSync(join(tmpdir(), "limpet-browser-")),
      { ...targetVariables, ...variables },
      ports,
      await TcpProxy.listen(ports.edge),
      await TcpProxy.listen(ports.cluster),
    );
    try {
      await product.begin();
    } catch (error) {
      await product.dispose();
      throw error;
    }
    return product;
  }

  /** What a person opens: through the front proxy. */
  get url(): string {
    return `http://localhost:${this.front.port}`;
  }

  /** What `npm start` has printed, its last part. */
  get output(): string {
    return this.#output;
  }

  /** The log of each part, as it stands now. */
  logs(): readonly string[] {
    const folder = join(this.#stateDir, "logs");
    return readdirSync(folder).map((name) => `== ${name}\n${readFileSync(join(folder, name), "utf8")}`);
  }

  /** `npm start`; returns when it says that it is ready. Also after `end`, on the same state and addresses. */
  async begin(): Promise<void> {
    this.#output = "";
    const child = spawn("npm", kubernetes === null ? ["start"] : ["start", "--", "--kubernetes"], {
      cwd: repositoryRoot,
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...withoutNpm(process.env),
        LIMPET_STATE: this.#stateDir,
        PORT: String(this.#edgePort),
        LIMPET_PUBLIC_URL: this.url,
        LIMPET_CLUSTER_LISTEN: `127.0.0.1:${this.#clusterPort}`,
        ...(kubernetes === null ? {} : { LIMPET_KUBERNETES: kubernetes.path }),
        LIMPET_CLUSTER_URL: `${kubernetes === null ? "http" : "https"}://127.0.0.1:${this.cluster.port}`,
        ...Object.fromEntries(Object.entries(this.#variables).map(([name, value]) => [`LIMPET_VARS_${name}`, value])),
      },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-outputUnits);
      });
    }
    const ended = new Promise<never>((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) => {
        reject(new Error(`npm start ended with ${signal ?? `code ${code}`} and said:\n${this.#output}`));
      });
    });
    ended.catch(() => {});
    const ready = until(
      "the line that says where Limpet is ready",
      () => this.#output,
      (said) => /^Limpet is ready: http:\/\/localhost:\d+\/?$/m.test(said),
      { withinMs: readyWithinMs },
    );
    await Promise.race([ready, ended]);
  }

  /** Ctrl-C; returns when everything that was started is gone. @throws Error naming what is left running */
  async end(): Promise<void> {
    const child = this.#child;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const started = descendants(child.pid);
    const supervisor = started.find(({ name }) => /^(node|MainThread)/.test(name)) ?? { pid: child.pid };
    process.kill(supervisor.pid, "SIGINT");
    try {
      await until(
        "npm start to end after Ctrl-C",
        () => [child.pid ?? 0, ...started.map(({ pid }) => pid)].filter(isAlive),
        (left) => left.length === 0,
        { withinMs: stoppedWithinMs },
      );
    } catch (error) {
      for (const { pid } of [...descendants(child.pid), ...started, { pid: child.pid }]) endNow(pid);
      throw error;
    }
  }

  async dispose(): Promise<void> {
    try {
      await this.end();
      await this.#forgetPods();
    } finally {
      await this.front.close();
      await this.cluster.close();
      rmSync(this.#stateDir, { recursive: true, force: true });
    }
  }

  /** A real Kubernetes goes on without this product, and would keep its pods until their last resort. */
  async #forgetPods(): Promise<void> {
    const path = join(this.#stateDir, "keys.json");
    // Without keys nothing was ever started.
    if (kubernetes === null || !existsSync(path)) return;
    const keys = readFileSync(path, "utf8");
    const installId = /"installId": "([^"]+)"/.exec(keys)?.[1];
    if (installId === undefined) throw new Error("keys.json names no installation.");
    await removePodsOf(kubernetes, installId);
  }

  /** The workerd processes under this product, as the machine knows them. */
  workerds(): readonly Process[] {
    const pid = this.#child?.pid;
    return pid === undefined ? [] : descendants(pid).filter(({ name }) => name === "workerd");
  }

  /** SIGKILL to the edge's runtime: every object, socket and answer under way is lost. @returns the pids that it had */
  killWorkerd(): readonly number[] {
    const pids = this.workerds().map(({ pid }) => pid);
    if (pids.length === 0) throw new Error("There is no workerd to kill.");
    for (const pid of pids) endNow(pid);
    return pids;
  }
}

function endNow(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended in the meantime.
  }
}

/** A user's environment: without what npm and vitest tell their own children. */
function withoutNpm(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(npm_|VITEST|NODE_ENV$|NODE_OPTIONS$)/.test(name)),
  );
}
