// Owns `npm run rotate` as a person sees it: a new key for what is sealed at rest, here or (with a FILE) at Cloudflare.
// Must not know how rows are sealed: the Worker's clock does that by itself once it has the key.

import { resolve } from "node:path";
import { deployedByWrangler } from "./deployed.ts";
import { rotateDeployed } from "./rotate-deployed.ts";
import { rotateLocal } from "./rotate-local.ts";

const root = resolve(import.meta.dirname, "../..");

const usage = `npm run rotate                      a new key for the local environment (running or not)
npm run rotate -- FILE              a new key for the deployed Limpet; FILE is where you keep its keys
npm run rotate -- FILE --status     under which keys its secrets are, and whether FILE opens them; changes nothing
npm run rotate -- FILE --retire     takes keys away that nothing is sealed under any more
npm run rotate -- FILE --dry-run    says what would be done; changes nothing`;

/** @returns the exit code */
async function main(args: readonly string[]): Promise<number> {
  const options = args.filter((arg) => arg.startsWith("-"));
  const [file, ...more] = args.filter((arg) => !arg.startsWith("-"));
  const known = ["--status", "--retire", "--dry-run", "--now"];
  if (more.length > 0 || options.some((option) => !known.includes(option))) {
    console.error(usage);
    return 64;
  }
  const has = (option: string): boolean => options.includes(option);
  const tell = (line: string): void => console.log(line);
  if (file !== undefined) {
    const wish = has("--status") ? "status" : has("--retire") ? "retire" : "rotate";
    // From where the person stands: npm runs scripts at the root.
    const path = resolve(process.env["INIT_CWD"] ?? ".", file);
    return rotateDeployed({
      deployed: deployedByWrangler(root),
      path,
      wish,
      dryRun: has("--dry-run"),
      now: has("--now"),
      tell,
      complain: (line) => console.error(line),
    });
  }
  if (options.length > 0) {
    console.error(usage);
    return 64;
  }
  return rotateLocal(root, process.env, tell);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  console.error("Nothing was changed beyond what is said above. It can be begun again at any time.");
  process.exitCode = 1;
}
