// Owns an edge of a proof's own: the Worker and its objects on workerd, with a clock that the proof turns.
// Must not know shells, pods or what is proven.

import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, type LegacyWorkerOptions, Log, LogLevel, Miniflare } from "miniflare";
import { writeSettings } from "../../dev/build/worker.ts";
import { applyMigrations, type Database } from "../../dev/edge/migrations.ts";

const root = resolve(import.meta.dirname, "../..");

export interface EdgeSettings {
  /** Where D1, R2 and the objects' storage are kept, and the bundle. */
  readonly dir: string;
  readonly port: number;
  readonly bindings: Readonly<Record<string, string>>;
}

/** What a proof asks of a person's object. */
interface ShellStub {
  createShell(userId: string): Promise<unknown>;
}

export class Edge {
  readonly #settings: EdgeSettings;
  readonly #product: LegacyWorkerOptions;
  #miniflare: Miniflare;

  private constructor(settings: EdgeSettings, product: LegacyWorkerOptions) {
    this.#settings = settings;
    this.#product = product;
    this.#miniflare = this.#start();
  }

  static async start(settings: EdgeSettings): Promise<Edge> {
    const { dir, bindings } = settings;
    const assets = join(dir, "assets");
    await mkdir(assets, { recursive: true });
    await writeFile(join(assets, "index.html"), "");
    await writeSettings(root, dir);
    const script = join(dir, "worker.js");
    await build({
      entryPoints: [join(root, "worker/index.ts")],
      outfile: script,
      bundle: true,
      format: "esm",
      target: "es2024",
      conditions: ["workerd", "worker", "browser"],
      external: ["cloudflare:*", "node:*"],
      logLevel: "error",
    });
    const options = parseOptions(await readFile(join(dir, "settings.json"), "utf8"));
    const edge = new Edge(settings, {
      ...options,
      name: "limpet",
      modules: true,
      script: await readFile(script, "utf8"),
      bindings: { ...options.bindings, ...bindings },
      assets: { ...options.assets, directory: assets },
    });
    await applyMigrations(await edge.database(), join(root, "migrations"));
    return edge;
  }

  async database(): Promise<Database> {
    return this.#miniflare.getD1Database("DB", "limpet");
  }

  /**
   * One minute of the platform's clock. Over HTTP: a call through miniflare stops this thread at times, which then does not
   * read the Worker's log, for which the Worker waits. @returns false where the run failed
   */
  async tick(scheduledMs: number): Promise<boolean> {
    const { port } = this.#settings;
    const query = new URLSearchParams({ cron: "* * * * *", time: String(scheduledMs) });
    const response = await fetch(`http://127.0.0.1:${port}/cdn-cgi/local/scheduled?${query}`);
    return response.ok && (await response.text()) === "ok";
  }

  async objectOf(userId: string): Promise<ShellStub> {
    const objects: unknown = await this.#miniflare.getDurableObjectNamespace("USER_SHELL", "limpet");
    if (!isNamespace(objects)) throw new Error("the Worker has no objects");
    return objects.get(objects.idFromName(userId));
  }

  /** As a deploy or a crash: every object is gone from memory; storage stays. */
  async restart(): Promise<void> {
    await this.#miniflare.dispose();
    this.#miniflare = this.#start();
    await this.#miniflare.ready;
  }

  async close(): Promise<void> {
    await this.#miniflare.dispose();
  }

  #start(): Miniflare {
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
        workers: [this.#product],
      }),
    );
  }
}

/** Written by our own build; miniflare checks each field of it. */
function parseOptions(text: string): LegacyWorkerOptions & { readonly assets: object; readonly bindings: object } {
  const options: unknown = JSON.parse(text);
  if (!isOptions(options)) throw new Error("the settings are not what the build writes");
  return options;
}

function isOptions(value: unknown): value is LegacyWorkerOptions & { assets: object; bindings: object } {
  return typeof value === "object" && value !== null && "assets" in value && "bindings" in value;
}

/** What miniflare's types leave open: an object's methods. */
function isNamespace(objects: unknown): objects is { idFromName(name: string): unknown; get(id: unknown): ShellStub } {
  return objects !== null && objects !== undefined;
}
