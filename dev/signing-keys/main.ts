// Owns `npm run signing-keys -- FILE`: the keys that the edge's tokens are signed with, made and changed one step at a time.
// Must not know the cluster: each step says what its side needs before the next one.

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { putSecret } from "../rotate/deployed.ts";
import { changeKeys } from "./change-keys.ts";
import { awaitPublished } from "./published.ts";

const root = resolve(import.meta.dirname, "../..");

const usage = `npm run signing-keys -- FILE             the next step: the first key, or of a change of keys; FILE is where you keep them
npm run signing-keys -- FILE --status    says what is in FILE and what the next step is; changes nothing
npm run signing-keys -- FILE --stolen    a new key at once, and no other: shells are not reached until the cluster has it`;

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const [file, option, ...more] = args.toSorted((a, b) => Number(a.startsWith("-")) - Number(b.startsWith("-")));
  const wish =
    option === undefined ? "next" : option === "--status" ? "status" : option === "--stolen" ? "stolen" : null;
  if (file === undefined || file.startsWith("-") || more.length > 0 || wish === null) {
    console.error(usage);
    return 64;
  }
  const publicUrl =
    /^PUBLIC_URL = "([^"]+)"$/m.exec(await readFile(join(root, "wrangler.toml"), "utf8"))?.[1] ?? "PUBLIC_URL";
  return changeKeys({
    // From where the person stands: npm runs scripts at the root.
    path: resolve(process.env["INIT_CWD"] ?? ".", file),
    wish,
    publicUrl,
    put: (value) => putSecret(root, "SIGNING_KEYS", value),
    published: (kids) => awaitPublished(publicUrl, kids, { pause: (ms) => sleep(ms), nowMs: () => Date.now() }),
    now: () => new Date(),
    tell: (line) => console.log(line),
    complain: (line) => console.error(line),
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
