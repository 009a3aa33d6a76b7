// Owns the proof that what is generated from the GraphQL schema is checked in as it is.
// Must not know how it is generated. `npm run generate` writes it.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = new URL("../../../", import.meta.url);

/** In a process of its own, as `npm run generate` has it: vitest would load two copies of graphql. */
const program = `
const { generateGraphqlFiles } = await import(${JSON.stringify(new URL("dev/generate/graphql.ts", root).href)});
process.stdout.write(JSON.stringify(await generateGraphqlFiles(new URL(${JSON.stringify(root.href)}))));
`;

it("schema.graphql and the page's types are current", { timeout: 30_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program]);
  const files: unknown = JSON.parse(stdout);
  expect(files).toEqual([
    {
      path: "worker/graphql/schema.graphql",
      text: await readFile(new URL("worker/graphql/schema.graphql", root), "utf8"),
    },
    { path: "web/api/generated.ts", text: await readFile(new URL("web/api/generated.ts", root), "utf8") },
  ]);
});
