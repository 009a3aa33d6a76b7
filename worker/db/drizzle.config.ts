// Owns how drizzle-kit turns the schema into migrations (`npm run generate`; wrangler applies them).
// Must not know any database: migrations are only ever generated, never pushed.

import { defineConfig } from "drizzle-kit";

/** Paths are relative to the repository's root, from where drizzle-kit is run. */
export default defineConfig({
  dialect: "sqlite",
  schema: "./worker/db/schema.ts",
  out: "./migrations",
  strict: true,
});
