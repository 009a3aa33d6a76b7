// Owns which tests run where: plain Node, real tmux, the pod's scripts, a real cluster API, workerd, a thousand
// pods, and the whole of `npm start`.
// Must not know what any of them tests, nor which run side by side (dev/checks/main.ts). One kind: vitest run --config test/vitest.config.ts --project unit

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { apiExamples } from "./setup/api-examples.ts";
import { parseVariables } from "./setup/variables.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What every kind shares: a test that hangs is a failed test, and leftovers of one never reach another. */
const common = { root, globals: false, restoreMocks: true, passWithNoTests: true, allowOnly: !process.env["CI"] };

/**
 * Where real processes, ptys and a browser share two busy cores: one that failed is tried up to twice more on CI, and the report
 * says so (`retry x1`). A fault fails each time. The pure tests are never tried again: each can be repeated from its seed.
 */
const real = { ...common, retry: process.env["CI"] ? 2 : 0 };

const proofs = "test/pod/work/proof-*.test.ts";

export default defineConfig({
  root,
  cacheDir: "node_modules/.cache/vitest",
  test: {
    reporters: ["default"],
    // Most files wait for processes more than they compute: one fewer than there are cores, the default, leaves cores idle.
    maxWorkers: availableParallelism() + 1,
    // What a test that passed wrote down is of no use to anybody.
    silent: "passed-only",
    projects: [
      {
        test: {
          ...common,
          name: "unit",
          environment: "node",
          include: ["test/unit/**/*.test.ts"],
          // Thousands of seeded runs in one test take seconds, and many more where the cores are shared.
          testTimeout: 60_000,
        },
      },
      {
        // Real tmux servers, each on a socket of its own.
        test: {
          ...real,
          name: "tmux",
          environment: "node",
          include: ["test/tmux/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        // The scripts of the shell's image, as processes of this machine: real git, real servers of it, real files.
        test: {
          ...real,
          name: "pod",
          environment: "node",
          include: ["test/pod/**/*.test.ts"],
          exclude: [proofs],
          testTimeout: 120_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Hundreds of random repositories, saved, lost and restored by the same scripts: none of them waits for a clock.
        test: {
          ...common,
          name: "proof",
          environment: "node",
          include: [proofs],
          // Only bounds what hangs: everything else on the machine goes before it.
          testTimeout: 1_800_000,
        },
      },
      {
        // The Kubernetes API that Limpet relies on: against the local cluster, or CONTRACT_URL.
        test: {
          ...real,
          name: "contract",
          environment: "node",
          include: ["test/contract/**/*.test.ts", "test/cluster/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // The cluster's ingress: HAProxy with our configuration as a process, and every request that it has to refuse.
        test: {
          ...real,
          name: "ingress",
          environment: "node",
          include: ["test/ingress/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        // Inside workerd, with the Worker's own configuration; an issuer and a local cluster stand beside it.
        plugins: [
          cloudflareTest(async ({ inject }) => ({
            main: `${root}worker/index.ts`,
            wrangler: { configPath: `${root}wrangler.toml` },
            miniflare: {
              bindings: {
                ...parseVariables(inject<string>("workerVariables")),
                TEST_MIGRATIONS: await readD1Migrations(`${root}migrations`),
              },
            },
          })),
          apiExamples(),
        ],
        test: {
          ...real,
          name: "worker",
          globalSetup: ["test/setup/worker.ts"],
          setupFiles: ["test/worker/apply-migrations.ts"],
          include: ["test/worker/**/*.test.ts"],
          // All files share one cluster, and a fault asked of it would strike another file's request.
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        // The reaper's proof: a thousand pods on this machine, and an edge whose clock it turns.
        test: {
          ...real,
          name: "reaping",
          environment: "node",
          include: ["test/reaping/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        // `npm start` itself: one file at a time, for each has the machine to itself.
        test: {
          ...real,
          name: "start",
          environment: "node",
          include: ["test/start/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        // A real browser before a whole Limpet of its own. Two at a time: a browser's tests wait more than they compute.
        test: {
          ...real,
          name: "browser",
          environment: "node",
          include: ["test/browser/**/*.test.ts"],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
      {
        // The proofs on a real Kubernetes (`npm run test:kubernetes`; no part of `npm test`): one after the other on one cluster.
        test: {
          ...real,
          name: "kubernetes",
          environment: "node",
          globalSetup: ["test/setup/kubernetes.ts"],
          include: ["test/kubernetes/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
