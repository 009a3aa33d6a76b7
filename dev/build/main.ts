// Owns `npm run build`.
// Must not know how the build is made.

import { resolve } from "node:path";
import { build, describeBuild, PageTooLargeError } from "./build.ts";
import { ToolError } from "./tool.ts";

try {
  const made = await build(resolve(import.meta.dirname, "../.."));
  console.log(`${made.fresh ? "Built" : "Up to date"}: ${describeBuild(made)}.`);
} catch (error) {
  if (!(error instanceof ToolError || error instanceof PageTooLargeError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
