// Owns `npm run test:kubernetes`: the proofs on a real Kubernetes, and their sum at the end.
// Must not know the proofs. Arguments choose files, as for vitest: `npm run test:kubernetes -- network`.

import { resolve } from "node:path";
import { runVitest } from "./vitest.ts";

const results = await runVitest(resolve(import.meta.dirname, "../.."), ["kubernetes"], {
  filters: process.argv.slice(2),
});
if (results.skipped.length > 0) {
  console.log(`Skipped, ${results.skipped.length}:`);
  for (const { name, reason } of results.skipped) console.log(`  ${name}: ${reason ?? "no reason was given"}`);
}
console.log(`${results.passed} passed, ${results.failed} failed`);
process.exitCode = results.failed === 0 ? 0 : 1;
