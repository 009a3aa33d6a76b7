// Owns `npm run generate`: every file of the repository that is made from another one, made anew.
// Must not know how each is made. What is made is checked in; tests and `npm run typecheck` say when one is not current.

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { runTool, ToolError } from "../build/tool.ts";
import { generateGraphqlFiles } from "./graphql.ts";

const root = new URL("../../", import.meta.url);
const folder = fileURLToPath(root).replace(/\/$/, "");

try {
  for (const { path, text } of await generateGraphqlFiles(root)) {
    await writeFile(new URL(path, root), text);
    console.log(`Wrote ${path}.`);
  }
  // A new migration where worker/db/schema.ts says more than the migrations do, none otherwise.
  const said = await runTool(folder, ["drizzle-kit", "generate", "--config", "worker/db/drizzle.config.ts"]);
  console.log(said.includes("No schema changes") ? "The migrations are current." : said.trim());
  // With the same flags as the file's own second line names, which `wrangler types --check` reads.
  await runTool(folder, ["wrangler", "types", "worker/worker-configuration.d.ts", "--strict-vars=false"]);
  console.log("Wrote worker/worker-configuration.d.ts.");
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
