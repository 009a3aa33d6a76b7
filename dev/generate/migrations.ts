// Owns turning a changed database schema into the next migration, and the question whether one is owed.
// Must not know any database.

import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { runTool } from "../build/tool.ts";

/** Writes the next migration where the schema changed. @returns what drizzle-kit said of it */
export async function generateMigrations(root: string): Promise<string> {
  return lastLine(await runTool(root, ["drizzle-kit", "generate", "--config", "worker/db/drizzle.config.ts"]));
}

/** @returns true where the checked-in migrations make the schema as it stands */
export async function areMigrationsCurrent(root: string): Promise<boolean> {
  // Inside the repository: drizzle-kit takes only paths relative to where it runs.
  const folder = await mkdtemp(join(root, "node_modules/.migrations-"));
  try {
    await cp(join(root, "migrations"), folder, { recursive: true });
    const before = await readdir(folder);
    const out = `./${folder.slice(root.length + 1)}`;
    const schema = "./worker/db/schema.ts";
    await runTool(root, ["drizzle-kit", "generate", "--dialect", "sqlite", "--schema", schema, "--out", out]);
    return (await readdir(folder)).length === before.length;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
