// Owns the edge on this machine: workerd with the built Worker, its object, D1, assets and clock, behind the gate.
// Must not know the cluster or the issuer but by address. No proxy of wrangler stands in the way: they cost most of the speed.

import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { convertV4MiniflareOptions, type LegacyWorkerOptions, Log, LogLevel, Miniflare, Response } from "miniflare";
import { graphiqlFile } from "../graphiql/files.ts";
import type { PartControl, RunningPart } from "../start/part-child.ts";
import { applyMigrations } from "./migrations.ts";
import type { EdgeOptions } from "./options.ts";

const minuteMs = 60_000;
const maxRestartsAMinute = 5;
const lookEveryMs = 1_000;
const maxMisses = 5;

/** A Worker without its code, as dev/build/worker.ts writes it. */
type BuiltSettings = Omit<LegacyWorkerOptions, "modules" | "script" | "scriptPath"> & {
  readonly compatibilityDate: string;
  readonly assets: { readonly directory: string; readonly run_worker_first?: unknown };
};

export async function startEdge(options: EdgeOptions, control: PartControl): Promise<RunningPart> {
  const [settings, worker, gate] = await Promise.all(
    ["settings.json", "worker/index.js", "gate.js"].map((file) => readFile(join(options.buildDir, file), "utf8")),
  );
  const product = { ...parseWorkerOptions(String(settings)), modules: true, script: String(worker) };
  let restartsMs: number[] = [];
  const external = (address: string) => ({ external: { address, http: {} } });
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: options.port,
      // Otherwise miniflare asks the network where requests come from.
      cf: false,
      log: new Log(LogLevel.WARN),
      resourcePersistencePath: options.persistDir,
      // Nothing of miniflare's own answers on the port: no database browser, no handlers for the asking.
      unsafeLocalExplorer: false,
      unsafeTriggerHandlers: false,
      // miniflare starts an ended workerd again by itself, at once and on the same port; too often, and all of it begins anew.
      unsafeHandleRuntimeRestart() {
        control.tell("workerd ended unexpectedly and was started again");
        restartsMs = [...restartsMs.filter((atMs) => Date.now() - atMs < minuteMs), Date.now()];
        if (restartsMs.length > maxRestartsAMinute) control.fail("workerd ends again and again.");
      },
      workers: [
        {
          name: "gate",
          modules: true,
          script: String(gate),
          compatibilityDate: product.compatibilityDate,
          bindings: {
            PUBLIC_HOST: new URL(options.publicUrl).host,
            POD_HOST: options.podHost ?? "",
            WORKER_PATHS: workerPaths(product),
          },
          serviceBindings: {
            PRODUCT: "limpet",
            GRAPHIQL: answerGraphiql,
            ...(options.issuerAddress === null ? {} : { ISSUER: external(options.issuerAddress) }),
            ...(options.pageAddress === null ? {} : { PAGE: external(options.pageAddress) }),
          },
        },
        {
          ...product,
          name: "limpet",
          bindings: { ...product.bindings, ...options.bindings },
          assets: { ...product.assets, directory: join(options.root, "web/dist") },
        },
      ],
    }),
  );
  await miniflare.ready;
  const applied = await applyMigrations(
    await miniflare.getD1Database("DB", "limpet"),
    join(options.root, "migrations"),
  );
  const clock = startClock(miniflare);
  const watch = watchPort(options.port, () => control.fail("workerd ended and did not come back."));
  return {
    ready: { port: options.port, migrations: applied },
    async stop() {
      clearInterval(watch);
      clearTimeout(clock.timer);
      await miniflare.dispose();
    },
  };
}

/** From this process: the gate's own script would be loaded at each start with all of it. */
async function answerGraphiql(request: { readonly url: string; readonly method: string }): Promise<Response> {
  const file = request.method === "GET" ? await graphiqlFile(new URL(request.url).pathname) : null;
  return file === null
    ? new Response("There is nothing at this address.\n", { status: 404 })
    : new Response(file.body, file);
}

/** Looks whether anybody listens, and tells when nobody did for a while. */
function watchPort(port: number, lost: () => void): NodeJS.Timeout {
  let misses = 0;
  return setInterval(() => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("connect", () => {
      misses = 0;
      socket.destroy();
    });
    socket.once("error", () => {
      misses += 1;
      if (misses === maxMisses) lost();
    });
  }, lookEveryMs);
}

/** Cloudflare's clock on this machine: `scheduled()` at each full minute, one at a time. */
function startClock(miniflare: Miniflare): { timer: NodeJS.Timeout } {
  const clock = { timer: setTimeout(() => {}, 0) };
  const wait = (): void => {
    clock.timer = setTimeout(tick, minuteMs - (Date.now() % minuteMs));
  };
  const tick = async (): Promise<void> => {
    try {
      const worker: unknown = await miniflare.getWorker("limpet");
      if (isClocked(worker)) await worker.scheduled({ scheduledTime: new Date(), cron: "* * * * *" });
    } catch (error) {
      console.error("scheduled() failed:", error);
    }
    wait();
  };
  wait();
  return clock;
}

/** What miniflare's types leave open: a Worker can be told the time. */
function isClocked(
  worker: unknown,
): worker is { scheduled(at: { scheduledTime: Date; cron: string }): Promise<unknown> } {
  return worker !== null && worker !== undefined;
}

/** The paths that are the Worker's; wrangler.toml names them. */
function workerPaths({ assets }: BuiltSettings): string[] {
  return Array.isArray(assets.run_worker_first) ? assets.run_worker_first : ["/*"];
}

/** Written by our own build; miniflare checks each field of it. */
function parseWorkerOptions(text: string): BuiltSettings {
  const options: unknown = JSON.parse(text);
  if (!isWorkerOptions(options))
    throw new Error("The build's settings.json is not what the build writes: build again.");
  return options;
}

function isWorkerOptions(value: unknown): value is BuiltSettings {
  return typeof value === "object" && value !== null && "compatibilityDate" in value && "assets" in value;
}
