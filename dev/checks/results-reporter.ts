// Owns handing vitest's figures to `npm test`: counts, and why each skipped test was skipped.
// Must not know what is done with them.

import { writeFileSync } from "node:fs";
import type { Reporter, TestModule } from "vitest/node";
import type { TestResults } from "./results.ts";

/** Writes to the file that LIMPET_TEST_RESULTS names. */
export class ResultsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandledErrors.length;
    const skipped: { name: string; reason: string | null }[] = [];
    for (const module of modules) {
      let failedHere = 0;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === "passed") passed += 1;
        else if (result.state === "failed") failedHere += 1;
        else skipped.push({ name: `${module.relativeModuleId} > ${test.fullName}`, reason: reasonOf(result) });
      }
      // A file that could not be read, or whose hooks failed, has failed once even where none of its tests has.
      failed += failedHere === 0 && module.state() === "failed" ? 1 : failedHere;
    }
    const file = process.env["LIMPET_TEST_RESULTS"];
    const results: TestResults = { passed, failed, skipped };
    if (file !== undefined) writeFileSync(file, JSON.stringify(results));
  }
}

function reasonOf(result: object): string | null {
  return "note" in result && typeof result.note === "string" ? result.note : null;
}

export default ResultsReporter;
