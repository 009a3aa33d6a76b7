// Owns `npm run typecheck`: each part against its own libraries, so that what must not know the DOM, Node or Workers cannot.
// Must not know the parts: every tsconfig below the root's is one.

import { glob } from "node:fs/promises";
import { resolve } from "node:path";
import { runTool, ToolError } from "../build/tool.ts";

/** @returns what the compiler found, by tsconfig; empty where nothing is wrong */
export async function typecheck(root: string): Promise<readonly string[]> {
  const found: string[] = [];
  const exclude = (name: string): boolean => ["node_modules", "dist", ".limpet"].includes(name.split("/").at(-1) ?? "");
  for await (const file of glob("*/**/tsconfig*.json", { cwd: root, exclude })) found.push(file);
  const faults = await Promise.all(
    found.toSorted().map((file) =>
      runTool(root, ["tsc", "-p", file]).then(
        () => [],
        (error: unknown) => {
          if (error instanceof ToolError) return [error.message];
          throw error;
        },
      ),
    ),
  );
  return faults.flat();
}

if (import.meta.main) {
  const faults = await typecheck(resolve(import.meta.dirname, "../.."));
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
