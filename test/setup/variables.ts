// Owns how the set-up hands the Worker's variables to the projects that start it.
// Must not know what a variable means.

export type WorkerVariables = Readonly<Record<string, string>>;

declare module "vitest" {
  interface ProvidedContext {
    /** WorkerVariables as JSON. */
    workerVariables: string;
  }
}

export function parseVariables(json: string): Record<string, string> {
  const value: unknown = JSON.parse(json);
  if (typeof value !== "object" || value === null) throw new Error("the variables must be an object");
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name, String(text)]));
}
