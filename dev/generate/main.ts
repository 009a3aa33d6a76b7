// Owns `npm run generate`: everything that is checked in but written by a tool.
// Must not know how each of them is made.

import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { runTool, ToolError } from "../build/tool.ts";
import { generateGraphqlFiles } from "./graphql.ts";
import { generateMigrations } from "./migrations.ts";
import { workerTypesCommand } from "./worker-types.ts";

const root = resolve(import.meta.dirname, "../..");

try {
  for (const { path, text } of await generateGraphqlFiles(pathToFileURL(`${root}/`))) {
    await writeFile(resolve(root, path), text);
    console.log(`✓ ${path}`);
  }
  await runTool(root, workerTypesCommand);
  console.log(`✓ ${workerTypesCommand.at(-1)}`);
  console.log(`✓ migrations: ${await generateMigrations(root)}`);
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
