// Owns the process of a proof's edge: workerd with the Workers that it is given, over the proof's storage. It ends with the
// proof, however that ends, and reads the Workers' log whatever the proof is doing.
// Must not know which Workers, nor what is asked of them.

import { resolve } from "node:path";
import { convertV4MiniflareOptions, type LegacyWorkerOptions, Log, LogLevel, Miniflare } from "miniflare";
import { applyMigrations } from "../../dev/edge/migrations.ts";
import { runPart } from "../../dev/start/part-child.ts";

export interface EdgeConfiguration {
  readonly port: number;
  /** Where D1, R2 and the objects' storage are kept. */
  readonly storage: string;
  /** `hand` among them. */
  readonly workers: readonly LegacyWorkerOptions[];
}

const migrations = resolve(import.meta.dirname, "../../migrations");

runPart(async (configuration, control) => {
  if (!isConfiguration(configuration)) throw new Error("the proof's edge was not told what to run");
  const { port, storage, workers } = configuration;
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port,
      cf: false,
      log: new Log(LogLevel.ERROR),
      // The Workers' log: shown where a proof is looked into.
      handleStructuredLogs: ({ message }) => {
        if (process.env["PROOF_LOG"] !== undefined) process.stderr.write(`${message}\n`);
      },
      resourcePersistencePath: storage,
      unsafeTriggerHandlers: true,
      unsafeHandleRuntimeRestart: () => control.fail("workerd ended unexpectedly"),
      workers: [...workers],
    }),
  );
  await miniflare.ready;
  // A call of miniflare's own, which stops this thread until it is answered; nothing is at work yet.
  await applyMigrations(await miniflare.getD1Database("DB", "hand"), migrations);
  return { ready: {}, stop: () => miniflare.dispose() };
});

/** Only edge.ts starts it; miniflare checks each field of a Worker. */
function isConfiguration(value: unknown): value is EdgeConfiguration {
  return typeof value === "object" && value !== null && "workers" in value && "storage" in value;
}
