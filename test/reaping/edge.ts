// Owns an edge of a proof's own: the Worker and its objects on workerd, with a clock that the proof turns.
// Must not know shells, pods or what is proven. Its process is edge-process.ts, and all that is asked of it goes over HTTP: a
// call of miniflare's own stops the thread that reads the Worker's log, and a Worker whose log is full answers nobody.

import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { LegacyWorkerOptions } from "miniflare";
import type { EdgeConfiguration } from "./edge-process.ts";
import type { Order, Query } from "./hand.ts";
import { buildWorkers, type EdgeWorkers } from "./workers.ts";

/** The next request begins a connection of its own: workerd closes idle ones, at times while one is taken again. */
const oneConnection = { connection: "close" };
/** Statements of one batch. */
const batchSize = 100;

export interface EdgeSettings {
  /** Where D1, R2 and the objects' storage are kept, and what is built. */
  readonly dir: string;
  readonly port: number;
  readonly bindings: Readonly<Record<string, string>>;
}

export class Edge {
  readonly #settings: EdgeSettings;
  readonly #workers: EdgeWorkers;
  #process: ChildProcess | null = null;

  private constructor(settings: EdgeSettings, workers: EdgeWorkers) {
    this.#settings = settings;
    this.#workers = workers;
  }

  /** @throws Error where it does not start; its process is gone then */
  static async start(settings: EdgeSettings): Promise<Edge> {
    const edge = new Edge(settings, await buildWorkers(settings.dir, settings.bindings));
    await edge.#run(edge.#workers.all);
    return edge;
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
    await this.close();
    await this.#run(this.#workers.handAlone);
    await this.write(queries);
    await this.close();
    await this.#run(this.#workers.all);
  }

  async close(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    await ended;
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

  async #run(workers: readonly LegacyWorkerOptions[]): Promise<void> {
    const { port, dir } = this.#settings;
    const configuration: EdgeConfiguration = { port, storage: join(dir, "storage"), workers };
    const child = fork(join(import.meta.dirname, "edge-process.ts"), { execArgv: [] });
    this.#process = child;
    const said = new Promise<void>((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("exit", (code) => reject(new Error(`the proof's edge ended with ${code}`)));
    });
    child.send(configuration);
    await said;
  }
}
