// Owns what `npm test` looks at beside the tests: style, types, generated files, sizes, and that a deploy would go.
// Must not know how their results are shown.

import { join } from "node:path";
import { build, describeBuild } from "../build/build.ts";
import { runTool } from "../build/tool.ts";
import { areMigrationsCurrent } from "../generate/migrations.ts";
import { workerTypesCommand } from "../generate/worker-types.ts";
import { missingPackages, readLock, registriesIn } from "../tools/lock.ts";
import { typecheck } from "./typecheck.ts";

/** A word on what was found in order. @throws Error whose message says all that is wrong */
export type Check = (root: string) => Promise<string>;

export const checks: Readonly<Record<string, Check>> = {
  lint: async (root) => {
    await runTool(root, ["biome", "ci", "--config-path=dev/tools", "."]);
    return "style, formatting and import directions";
  },
  typecheck: async (root) => {
    const faults = await typecheck(root);
    if (faults.length > 0) throw new Error(faults.join("\n"));
    return "every part against its own libraries";
  },
  "package-lock.json": async (root) => {
    const lock = await readLock(join(root, "package-lock.json"));
    const registries = registriesIn(lock);
    if (registries.length > 0)
      throw new Error(`It names a registry (${registries.join(", ")}); it must fit everybody's.`);
    const missing = missingPackages(lock).map(({ name }) => name);
    if (missing.length > 0) {
      throw new Error(`Without ${missing.join(", ")} npm ci refuses it: run npx node dev/tools/complete-lock.ts.`);
    }
    return "names no registry, and every platform's packages";
  },
  // The GraphQL schema and the page's types have a test of their own.
  generated: async (root) => {
    if (!(await areMigrationsCurrent(root))) throw new Error("The schema has no migration yet. Run npm run generate.");
    await runTool(root, [...workerTypesCommand, "--check"]);
    return "migrations and the Worker's types are current";
  },
  build: async (root) => describeBuild(await build(root)),
  deploy: async (root) => {
    const said = await runTool(root, ["node", "dev/deploy/main.ts", "--dry-run"]);
    return said.trim().split("\n").at(-1) ?? "";
  },
};
