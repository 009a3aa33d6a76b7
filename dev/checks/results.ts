// Owns what is counted of tests: the same whichever kind they are.
// Must not know who runs them.

export interface TestResults {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string | null }[];
}

/** @param text JSON as the reporter wrote it @returns `null` where it is not */
export function parseResults(text: string): TestResults | null {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null) return null;
  if (!("passed" in value && "failed" in value && "skipped" in value)) return null;
  const { passed, failed, skipped } = value;
  if (typeof passed !== "number" || typeof failed !== "number" || !Array.isArray(skipped)) return null;
  return { passed, failed, skipped: skipped.flatMap(parseSkipped) };
}

function parseSkipped(value: unknown): TestResults["skipped"] {
  if (typeof value !== "object" || value === null || !("name" in value) || typeof value.name !== "string") return [];
  const reason = "reason" in value && typeof value.reason === "string" ? value.reason : null;
  return [{ name: value.name, reason }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
