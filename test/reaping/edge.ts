// Owns an edge of a proof's own: the Worker and its objects on workerd, with a clock that the proof turns.
// Must not know shells, pods or what is proven. All that is asked of it goes over HTTP: a call of miniflare's own stops this
// thread until it is answered, which then does not read the Worker's log; and a Worker whose log is full answers nobody.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, type LegacyWorkerOptions, Log, LogLevel, Miniflare } from "miniflare";
import { writeSettings } from "../../dev/build/worker.ts";
import { applyMigrations } from "../../dev/edge/migrations.ts";
import type { Order, Query } from "./hand.ts";

const root = resolve(import.meta.dirname, "../..");

/** The next request begins a connection of its own: workerd closes idle ones, at times while one is taken again. */
const oneConnection = { connection: "close" };

export interface EdgeSettings {
  /** Where D1, R2 and the objects' storage are kept, and the bundle. */
  readonly dir: string;
  readonly port: number;
  readonly bindings: Readonly<Record<string, string>>;
}

/** Statements of one batch. */
const batchSize = 100;

/** A Worker without its code, as dev/build/worker.ts writes it. */
type BuiltSettings = LegacyWorkerOptions &
  Required<Pick<LegacyWorkerOptions, "assets" | "bindings" | "compatibilityDate" | "d1Databases">>;

export class Edge {
  readonly #settings: EdgeSettings;
  readonly #workers: readonly LegacyWorkerOptions[];
  #miniflare: Miniflare;

  private constructor(settings: EdgeSettings, workers: readonly LegacyWorkerOptions[]) {
    this.#settings = settings;
    this.#workers = workers;
    this.#miniflare = this.#start(workers);
  }

  static async start(settings: EdgeSettings): Promise<Edge> {
    const { dir, bindings } = settings;
    const assets = join(dir, "assets");
    await mkdir(assets, { recursive: true });
    await writeFile(join(assets, "index.html"), "");
    await writeSettings(root, dir);
    const options = parseOptions(await readFile(join(dir, "settings.json"), "utf8"));
    const [product, hand] = await Promise.all(["worker/index.ts", "test/reaping/hand.ts"].map(bundle));
    const edge = new Edge(settings, [
      {
        ...options,
        name: "limpet",
        modules: true,
        script: String(product),
        bindings: { ...options.bindings, ...bindings },
        assets: { ...options.assets, directory: assets },
      },
      {
        name: "hand",
        modules: true,
        script: String(hand),
        compatibilityDate: options.compatibilityDate,
        d1Databases: options.d1Databases,
        durableObjects: { USER_SHELL: { className: "UserShell", scriptName: "limpet" } },
      },
    ]);
    try {
      await edge.#miniflare.ready;
      // Nothing is at work yet.
      await applyMigrations(await edge.#miniflare.getD1Database("DB", "limpet"), join(root, "migrations"));
      return edge;
    } catch (error) {
      await edge.close();
      throw error;
    }
  }

  /** Rows of the product's database, each a list. */
  async read(sql: string, ...values: readonly unknown[]): Promise<readonly (readonly unknown[])[]> {
    return (await this.#ask({ type: "read", query: { sql, values } })).map((row) => {
      if (!Array.isArray(row)) throw new Error("a row is a list");
      return row;
    });
  }

  async write(queries: readonly Query[]): Promise<void> {
    for (let from = 0; from < queries.length; from += batchSize) {
      await this.#ask({ type: "write", queries: queries.slice(from, from + batchSize) });
    }
  }

  /** As the person's own wish. */
  async createShell(userId: string): Promise<void> {
    await this.#ask({ type: "create-shell", userId });
  }

  /** One minute of the platform's clock, to its end. @returns false where the run failed */
  async tick(scheduledMs: number): Promise<boolean> {
    const query = new URLSearchParams({ cron: "* * * * *", time: String(scheduledMs) });
    const response = await fetch(this.#url(`/cdn-cgi/local/scheduled?${query}`), { headers: oneConnection });
    return (await response.text()) === "ok";
  }

  /** As a deploy or a crash: every object is gone from memory; storage stays. `queries` are written before any comes back. */
  async restart(queries: readonly Query[]): Promise<void> {
    await this.#miniflare.dispose();
    this.#miniflare = this.#start(this.#workers.filter(({ name }) => name === "hand").map(withoutObjects));
    await this.#miniflare.ready;
    await this.write(queries);
    await this.#miniflare.dispose();
    this.#miniflare = this.#start(this.#workers);
    await this.#miniflare.ready;
  }

  async close(): Promise<void> {
    await this.#miniflare.dispose();
  }

  #url(path: string): string {
    return `http://127.0.0.1:${this.#settings.port}${path}`;
  }

  /** @throws Error with the hand's reason */
  async #ask(order: Order): Promise<readonly unknown[]> {
    const response = await fetch(this.#url("/"), {
      method: "POST",
      headers: { ...oneConnection, "mf-route-override": "hand" },
      body: JSON.stringify(order),
    });
    if (!response.ok) throw new Error(`${order.type}: ${await response.text()}`);
    const rows: unknown = await response.json();
    if (!Array.isArray(rows)) throw new Error(`${order.type}: no rows`);
    return rows;
  }

  #start(workers: readonly LegacyWorkerOptions[]): Miniflare {
    return new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        port: this.#settings.port,
        cf: false,
        log: new Log(LogLevel.ERROR),
        // The Worker's log: shown where a proof is looked into.
        handleStructuredLogs: ({ message }) => {
          if (process.env["PROOF_LOG"] !== undefined) process.stderr.write(`${message}\n`);
        },
        resourcePersistencePath: join(this.#settings.dir, "storage"),
        unsafeTriggerHandlers: true,
        unsafeHandleRuntimeRestart: () => console.error("workerd ended unexpectedly and was started again"),
        workers: [...workers],
      }),
    );
  }
}

function withoutObjects({ durableObjects: _, ...worker }: LegacyWorkerOptions): LegacyWorkerOptions {
  return worker;
}

async function bundle(entry: string): Promise<string> {
  const built = await build({
    entryPoints: [join(root, entry)],
    write: false,
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    logLevel: "error",
  });
  const [file] = built.outputFiles;
  if (file === undefined) throw new Error(`${entry} was not built`);
  return file.text;
}

/** Written by our own build; miniflare checks each field of it. */
function parseOptions(text: string): BuiltSettings {
  const options: unknown = JSON.parse(text);
  if (!isOptions(options)) throw new Error("the settings are not what the build writes");
  return options;
}

function isOptions(value: unknown): value is BuiltSettings {
  return typeof value === "object" && value !== null && "assets" in value && "d1Databases" in value;
}
