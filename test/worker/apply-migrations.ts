// Owns that every test file in workerd finds the real migrations applied.
// Must not know the tables.

import { applyD1Migrations, type D1Migration } from "cloudflare:test";
import { env } from "cloudflare:workers";

declare global {
  // biome-ignore lint/style/noNamespace: the platform's own types are a namespace, and this adds to one of them
  namespace Cloudflare {
    interface Env {
      /** Set by the tests' configuration only. */
      TEST_MIGRATIONS: D1Migration[];
    }
  }
}

await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
