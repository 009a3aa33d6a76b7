// Owns the proof that the rule of the import directions reports what it must, and nothing else.
// Must not know the product's files: it makes a small tree of its own.

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../../..");

/** From a file, what it imports, and whether that direction is allowed. */
const directions: readonly (readonly [file: string, imported: string, allowed: boolean])[] = [
  ["durable/protocol/a.ts", "./limits.ts", true],
  ["durable/protocol/b.ts", "../bridge/effects.ts", false],
  ["durable/protocol/c.ts", "hono", false],
  ["durable/protocol/d.ts", "node:fs", false],
  ["durable/multiplexer/a.ts", "../protocol/messages.ts", true],
  ["durable/multiplexer/b.ts", "../bridge/effects.ts", false],
  ["durable/multiplexer/c.ts", "jose", false],
  ["durable/bridge/a.ts", "../multiplexer/multiplexer.ts", true],
  ["durable/bridge/b.ts", "../protocol/messages.ts", true],
  ["durable/bridge/c.ts", "../io/exec.ts", false],
  ["durable/bridge/d.ts", "../../worker/errors.ts", false],
  ["durable/io/a.ts", "../bridge/effects.ts", true],
  ["durable/io/b.ts", "cloudflare:workers", true],
  ["durable/io/c.ts", "../../worker/kubernetes/client.ts", true],
  ["durable/io/d.ts", "../../worker/graphql/schema.ts", false],
  ["durable/io/e.ts", "../../worker/app.ts", false],
  ["durable/user-shell.ts", "../worker/auth/sign-in.ts", false],
  ["worker/app.ts", "./auth/sign-in.ts", true],
  ["worker/shells/a.ts", "../../durable/protocol/messages.ts", true],
  ["worker/shells/b.ts", "../../durable/bridge/bridge.ts", false],
  ["worker/shells/c.ts", "../../dev/cluster/server.ts", false],
  ["worker/index.ts", "../durable/bridge/bridge.ts", false],
  ["web/terminal/a.ts", "../../durable/protocol/messages.ts", true],
  ["web/terminal/b.ts", "@xterm/xterm", true],
  ["web/terminal/c.ts", "../../durable/bridge/bridge.ts", false],
  ["web/terminal/d.ts", "../../worker/errors.ts", false],
  ["web/terminal/e.ts", "node:fs", false],
];

test("imports against the directions are reported, those with them are not", async () => {
  const tree = await mkdtemp(join(tmpdir(), "limpet-directions-"));
  try {
    await cp(join(root, "dev/tools/biome.json"), join(tree, "dev/tools/biome.json"));
    for (const [file, imported] of directions) {
      await mkdir(dirname(join(tree, file)), { recursive: true });
      await writeFile(join(tree, file), `import { thing } from "${imported}";\n\nconsole.log(thing);\n`);
    }
    const reported = await reportedFiles(tree);
    const wanted = directions.filter(([, , allowed]) => !allowed).map(([file]) => file);
    expect(reported).toEqual(wanted.toSorted());
  } finally {
    await rm(tree, { recursive: true });
  }
});

/** The files in which biome reports an import that is not allowed, sorted. */
async function reportedFiles(tree: string): Promise<string[]> {
  const args = ["lint", "--config-path=dev/tools", "--only=style/noRestrictedImports", "--reporter=github", "."];
  const run = promisify(execFile)(join(root, "node_modules/.bin/biome"), args, { cwd: tree });
  const output = await run.then(
    () => "",
    (failure: unknown) => (failure instanceof Error && "stdout" in failure ? String(failure.stdout) : String(failure)),
  );
  const files = output.matchAll(/^::error title=lint\/style\/noRestrictedImports,file=([^,]+),/gm);
  return Array.from(files, (match) => relative(tree, String(match[1]))).toSorted();
}
