// Owns `npm run deploy`: migrations first, then the Worker with the page; `-- --dry-run` goes the same way without leaving
// the machine, and says how large it all is.
// Must not know an account: wrangler does.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build, describeBuild, PageTooLargeError } from "../build/build.ts";
import { ToolError } from "../build/tool.ts";

const root = resolve(import.meta.dirname, "../..");

async function main(args: readonly string[]): Promise<number> {
  const made = await build(root);
  if (args.includes("--dry-run")) {
    const code = await wrangler(["deploy", ...args]);
    if (code === 0) console.log(`Would deploy: ${describeBuild(made)}.`);
    return code;
  }
  if (/^database_id = "0{8}-/m.test(await readFile(join(root, "wrangler.toml"), "utf8"))) {
    console.error(
      "wrangler.toml names no database of yours yet: run `npx wrangler d1 create limpet` and put its id there. docs/install.md goes through it all.",
    );
    return 78;
  }
  console.log(`Deploying: ${describeBuild(made)}.`);
  // A migration is written so that the Worker of before can live with it: it comes first.
  const migrated = await wrangler(["d1", "migrations", "apply", "DB", "--remote"]);
  return migrated === 0 ? await wrangler(["deploy", ...args]) : migrated;
}

async function wrangler(args: readonly string[]): Promise<number> {
  const env = { ...process.env, WRANGLER_HIDE_BANNER: "true", WRANGLER_SEND_METRICS: "false" };
  const child = spawn(join(root, "node_modules/.bin/wrangler"), args, { cwd: root, stdio: "inherit", env });
  const [code] = await once(child, "close");
  return typeof code === "number" ? code : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ToolError || error instanceof PageTooLargeError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
